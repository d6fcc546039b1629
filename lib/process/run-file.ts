import { readdirSync, renameSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { findProcess } from './processes.js';
import { readStateFile, writeStateFile } from './state-file.js';
import { makeFolder, makeStateDirectory } from './state-directory.js';

/** The variable that every child of a run carries, so that a later run can find it. */
export const runVariable = 'DB_BOOTSTRAP_RUN';

/** A run that has not properly ended: its command lives, or died without a word. */
export interface RunFile {
  readonly path: string;
  readonly runId: string;
  readonly pid: number;
  readonly started: string;
  readonly host: string;
}

/** Writes `<stateDirectory>/runs/<runId>.json` for this process; the returned function removes it at the run's proper end. */
export async function writeRunFile(stateDirectory: string, runId: string): Promise<() => void> {
  const folder = join(stateDirectory, 'runs');
  const path = join(folder, `${runId}.json`);
  const own = await findProcess(process.pid);
  makeStateDirectory(stateDirectory);
  makeFolder(folder);
  const content = { runId, pid: process.pid, started: own?.started ?? '', host: hostname() };
  // Another run may read the folder now: it sees the whole file or none.
  writeStateFile(`${path}.tmp`, JSON.stringify(content));
  renameSync(`${path}.tmp`, path);
  return () => rmSync(path, { force: true });
}

/** The run files of this machine; those of other machines say nothing about the processes here. */
export function readRunFiles(stateDirectory: string): readonly RunFile[] {
  const folder = join(stateDirectory, 'runs');
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => parse(join(folder, name)) ?? [])
    .filter((file) => file.host === hostname());
}

/** Whether a file says what a run of this machine left behind. */
export function isRunFileOfHere(path: string): boolean {
  return parse(path)?.host === hostname();
}

function parse(path: string): RunFile | undefined {
  try {
    const value: unknown = JSON.parse(readStateFile(path));
    if (typeof value !== 'object' || value === null) return undefined;
    const { runId, pid, started, host } = value as Record<string, unknown>;
    if (typeof runId !== 'string' || typeof pid !== 'number') return undefined;
    if (typeof started !== 'string' || typeof host !== 'string') return undefined;
    return { path, runId, pid, started, host };
  } catch {
    // Removed meanwhile by the run itself, or not ours.
    return undefined;
  }
}
