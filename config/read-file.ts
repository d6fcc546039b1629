import { existsSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { types } from 'node:util';
import { packageRoot, type Problem } from '../lib/errors/index.js';
import { readConfigText } from './discover.js';
import type { Json } from './define.js';
import { foreignValue } from './foreign.js';
import { isObject } from './merge.js';
import { jsonFault } from './json-fault.js';
import { formatPath, parseSource, plainSource, textPlace, type Source } from './source.js';

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
  return { ...source, folder: projectFolder(path, cwd) };
}

/** The folder that a config speaks of: one in `.config/` speaks of the folder above, and one in a pipe of the working directory. */
export function projectFolder(path: string, cwd: string): string {
  const folder = dirname(path);
  if (/^\/(?:dev|proc)\//.test(path)) return cwd;
  return basename(folder) === '.config' ? dirname(folder) : folder;
}

function readText(path: string, shown: string, problems: Problem[]): Source | undefined {
  const text = readConfigText(path, shown);
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

async function loadScript(path: string, shown: string, problems: Problem[]): Promise<Source | undefined> {
  const text = readConfigText(path, shown);
  try {
    const module = defaultOf(await importScript(path));
    if (typeof module === 'function') {
      problems.push({
        code: 'DBB2007',
        message: 'the config exports a function, not the config itself',
        place: { file: shown },
        help: 'write "export default defineConfig({ … })"; the module may await what it needs',
      });
      return undefined;
    }
    if (isNamespace(module)) {
      problems.push({
        code: 'DBB2007',
        message: 'the config has no default export',
        place: { file: shown },
        help: 'write "export default defineConfig({ … })"',
      });
      return undefined;
    }
    const foreign = foreignValue(module);
    if (foreign && foreign.path.length > 0) {
      const { path: at, what } = foreign;
      problems.push({
        code: 'DBB2004',
        message: `${formatPath(at)} is ${what}, which a config cannot hold`,
        place: { file: shown, keyPath: formatPath(at) },
        help: what.endsWith(' Promise')
          ? 'await it'
          : 'write a text, a number, true, false, null, a list or a plain object',
      });
      return undefined;
    }
    // JSON is what a config can say.
    return plainSource(shown, JSON.parse(JSON.stringify(module ?? null)) as Json);
  } catch (error) {
    problems.push(scriptProblem(error, path, shown, text));
    return undefined;
  }
}

/** Whether an import brought the module itself, because it has no default export. */
function isNamespace(module: unknown): boolean {
  return types.isModuleNamespaceObject(module) || isCompiled(module);
}

/** The default export also of a module that was compiled to CommonJS, which Node takes for one export among others. */
function defaultOf(module: unknown): unknown {
  return isCompiled(module) && 'default' in module ? module.default : module;
}

function isCompiled(module: unknown): module is object {
  return typeof module === 'object' && module !== null && Object.hasOwn(module, '__esModule');
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

/** The problem for a script that threw or does not parse, with the innermost line of it. */
export function scriptProblem(error: unknown, path: string, shown: string, text: string): Problem {
  const fault = error instanceof Error ? error : new Error(String(error));
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
