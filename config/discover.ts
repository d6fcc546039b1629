import { accessSync, constants, existsSync, lstatSync, readdirSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { PublicExplorerSync } from 'cosmiconfig';
import { BootstrapError, nearest, packageRoot, type Note } from '../lib/errors/index.js';
import { readConfigText, unreadable } from './config-text.js';
import { isStream, isTooLarge } from './read-bytes.js';
import { jsonFault } from './json-fault.js';
import { textPlace } from './source.js';

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
  const open = (places: readonly string[]): PublicExplorerSync =>
    cosmiconfigSync('bootstrap', {
      searchPlaces: [...places],
      searchStrategy: 'project',
      ignoreEmptySearchPlaces: false,
      loaders,
      packageProp: [],
      mergeSearchPlaces: false,
      cache: false,
    });
  refuseStreams(cwd);
  const search = (places: readonly string[]): ReturnType<PublicExplorerSync['search']> =>
    readable(() => withoutRedirects(() => open(places)).search(cwd), cwd);
  let result = search(searchPlaces);
  // An empty config is one, but nothing says that an empty package.json should be.
  if (result?.isEmpty === true && basename(result.filepath) === 'package.json')
    result = search(searchPlaces.slice(1));
  const found = result?.filepath;
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
  for (const { path } of placesFrom(cwd)) {
    if (entryOf(path, cwd) && isStream(path))
      throw unreadable(undefined, relative(cwd, path), 'it is no file');
  }
}

/** cosmiconfig passes over files that this user may not read, and links to nothing; another config, or none, must not hold in their place. */
function refuseUnreadable(cwd: string, found: string | undefined): void {
  for (const { path, place } of placesFrom(cwd)) {
    if (path === found) return;
    const link = readable(() => linkOf(path), cwd);
    if (place === 'package.json' || link === undefined) continue;
    const entry = link.isSymbolicLink() ? entryOf(path, cwd) : link;
    const shown = relative(cwd, path);
    if (!entry) throw unreadable(undefined, shown, 'the link leads to nothing');
    if (!entry.isFile()) continue;
    try {
      accessSync(path, constants.R_OK);
    } catch {
      readConfigText(path, shown);
    }
  }
}

/** All paths that a config may have, in the order of the search. */
function* placesFrom(cwd: string): Generator<{ readonly path: string; readonly place: string }> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    for (const place of searchPlaces) yield { path: join(folder, place), place };
    const top = ['package.json', 'package.yaml'].some((name) => existsSync(join(folder, name)));
    if (top || dirname(folder) === folder) return;
  }
}

/** The error for a search that found nothing: DBB2001, or what keeps a package.json from being read as a config. */
export function noConfig(cwd: string): BootstrapError {
  const notes: Note[] = [];
  for (const { path, place } of placesFrom(cwd)) {
    const shown = relative(cwd, path);
    const entry = place === 'package.json' ? linkOf(path) : entryOf(path, cwd);
    if (entry && place === 'package.json') {
      const fault = packageFault(path, shown);
      if (fault) return fault;
    } else if (entry?.isDirectory() === true)
      notes.push({ label: 'passed over', text: `${shown}, which is a folder` });
  }
  return new BootstrapError({
    code: 'DBB2001',
    message: `no config file was found in ${cwd} or above it`,
    ...(notes.length > 0 ? { notes } : {}),
    help: 'run "db-bootstrap init", which looks at the project and writes one',
  });
}

/** What keeps a package.json from being read as a config; undefined where nothing does, and where it is too large to be one. */
function packageFault(path: string, shown: string): BootstrapError | undefined {
  const help = 'correct it, or write a config of its own with "db-bootstrap init"';
  let text: string;
  try {
    text = readConfigText(path, shown);
  } catch (error) {
    if (!(error instanceof BootstrapError) || isTooLarge(error.cause)) return undefined;
    return new BootstrapError({ ...error.problems[0], help }, { cause: error.cause });
  }
  const fault = jsonFault(text);
  if (!fault) return undefined;
  return new BootstrapError({
    code: 'DBB2002',
    message: `this package.json, which may hold the config, is not valid JSON: ${fault.message}`,
    place: textPlace(shown, text, fault.offset, fault.length),
    help,
  });
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
  // An empty variable of a script would name the folder.
  if (file !== '' && entryOf(path, cwd)) return path;
  const folder = dirname(path);
  const near = file === '' ? undefined : nearest(relative(folder, path), namesIn(folder));
  throw new BootstrapError({
    code: 'DBB2018',
    message: file === '' ? `${by} names no file` : `the config file "${file}" does not exist`,
    place: { file: by },
    help: near === undefined ? 'name a file that exists' : `did you mean "${join(dirname(file), near)}"?`,
  });
}

/** What is at a path, or where it leads; undefined where nothing is, or where what is above it is a file. */
function entryOf(path: string, cwd: string): Stats | undefined {
  return readable(() => ifThere(() => statSync(path, { throwIfNoEntry: false })), cwd);
}

/** What is at a path, be it a link. */
function linkOf(path: string): Stats | undefined {
  return ifThere(() => lstatSync(path, { throwIfNoEntry: false }));
}

function ifThere(look: () => Stats | undefined): Stats | undefined {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
