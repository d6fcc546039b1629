import { randomUUID } from 'node:crypto';
import { mkdirSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOf } from './identity.js';
import { notStarted } from './problems.js';

/** Milliseconds that another process may hold the lock before waiting for it is given up. */
const patience = 180_000;

/** Runs `work` while no other process does the same with this lock file. A lock whose holder has died is taken over. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const mine = `${process.pid} ${startOf(process.pid) ?? ''} ${randomUUID()}`;
  const deadline = Date.now() + patience;
  while (!create(file, mine)) {
    const holder = read(file);
    if (holder !== undefined && !lives(holder)) breakLock(file);
    if (Date.now() > deadline)
      throw notStarted(`process ${holder?.split(' ')[0] ?? '?'} holds ${file} for too long`, {
        help: 'end that process, then start again',
      });
    await sleep(20);
  }
  try {
    return await work();
  } finally {
    if (read(file) === mine) rmSync(file, { force: true });
  }
}

/** A symbolic link to nowhere, whose target is the text: made whole or not at all, even on a full disk. */
function create(file: string, text: string): boolean {
  try {
    symlinkSync(text, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Two waiters may see the same dead holder; the second must not remove the first one's new lock, so only one at a time may look and remove. */
function breakLock(file: string): void {
  const breaker = `${file}.break`;
  try {
    mkdirSync(breaker);
  } catch {
    // Held for microseconds, unless its maker died just then.
    const age = Date.now() - (statSync(breaker, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 5000) rmSync(breaker, { force: true, recursive: true });
    return;
  }
  const holder = read(file);
  if (holder !== undefined && !lives(holder)) rmSync(file, { force: true });
  rmSync(breaker, { force: true, recursive: true });
}

function lives(holder: string): boolean {
  const [pid, start] = holder.split(' ');
  return startOf(Number(pid)) === start;
}

function read(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
