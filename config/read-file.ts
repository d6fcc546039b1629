import { existsSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { BootstrapError, packageRoot, type Problem } from '../lib/errors/index.js';
import { readConfigText } from './discover.js';
import type { Json } from './define.js';
import { isObject } from './merge.js';
import { parseSource, plainSource, type Source } from './source.js';

const scriptEndings = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts']);

/** Reads one config file of any format. Problems with it are pushed; undefined then. */
export async function readConfigFile(
  path: string,
  cwd: string,
  problems: Problem[],
): Promise<Source | undefined> {
  const shown = relative(cwd, path) || basename(path);
  const source = scriptEndings.has(extname(path))
    ? await loadScript(path, shown, problems)
    : readText(path, shown, problems);
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
  return source;
}

function readText(path: string, shown: string, problems: Problem[]): Source | undefined {
  const text = readConfigText(path, shown);
  const inPackage = basename(path) === 'package.json';
  return parseSource(shown, text, problems, inPackage ? { at: ['bootstrap'] } : {});
}

async function loadScript(path: string, shown: string, problems: Problem[]): Promise<Source | undefined> {
  try {
    const module = await importScript(path);
    // Functions and class instances are no config; JSON is what a config can say.
    return plainSource(shown, JSON.parse(JSON.stringify(module ?? null)) as Json);
  } catch (error) {
    problems.push(scriptProblem(error, path, shown));
    return undefined;
  }
}

/** Imports a JavaScript or TypeScript module; "db-bootstrap" in it is this very package, wherever that is installed. */
export async function importScript(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  const built = join(packageRoot(), 'dist/lib/index.js');
  const jiti = createJiti(import.meta.url, {
    alias: {
      'db-bootstrap':
        import.meta.url.endsWith('.ts') || !existsSync(built) ? join(packageRoot(), 'lib/index.ts') : built,
    },
    moduleCache: false,
  });
  return jiti.import(path, { default: true });
}

/** The problem for a script that threw or does not parse, with the innermost line of the project. */
export function scriptProblem(error: unknown, path: string, shown: string): Problem {
  const fault = error instanceof Error ? error : new Error(String(error));
  const [, line, column] =
    new RegExp(`${escape(path)}:(\\d+)(?::(\\d+))?`).exec(`${fault.stack ?? ''}\n${fault.message}`) ?? [];
  const text = fault.message.split('\n')[0] ?? '';
  return {
    code: 'DBB2007',
    message: `the config could not be loaded: ${fault.name === 'Error' ? '' : `${fault.name}: `}${text}`,
    place: {
      file: shown,
      ...(line === undefined ? {} : { line: Number(line) }),
      ...(column === undefined ? {} : { column: Number(column) }),
    },
    help: `run it by itself to see more: node --import jiti/register ${join(dirname(shown), basename(shown))}`,
  };
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Throws all problems, if there are any. */
export function throwProblems(problems: readonly Problem[]): void {
  const [first, ...rest] = problems;
  if (first) throw new BootstrapError([first, ...rest]);
}
