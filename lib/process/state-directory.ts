import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes the folder of our own files (`.db-bootstrap`) and keeps it out of git. */
export function makeStateDirectory(stateDirectory: string): void {
  makeFolder(stateDirectory);
  const file = join(stateDirectory, '.gitignore');
  try {
    writeFileSync(file, '*\n', { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    // On a full disk it exists and is empty, which would keep nothing out.
    if (code === 'ENOSPC') rmSync(file, { force: true });
    throw error;
  }
}

/** Not recursively, where that is enough: Node calls a file system that is read-only a missing folder then. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') mkdirSync(path, { recursive: true });
    else if (code !== 'EEXIST') throw error;
  }
}
