import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { asError, BootstrapError, nearest } from '../lib/errors/index.js';
import { readTextFile, unreadable } from './text-file.js';

/** The names that a config may have. */
export const searchPlaces: readonly string[] = [
  'package.json',
  ...['', '.yaml', '.yml', '.json', '.js', '.mjs', '.cjs', '.ts'].map((ending) => `.bootstraprc${ending}`),
  ...['ts', 'mts', 'js', 'mjs', 'cjs'].map((ending) => `bootstrap.config.${ending}`),
];

/** The config file that holds in a folder: there or further up, to the top of the project. */
export async function findConfig(cwd: string): Promise<string | undefined> {
  refuseUnreadable(cwd);
  const { cosmiconfigSync } = await import('cosmiconfig');
  // cosmiconfig only says where the config is: we read it ourselves, with positions. A config with a mistake in it is still the config.
  const isConfig = (path: string, content: string): object | null =>
    basename(path) !== 'package.json' || hasKey(content) ? {} : null;
  const endings = ['noExt', '.json', '.yaml', '.yml', '.js', '.ts', '.mjs', '.cjs', '.mts'];
  try {
    const explorer = cosmiconfigSync('bootstrap', {
      searchPlaces: [...searchPlaces],
      searchStrategy: 'project',
      ignoreEmptySearchPlaces: false,
      loaders: Object.fromEntries(endings.map((ending) => [ending, isConfig])),
      packageProp: [],
      mergeSearchPlaces: false,
      cache: false,
    });
    return explorer.search(cwd)?.filepath;
  } catch (error) {
    const { path } = error as NodeJS.ErrnoException;
    if (path !== undefined) throw unreadable(error, relative(cwd, path));
    throw new BootstrapError(
      {
        code: 'DBB2018',
        message: `the search for a config failed: ${asError(error).message.split('\n')[0] ?? ''}`,
        place: { file: cwd },
        help: 'correct the file that this names, or name the config with --config',
      },
      { cause: error },
    );
  }
}

/** Whether the text of a package.json has a config under the key "bootstrap". */
function hasKey(content: string): boolean {
  try {
    return content.includes('"bootstrap"') && Object.hasOwn(JSON.parse(content) as object, 'bootstrap');
  } catch {
    return true;
  }
}

/** cosmiconfig skips configs that this user may not read, and waits for pipes: another config, or none, must not hold in their place. */
function refuseUnreadable(cwd: string): void {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const names = namesIn(folder);
    const configs = searchPlaces.filter((name) => name !== 'package.json' && names.includes(name));
    for (const name of configs) {
      try {
        readTextFile(join(folder, name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EISDIR')
          throw unreadable(error, relative(cwd, join(folder, name)));
      }
    }
    if (configs.length > 0 || names.includes('package.json') || dirname(folder) === folder) return;
  }
}

/** The error for a search that found nothing. */
export function noConfig(cwd: string): BootstrapError {
  return new BootstrapError({
    code: 'DBB2001',
    message: `no config file was found in ${cwd} or above it`,
    help: 'run "db-bootstrap init", which looks at the project and writes one',
  });
}

/** The path of a named config (`by` says where it was named); throws DBB2018 with the nearest name where there is no such file. */
export function givenConfig(file: string, cwd: string, by: string): string {
  const path = isAbsolute(file) ? file : resolve(cwd, file);
  // An empty variable of a script would name the folder.
  if (file !== '' && existsSync(path)) return path;
  const folder = dirname(path);
  const near = file === '' ? undefined : nearest(relative(folder, path), namesIn(folder));
  throw new BootstrapError({
    code: 'DBB2018',
    message: file === '' ? `${by} names no file` : `the config file "${file}" does not exist`,
    place: { file: by },
    help: near === undefined ? 'name a file that exists' : `did you mean "${join(dirname(file), near)}"?`,
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
