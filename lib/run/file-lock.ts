import { accessSync, constants, readFileSync, rmSync, writeFileSync, linkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BootstrapError } from '../errors/index.js';
import { findProcess, makeStateDirectory } from '../process/index.js';
import type { LockOptions } from './lock.js';
import type { RunLock } from './services.js';

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
      makeWritable(stateDirectory);
      const until = Date.now() + options.wait;
      for (;;) {
        const holder = await take(file, options.runId);
        if (holder === undefined) break;
        if (Date.now() >= until) throw heldBy(holder, stateDirectory);
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

function makeWritable(stateDirectory: string): void {
  try {
    makeStateDirectory(stateDirectory);
    accessSync(stateDirectory, constants.W_OK);
  } catch (error) {
    throw new BootstrapError(
      {
        code: 'DBB1009',
        message: `the lock of this run cannot be written to ${stateDirectory} (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
        help: 'make the folder of the config writable for the user who runs db-bootstrap',
      },
      { cause: error },
    );
  }
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
  writeFileSync(own, JSON.stringify(holder));
  try {
    linkSync(own, file);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const other = read(file);
    if (other?.start !== undefined && (await findProcess(other.pid))?.started === other.start) return other;
    // Left by a process that is no more. Whoever comes second here removes nothing but a dead holder's file.
    if (other === undefined || read(file)?.run === other.run) rmSync(file, { force: true });
    return await take(file, run);
  } finally {
    rmSync(own, { force: true });
  }
}

function read(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function heldBy({ run, pid, host, since }: Holder, folder: string): BootstrapError {
  return new BootstrapError({
    code: 'DBB4008',
    message: `another run works in this folder: run ${run} on host ${host}, pid ${String(pid)}, since ${since}`,
    notes: [
      { label: 'folder', text: folder },
      { label: 'not done', text: 'nothing was started' },
    ],
    help: 'wait for it to end, or pass --wait-lock 60s',
    facts: { run, host, pid, since },
  });
}
