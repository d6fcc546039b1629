import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes the folder of our own files (`.db-bootstrap`) and keeps it out of git. */
export function makeStateDirectory(stateDirectory: string): void {
  mkdirSync(stateDirectory, { recursive: true });
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
