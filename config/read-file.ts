import { basename, dirname, extname, relative } from 'node:path';
import { asError, type Problem } from '../lib/errors/index.js';
import { readAnyConfig } from './config-text.js';
import { foreignProblem, jsonOfScript } from './foreign.js';
import { importScript } from './import-script.js';
import { isObject } from './merge.js';
import { jsonFault } from './json-fault.js';
import { parseSource, plainSource, textPlace, type Source } from './source.js';

const scriptEndings = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts']);

/** What configs are read with. */
export interface Reading {
  /** The folder that paths are shown from. */
  readonly cwd: string;
  /** Milliseconds that a pipe may be silent and a module may take to load. */
  readonly patience: number;
  /** What is wrong with them is pushed here. */
  readonly problems: Problem[];
}

/** Reads one config file of any format; undefined where something is wrong with it. */
export async function readConfigFile(path: string, reading: Reading): Promise<Source | undefined> {
  const { cwd, problems } = reading;
  const shown = relative(cwd, path) || basename(path);
  const source = scriptEndings.has(extname(path))
    ? await loadScript(path, shown, reading)
    : await readText(path, shown, reading);
  if (source === undefined) return undefined;
  if (source.data === null || (isObject(source.data) && Object.keys(source.data).length === 0)) {
    problems.push({
      code: 'DBB2006',
      message: 'the config is empty',
      place: { file: shown },
      help: 'write at least "preset: django-tenants", or let "db-bootstrap init" write one',
    });
    return undefined;
  }
  if (!isObject(source.data)) {
    problems.push({
      code: 'DBB2004',
      message: `the config must be a mapping of keys, not ${Array.isArray(source.data) ? 'a list' : `the ${typeof source.data} ${JSON.stringify(source.data)}`}`,
      place: source.place([], 'value'),
      help: 'begin with "preset: django-tenants"',
    });
    return undefined;
  }
  if ('$import' in source.data) {
    problems.push({
      code: 'DBB2015',
      message: '"$import" is not supported: it joins arrays and hides where values come from',
      place: source.place(['$import'], 'key'),
      help: 'use "extends", whose values "config --explain" can name',
    });
    return undefined;
  }
  return { ...source, folder: projectFolder(path, cwd) };
}

/** The folder that a config speaks of: one in `.config/` speaks of the folder above, and one in a pipe of the working directory. */
export function projectFolder(path: string, cwd: string): string {
  const folder = dirname(path);
  if (/^\/(?:dev|proc)\//.test(path)) return cwd;
  return basename(folder) === '.config' ? dirname(folder) : folder;
}

async function readText(
  path: string,
  shown: string,
  { problems, patience }: Reading,
): Promise<Source | undefined> {
  const text = await readAnyConfig(path, shown, patience);
  const inPackage = basename(path) === 'package.json';
  if (extname(path) === '.json' && text.trim() !== '') {
    const fault = jsonFault(text);
    if (fault) {
      problems.push({
        code: 'DBB2002',
        message: `this is not valid JSON: ${fault.message}`,
        place: textPlace(shown, text, fault.offset, fault.length),
        help: 'correct the syntax at this place',
      });
      return undefined;
    }
  }
  return parseSource(shown, text, problems, inPackage ? { at: ['bootstrap'] } : {});
}

async function loadScript(path: string, shown: string, reading: Reading): Promise<Source | undefined> {
  const { problems, patience } = reading;
  const text = await readAnyConfig(path, shown, patience);
  const wrong = (message: string): void => {
    problems.push({
      code: 'DBB2007',
      message,
      place: { file: shown },
      help: 'write "export default defineConfig({ … })"; the module may await what it needs',
    });
  };
  try {
    const { value, isNamespace } = await importScript(path, patience);
    if (typeof value === 'function') wrong('the config exports a function, not the config itself');
    if (isNamespace) wrong('the config has no default export');
    if (typeof value === 'function' || isNamespace) return undefined;
    const { data, foreign } = jsonOfScript(value);
    problems.push(...foreign.map((each) => foreignProblem(each, shown)));
    return foreign.length > 0 ? undefined : plainSource(shown, data);
  } catch (error) {
    problems.push(scriptProblem(error, path, shown, text));
    return undefined;
  }
}

/** The problem for a script that threw or does not parse, with the innermost line of it. */
export function scriptProblem(error: unknown, path: string, shown: string, text: string): Problem {
  const fault = asError(error);
  const [, line, column] =
    new RegExp(`${escape(path)}:(\\d+)(?::(\\d+))?`).exec(`${fault.stack ?? ''}\n${fault.message}`) ?? [];
  const source = text.split(/\r?\n/)[Number(line) - 1];
  // A parser counts columns from 0, a stack from 1.
  const first = fault.message.includes(path) ? 1 : 0;
  // The loader joins lines of imports: a column beyond the line is one of its own text.
  const inside = source !== undefined && column !== undefined && Number(column) <= source.length;
  const message = (fault.message.split('\n')[0] ?? '').trim();
  return {
    code: 'DBB2007',
    message: `the config could not be loaded: ${fault.name === 'Error' ? '' : `${fault.name}: `}${message}`,
    place: {
      file: shown,
      ...(line === undefined ? {} : { line: Number(line) }),
      ...(inside ? { column: Number(column) + first } : {}),
      ...(source === undefined ? {} : { source }),
    },
    help: 'correct it, or set and install what it asks for',
  };
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
