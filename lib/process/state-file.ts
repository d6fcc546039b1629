import { closeSync, constants, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY } = constants;
const ways = { read: O_RDONLY, append: O_WRONLY | O_CREAT | O_APPEND, write: O_WRONLY | O_CREAT | O_TRUNC };

/**
 * Opens a file under `.db-bootstrap`; every reader and writer of that folder uses this function. Throws EFTYPE if the path is a link, a
 * pipe or a device, which somebody else may have placed there, without following it or waiting for it.
 */
export function openStateFile(path: string, way: keyof typeof ways, mode = 0o666): number {
  let handle: number;
  try {
    handle = openSync(path, ways[way] | O_NOFOLLOW | O_NONBLOCK, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ELOOP' || code === 'ENXIO' ? notPlain(path) : error;
  }
  if (fstatSync(handle).isFile()) return handle;
  closeSync(handle);
  throw notPlain(path);
}

/** The text of a file under `.db-bootstrap`; throws as `openStateFile` does. */
export function readStateFile(path: string): string {
  return withFile(openStateFile(path, 'read'), (handle) => readFileSync(handle, 'utf8'));
}

/** Replaces the text of a file under `.db-bootstrap`, or appends to it; throws as `openStateFile` does. */
export function writeStateFile(path: string, text: string, way: 'write' | 'append' = 'write'): void {
  withFile(openStateFile(path, way), (handle) => writeFileSync(handle, text));
}

function withFile<T>(handle: number, work: (handle: number) => T): T {
  try {
    return work(handle);
  } finally {
    closeSync(handle);
  }
}

function notPlain(path: string): Error {
  const error = new Error(`"${path}" is a link, a pipe or a device, not a plain file`);
  return Object.assign(error, { code: 'EFTYPE', path });
}
