import { basename, dirname, extname, relative } from 'node:path';
import { asError, type Problem } from '../lib/errors/index.js';
import { importScript } from './import-script.js';
import { isObject } from './merge.js';
import { jsonOfScript } from './script-values.js';
import { parseSource, plainSource, type Source } from './source.js';
import { readConfigText } from './text-file.js';

const scriptEndings = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts']);

/** What configs are read with. */
export interface Reading {
  /** The folder that paths are shown from. */
  readonly cwd: string;
  /** Milliseconds that a module may take to load. */
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
    : parseSource(
        shown,
        readConfigText(path, shown),
        problems,
        basename(path) === 'package.json' ? { at: ['bootstrap'] } : {},
      );
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
  return { ...source, folder: dirname(path) };
}

async function loadScript(path: string, shown: string, reading: Reading): Promise<Source | undefined> {
  const { problems, patience } = reading;
  const text = readConfigText(path, shown);
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
    const before = problems.length;
    const data = jsonOfScript(value, shown, problems);
    return problems.length > before ? undefined : plainSource(shown, data);
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
