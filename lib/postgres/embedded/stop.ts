import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { urlOf } from './connect.js';
import { findHome, readSettings, serverFolder } from './home.js';
import { withLock } from './lock.js';
import { ended, runningPostmaster } from './postmaster.js';
import { explained, notRunning, notStarted } from './problems.js';

/** Milliseconds for an orderly stop, which ends sessions and writes a checkpoint. */
const patience = 60_000;

/** Stops the embedded server; false where none was running. Its data stay. */
export async function stopEmbedded(options: { readonly stateDirectory: string }): Promise<boolean> {
  const folder = serverFolder(options.stateDirectory);
  if (!existsSync(folder)) return false;
  try {
    return await withLock(join(folder, 'lock'), async () => {
      const postmaster = runningPostmaster(findHome(options.stateDirectory));
      if (!postmaster) return false;
      // SIGINT is PostgreSQL's fast stop: sessions end, then it checkpoints. SIGQUIT stops at once; the next start recovers.
      for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
        process.kill(postmaster.pid, signal);
        if (await ended(postmaster.pid, patience)) return true;
      }
      throw notStarted(`process ${postmaster.pid} of the embedded server does not end`);
    });
  } catch (error) {
    throw explained(error);
  }
}

/** The running server's URL for a database (default: the one of the last start); DBB4022 where none runs. */
export function embeddedUrl(options: { readonly stateDirectory: string; readonly name?: string }): string {
  try {
    const home = findHome(options.stateDirectory);
    const postmaster = runningPostmaster(home);
    if (!postmaster) throw notRunning(options.stateDirectory);
    return urlOf(home, postmaster.port, options.name ?? readSettings(home)?.name ?? 'postgres');
  } catch (error) {
    throw explained(error);
  }
}
