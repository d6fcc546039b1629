import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { BootstrapError, nearest } from '../lib/errors/index.js';

const scripts = ['ts', 'mts', 'js', 'mjs', 'cjs'];

/** Where a config may be, in a folder and in its `.config`. */
export const searchPlaces: readonly string[] = ['', '.config/'].flatMap((folder) => [
  ...(folder === '' ? ['package.json'] : []),
  ...['', '.yaml', '.yml', '.json', '.js', '.mjs', '.cjs', '.ts'].map(
    (ending) => `${folder}${folder === '' ? '.' : ''}bootstraprc${ending}`,
  ),
  ...scripts.map((ending) => `${folder}bootstrap.config.${ending}`),
]);

/** The config file that holds in a folder: there or further up, to the top of the project. */
export async function findConfig(cwd: string): Promise<string | undefined> {
  const { cosmiconfig } = await import('cosmiconfig');
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
  const explorer = cosmiconfig('bootstrap', {
    searchPlaces: [...searchPlaces],
    searchStrategy: 'project',
    ignoreEmptySearchPlaces: false,
    loaders: { ...loaders, noExt: note },
    packageProp: [],
    mergeSearchPlaces: false,
    cache: false,
  });
  return (await explorer.search(cwd))?.filepath;
}

function hasKey(content: string): boolean {
  try {
    return Object.hasOwn(JSON.parse(content) as object, 'bootstrap');
  } catch {
    return false;
  }
}

/** The path of `--config`; throws DBB2018 with the nearest name where there is no such file. */
export function givenConfig(file: string, cwd: string): string {
  const path = isAbsolute(file) ? file : resolve(cwd, file);
  if (existsSync(path)) return path;
  const folder = dirname(path);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const near = nearest(relative(folder, path), names);
  throw new BootstrapError({
    code: 'DBB2018',
    message: `the config file "${file}" does not exist`,
    place: { file: '--config' },
    help: near === undefined ? 'name a file that exists' : `did you mean "${join(dirname(file), near)}"?`,
  });
}

/** The text of a file; throws DBB2018 where it cannot be read. */
export function readConfigText(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new BootstrapError(
      {
        code: 'DBB2018',
        message: `the config file could not be read: ${(error as Error).message}`,
        place: { file: shown },
        help: 'make it a readable file',
      },
      { cause: error },
    );
  }
}
