import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRunFileOfHere } from '../process/index.js';

/** How many runs are kept. */
const kept = 20;

/**
 * Removes what files tell of all but the newest runs; their names sort by time. What a run of this machine left is kept: it leads to
 * the processes that it started. What cannot be removed stays.
 */
export function removeOldRuns(stateDirectory: string): void {
  removeOld(join(stateDirectory, 'logs'), () => true);
  removeOld(join(stateDirectory, 'runs'), (path) => !isRunFileOfHere(path));
}

function removeOld(folder: string, isDone: (path: string) => boolean): void {
  try {
    const paths = readdirSync(folder)
      .sort()
      .slice(0, -kept)
      .map((name) => join(folder, name));
    for (const path of paths.filter(isDone)) rmSync(path, { recursive: true, force: true });
  } catch {
    // No such folder, or not ours to remove: nothing depends on it.
  }
}
