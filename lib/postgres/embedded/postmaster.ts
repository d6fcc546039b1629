import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from './home.js';
import { serves, startOf } from './identity.js';

/** A server process, as its own file in the data directory tells. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/** Longer than any process id of any system: no process has it. */
const nobody = 2_147_483_646;

/** The process that serves the home's data now; undefined where none does, whatever an old file says. */
export function runningPostmaster(home: Home): Postmaster | undefined {
  const lines = pidFile(home);
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return pid > 1 && serves(pid, home.data) ? { pid, port } : undefined;
}

/**
 * Prepares a start after a crash. PostgreSQL itself clears a postmaster.pid whose process is gone, but takes any process that has
 * got the same id since for a server. The file stays, with an id that nobody has: it also holds the key by which PostgreSQL
 * notices backends of the old server that are still there.
 */
export function disownPid(home: Home): void {
  const lines = pidFile(home);
  const pid = Number(lines[0]);
  if (!(pid > 1) || !signalFinds(pid) || serves(pid, home.data)) return;
  writeFileSync(join(home.data, 'postmaster.pid'), [String(nobody), ...lines.slice(1)].join('\n'));
}

/** Waits until a process has ended; false when it lives on. */
export async function ended(pid: number, ms: number): Promise<boolean> {
  const start = startOf(pid);
  const deadline = Date.now() + ms;
  while (start !== undefined && startOf(pid) === start) {
    if (Date.now() > deadline) return false;
    await sleep(10);
  }
  return true;
}

function signalFinds(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The lines of postmaster.pid: process, data directory, start, port, …; none without the file. */
export function pidFile(home: Home): string[] {
  try {
    return readFileSync(join(home.data, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
