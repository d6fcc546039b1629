import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { type Problem } from '../../lib/errors/index.js';
import {
  classifyInitFile,
  orderInitFiles,
  type InitFileKind,
  type InitFileOrder,
} from '../../lib/postgres/index.js';
import { digestOf } from '../digest.js';
import { nearest } from '../../lib/text/index.js';

/** The folder that is looked for where the config names none. */
export const defaultFolder = 'docker-entrypoint-initdb.d';

/** A file that the image would run. */
export interface InitFile {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** As a person would type it. */
  readonly shown: string;
  readonly kind: Exclude<InitFileKind, 'ignored'>;
  /** SHA-256 of its bytes, hex. */
  readonly sha256: string;
}

/** What a folder holds, in the order of the image; or that it is missing. */
export type InitFolder =
  | { readonly state: 'missing' }
  | { readonly state: 'broken'; readonly problem: Problem }
  | {
      readonly state: 'found';
      readonly files: readonly InitFile[];
      readonly ignored: readonly string[];
      /** The other order would run the files otherwise. */
      readonly orderMatters: boolean;
    };

/** Reads the folder of init scripts. A missing folder that the project named is an error; the default one may be missing. */
export async function readInitFolder(
  root: string,
  named: string | undefined,
  order: InitFileOrder,
): Promise<InitFolder> {
  const folder = resolve(root, named ?? defaultFolder);
  const names = await readdir(folder).catch((error: unknown) => error as NodeJS.ErrnoException);
  if (!Array.isArray(names))
    return named === undefined && names.code === 'ENOENT'
      ? { state: 'missing' }
      : unreadable(root, named, names);
  const ordered = orderInitFiles(names, order);
  const files: InitFile[] = [];
  const ignored: string[] = [];
  for (const name of ordered) {
    const path = join(folder, name);
    const kind = classifyInitFile(name, isExecutable(path));
    if (kind === 'ignored') {
      ignored.push(name);
      continue;
    }
    const shown = shownPath(root, path);
    const problem = unreadableFile(path, shown);
    if (problem) return { state: 'broken', problem };
    files.push({ name, path, shown, kind, sha256: await digestOf(path) });
  }
  const other = orderInitFiles(names, order === 'bytes' ? 'locale' : 'bytes');
  const isRun = (name: string): boolean => !ignored.includes(name);
  const orderMatters = other.filter(isRun).join('/') !== ordered.filter(isRun).join('/');
  return { state: 'found', files, ignored, orderMatters };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function unreadable(root: string, named = defaultFolder, error: NodeJS.ErrnoException): InitFolder {
  const near = nearest(named, foldersIn(root));
  const reason =
    error.code === 'ENOENT'
      ? 'does not exist'
      : error.code === 'ENOTDIR'
        ? 'is not a folder'
        : `cannot be read (${error.code ?? error.message})`;
  return {
    state: 'broken',
    problem: {
      code: 'DBB5006',
      message: `the folder of init scripts "${named}" ${reason}`,
      help: near === undefined ? `paths are relative to ${root}` : `did you mean "${near}"?`,
    },
  };
}

function foldersIn(root: string): string[] {
  try {
    return readdirSync(root);
  } catch {
    return [];
  }
}

/** A folder, a broken link or a forbidden file with the name of a script: the image would fail at it, half way. */
function unreadableFile(path: string, shown: string): Problem | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  const reason = !stat
    ? 'is a link to a file that does not exist'
    : stat.isDirectory()
      ? 'is a folder with the name of a script'
      : !stat.isFile()
        ? 'is a pipe or a device with the name of a script'
        : isReadable(path)
          ? undefined
          : 'may not be read';
  return reason === undefined
    ? undefined
    : {
        code: 'DBB5005',
        message: `"${shown}" ${reason}`,
        place: { file: shown },
        notes: [{ label: 'not done', text: 'no init script was run' }],
        help: 'put a file in its place that this user may read, or take it away',
      };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** A path as a person would type it. */
export function shownPath(root: string, path: string): string {
  const inside = relative(root, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside;
}
