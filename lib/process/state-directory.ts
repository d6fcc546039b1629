import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Makes the folder of our own files (`.db-bootstrap`) and keeps it out of git. */
export function makeStateDirectory(stateDirectory: string): void {
  makeFolder(stateDirectory);
  const file = join(stateDirectory, '.gitignore');
  try {
    writeFileSync(file, '*\n', { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    // Without room it exists and is empty, which would keep nothing out.
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') rmSync(file, { force: true });
    throw error;
  }
}

/**
 * Makes a folder, and those above it, each by itself: recursively, Node calls a file system that is read-only a missing folder, and
 * below /proc it never ends.
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    mkdirSync(path);
  }
}
