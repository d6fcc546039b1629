import { accessSync, constants, existsSync, readFileSync, readdirSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { PublicExplorerSync } from 'cosmiconfig';
import { BootstrapError, nearest, packageRoot } from '../lib/errors/index.js';
import { isStream, readBytes } from './read-bytes.js';

const scripts = ['ts', 'mts', 'js', 'mjs', 'cjs'];

/** Where a config may be, in a folder and in its `.config`. */
export const searchPlaces: readonly string[] = [
  'package.json',
  ...['.', '.config/', '.config/.'].flatMap((start) =>
    ['', '.yaml', '.yml', '.json', '.js', '.mjs', '.cjs', '.ts'].map(
      (ending) => `${start}bootstraprc${ending}`,
    ),
  ),
  ...['', '.config/'].flatMap((folder) => scripts.map((ending) => `${folder}bootstrap.config.${ending}`)),
];

/** The config file that holds in a folder: there or further up, to the top of the project. */
export async function findConfig(cwd: string): Promise<string | undefined> {
  const { cosmiconfigSync } = await import('cosmiconfig');
  // We read the files ourselves, with positions; cosmiconfig knows where to look. A file that cannot be parsed is still the one.
  const note = (path: string, content: string): object | null => {
    if (path.endsWith('package.json')) return /"bootstrap"\s*:/.test(content) && hasKey(content) ? {} : null;
    return {};
  };
  const loaders = Object.fromEntries(
    ['noExt', ...['.json', '.yaml', '.yml', '.js', '.ts', '.mjs', '.cjs', '.mts']].map((ending) => [
      ending,
      note,
    ]),
  );
  // Some dozens of names are tried, and each would be a way to another thread and back.
  const open = (): PublicExplorerSync =>
    cosmiconfigSync('bootstrap', {
      searchPlaces: [...searchPlaces],
      searchStrategy: 'project',
      ignoreEmptySearchPlaces: false,
      loaders,
      packageProp: [],
      mergeSearchPlaces: false,
      cache: false,
    });
  const explorer = withoutRedirects(open);
  refuseStreams(cwd);
  const found = readable(() => explorer.search(cwd)?.filepath, cwd);
  refuseUnreadable(cwd, found);
  return found;
}

/** What a search finds; a file or a folder on its way that cannot be read is told as a config that cannot. */
function readable<T>(search: () => T, cwd: string): T {
  try {
    return search();
  } catch (error) {
    const { path } = error as NodeJS.ErrnoException;
    if (path !== undefined) throw unreadable(error, relative(cwd, path));
    throw error;
  }
}

/** cosmiconfig would wait for ever for a pipe, which no config is that was not named. */
function refuseStreams(cwd: string): void {
  for (const path of places(cwd)) {
    if (entryOf(path, cwd) && isStream(path))
      throw unreadable(new Error('it is no file'), relative(cwd, path));
  }
}

/** cosmiconfig passes over files that this user may not read; another config, or none, must not hold in their place. */
function refuseUnreadable(cwd: string, found: string | undefined): void {
  for (const path of places(cwd)) {
    if (path === found) return;
    if (basename(path) === 'package.json' || !entryOf(path, cwd)?.isFile()) continue;
    try {
      accessSync(path, constants.R_OK);
    } catch {
      readConfigText(path, relative(cwd, path));
    }
  }
}

/** Every path that a search looks at, in its order: those of a folder and of the folders above it, to the top of the project. */
function* places(cwd: string): Generator<string> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    yield* searchPlaces.map((place) => join(folder, place));
    const top = ['package.json', 'package.yaml'].some((name) => existsSync(join(folder, name)));
    if (top || dirname(folder) === folder) return;
  }
}

/**
 * Opens an explorer that heeds no options but ours. cosmiconfig takes options from `.config/config.*` and package.json of the working
 * directory, which could lead the search elsewhere or fail it; it is shown a folder that has none.
 */
function withoutRedirects<T>(open: () => T): T {
  const cwd = process.cwd.bind(process);
  process.cwd = () => join(packageRoot(), 'config/presets');
  try {
    return open();
  } finally {
    process.cwd = cwd;
  }
}

function hasKey(content: string): boolean {
  try {
    return Object.hasOwn(JSON.parse(content) as object, 'bootstrap');
  } catch {
    // With a slip in it it is still where the config is: a dependency of that name has a text behind it, not a mapping.
    return /"bootstrap"\s*:\s*\{/.test(content);
  }
}

/** The path of a named config (`by` says where it was named); throws DBB2018 with the nearest name where there is no such file. */
export function givenConfig(file: string, cwd: string, by: string): string {
  const path = isAbsolute(file) ? file : resolve(cwd, file);
  if (entryOf(path, cwd)) return path;
  const folder = dirname(path);
  const near = nearest(relative(folder, path), namesIn(folder));
  throw new BootstrapError({
    code: 'DBB2018',
    message: `the config file "${file}" does not exist`,
    place: { file: by },
    help: near === undefined ? 'name a file that exists' : `did you mean "${join(dirname(file), near)}"?`,
  });
}

/** What is at a path; undefined where nothing is, or where what is above it is a file. */
function entryOf(path: string, cwd: string): Stats | undefined {
  return readable(() => {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
      throw error;
    }
  }, cwd);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The text of a file that is known to be one, without a byte order mark; throws DBB2018 where it cannot be read. */
export function readConfigText(path: string, shown: string): string {
  try {
    return decode(readFileSync(path));
  } catch (error) {
    throw unreadable(error, shown);
  }
}

/** The text of whatever a config was named as, also a pipe, whose writer may be silent for `patience` milliseconds. */
export async function readAnyConfig(path: string, shown: string, patience: number): Promise<string> {
  try {
    return decode(await readBytes(path, patience));
  } catch (error) {
    throw unreadable(error, shown);
  }
}

function decode(bytes: Buffer): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

function unreadable(error: unknown, shown: string): BootstrapError {
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    // What is in a folder that may not be entered cannot even be looked at.
    EACCES: syscall === 'stat' ? 'this user may not enter its folder' : 'this user may not read it',
    EPERM: 'this user may not read it',
    EISDIR: 'it is a folder',
    ENOENT: 'it does not exist',
    ELOOP: 'the link leads to itself',
    ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8',
  };
  return new BootstrapError(
    {
      code: 'DBB2018',
      message: `the config file could not be read: ${reasons[code ?? ''] ?? message}`,
      place: { file: shown },
      help: 'make it a file of UTF-8 text that the user who runs db-bootstrap may read',
    },
    { cause: error },
  );
}
