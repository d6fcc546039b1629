import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** How many runs' logs are kept. */
const kept = 20;

/** Removes the logs of all but the newest runs; their names sort by time. What cannot be removed stays. */
export function removeOldLogs(stateDirectory: string): void {
  const folder = join(stateDirectory, 'logs');
  try {
    for (const name of readdirSync(folder).sort().slice(0, -kept))
      rmSync(join(folder, name), { recursive: true, force: true });
  } catch {
    // No logs, or not ours to remove: nothing depends on it.
  }
}
