import { cosmiconfigSync } from 'cosmiconfig';
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { asError, BootstrapError } from '../lib/errors/index.js';
import { readTextFile, unreadable } from './text-file.js';
import { nearest } from '../lib/text/index.js';

/** The names that a config may have. */
export const searchPlaces: readonly string[] = [
  'package.json',
  ...['', '.yaml', '.yml', '.json', '.js', '.mjs', '.cjs', '.ts'].map((ending) => `.bootstraprc${ending}`),
  ...['ts', 'mts', 'js', 'mjs', 'cjs'].map((ending) => `bootstrap.config.${ending}`),
];

/** The config file that holds in a folder: there or further up, to the top of the project. */
export function findConfig(cwd: string): string | undefined {
  refuseUnreadable(cwd);
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
    const paths = searchPlaces.map((name) => join(folder, name));
    const found = paths.filter((path) => basename(path) !== 'package.json' && isReadable(path, cwd));
    if (found.length > 0 || isThere(join(folder, 'package.json')) || dirname(folder) === folder) return;
  }
}

/** Whether a path is a text that can be read; false for a folder and for nothing. Throws DBB2018 for all else. */
function isReadable(path: string, cwd: string): boolean {
  try {
    readTextFile(path);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EISDIR', 'ENOTDIR'].includes(code) || (code === 'ENOENT' && !isLink(path))) return false;
    throw unreadable(error, relative(cwd, path));
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Whether something is at a path, be it out of this user's reach. */
function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
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
  if (file !== '' && isThere(path)) return path;
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
