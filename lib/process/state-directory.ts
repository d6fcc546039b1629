import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes the folder of our own files (`.db-bootstrap`) and keeps it out of git. */
export function makeStateDirectory(stateDirectory: string): void {
  mkdirSync(stateDirectory, { recursive: true });
  try {
    writeFileSync(join(stateDirectory, '.gitignore'), '*\n', { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
