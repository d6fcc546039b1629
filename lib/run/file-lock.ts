import { linkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BootstrapError } from '../errors/index.js';
import { findProcess, makeStateDirectory, readStateFile, writeStateFile } from '../process/index.js';
import type { LockOptions } from './lock.js';
import type { RunLock } from './services.js';
import { mending, nameOf } from './unwritable.js';

interface Holder {
  readonly run: string;
  readonly pid: number;
  /** When the process started: a pid alone may be another process by now. */
  readonly start: string | undefined;
  readonly host: string;
  readonly since: string;
}

/** One run at a time in a folder, for workflows without a database: a file that names a living process. */
export function fileLock(stateDirectory: string, options: LockOptions): RunLock {
  const file = join(stateDirectory, 'lock');
  let held = false;
  return {
    lost: new AbortController().signal,
    async acquire(signal) {
      writing(stateDirectory, () => makeStateDirectory(stateDirectory));
      const until = Date.now() + options.wait;
      for (;;) {
        const holder = await take(file, options.runId);
        if (holder === undefined) break;
        if (Date.now() >= until) throw heldBy(holder, file);
        await sleep(250, undefined, { signal });
      }
      held = true;
    },
    release() {
      if (held) rmSync(file, { force: true });
      held = false;
      return Promise.resolve();
    },
  };
}

/** Does what writes below a folder; throws DBB1009 where the system refuses. */
function writing<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unwritten(folder, error);
  }
}

function unwritten(folder: string, error: unknown): BootstrapError {
  return new BootstrapError(
    {
      code: 'DBB1009',
      message: `the lock of this run cannot be written to ${folder} (${nameOf(error)})`,
      help: mending(error, folder),
    },
    { cause: error },
  );
}

/** Takes the lock, or says who holds it. A hard link appears whole or not at all, so two that try at once cannot both win. */
async function take(file: string, run: string): Promise<Holder | undefined> {
  const own = `${file}.${String(process.pid)}`;
  const holder: Holder = {
    run,
    pid: process.pid,
    start: (await findProcess(process.pid))?.started,
    host: hostname(),
    since: new Date().toISOString(),
  };
  try {
    writing(dirname(file), () => writeStateFile(own, JSON.stringify(holder)));
    for (;;) {
      if (link(own, file)) return undefined;
      const other = await holderOf(file);
      if (other === 'free') continue;
      const living = other === 'dead' ? await removeDead(file, run) : other;
      if (living) return living;
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Removes the file of a dead holder. Only who holds a second lock, on the removal, may do that, and looks again first: otherwise the
 * slower of two would remove what the quicker has just made. That one may be a dead process's too, hence the same way once more.
 */
async function removeDead(file: string, run: string): Promise<Holder | undefined> {
  const guard = `${file}-removal`;
  const remover = await take(guard, run);
  if (remover) return remover;
  // A dead holder's file stays what it is while we hold the guard; where there is none, anybody may make one at any moment.
  if ((await holderOf(file)) === 'dead') rmSync(file, { force: true });
  rmSync(guard, { force: true });
  return undefined;
}

function link(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Who holds a lock: a process of this machine that lives, or any of another machine, of which nothing can be known here. */
async function holderOf(file: string): Promise<Holder | 'free' | 'dead'> {
  let holder: Partial<Holder> | null;
  try {
    holder = JSON.parse(readStateFile(file)) as Partial<Holder> | null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'free';
    if (error instanceof SyntaxError) return 'dead';
    throw unwritten(dirname(file), error);
  }
  if (holder?.pid === undefined) return 'dead';
  if (holder.host !== undefined && holder.host !== hostname()) return holder as Holder;
  if (holder.start === undefined) return 'dead';
  const living = (await findProcess(holder.pid))?.started === holder.start;
  return living ? (holder as Holder) : 'dead';
}

function heldBy({ run, pid, host, since }: Holder, file: string): BootstrapError {
  return new BootstrapError({
    code: 'DBB4008',
    message: `another run works in this folder: run ${run} on host ${host}, pid ${String(pid)}, since ${since}`,
    notes: [
      { label: 'folder', text: dirname(file) },
      { label: 'not done', text: 'nothing was started' },
    ],
    help:
      host === hostname()
        ? 'wait for it to end, or pass --wait-lock 60s'
        : `wait for it to end, or pass --wait-lock 60s; where it has died on ${host}, delete ${file}`,
    facts: { run, host, pid, since },
  });
}
