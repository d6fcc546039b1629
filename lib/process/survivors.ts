import { rmSync } from 'node:fs';
import { endGroup, groupLives } from './end-group.js';
import { commandOf, findByVariable, findProcess, listProcesses, type ProcessEntry } from './processes.js';
import { readRunFiles, runVariable, type RunFile } from './run-file.js';

/** A process group that a crashed run left behind. */
export interface Survivor {
  readonly runId: string;
  readonly pid: number;
  readonly command: string;
  /** The signal that ended it; absent where it could not be ended. */
  readonly ended?: 'SIGTERM' | 'SIGKILL';
}

/** Ends what crashed runs left behind, group by group, and removes their run files once nothing of them is left. */
export async function endSurvivors(
  stateDirectory: string,
  options: { readonly grace: number; readonly kill?: AbortSignal },
): Promise<readonly Survivor[]> {
  const found: Survivor[] = [];
  for (const file of readRunFiles(stateDirectory)) {
    if (await isAlive(file)) continue;
    const survivors = await endRun(file, options);
    found.push(...survivors);
    if (survivors.every((survivor) => survivor.ended !== undefined)) rmSync(file.path, { force: true });
  }
  return found;
}

async function isAlive(file: RunFile): Promise<boolean> {
  return (await findProcess(file.pid))?.started === file.started;
}

async function endRun(
  file: RunFile,
  options: { readonly grace: number; readonly kill?: AbortSignal },
): Promise<readonly Survivor[]> {
  const found: Survivor[] = [];
  // Again and again: what was about to start a child has started it meanwhile.
  for (let round = 0; round < 3; round++) {
    const groups = await groupsOf(file.runId);
    if (groups.length === 0) break;
    const ends = groups.map(async ({ pid, group }): Promise<Survivor> => {
      const command = await commandOf(pid);
      const ended = await endGroup(group, options);
      return { runId: file.runId, pid, command, ...((await groupLives(group)) ? {} : { ended }) };
    });
    found.push(...(await Promise.all(ends)));
    if (found.some((survivor) => survivor.ended === undefined)) break;
  }
  return found;
}

/** One process for each group that carries the run's variable: its leader where that still lives. Never our own group. */
async function groupsOf(runId: string): Promise<readonly ProcessEntry[]> {
  const carriers = await findByVariable(runVariable, runId);
  const all = await listProcesses();
  const own = all.find((entry) => entry.pid === process.pid)?.group;
  const groups = new Map<number, ProcessEntry>();
  for (const entry of all) {
    if (!carriers.has(entry.pid) || entry.group === own) continue;
    if (!groups.has(entry.group) || entry.pid === entry.group) groups.set(entry.group, entry);
  }
  return [...groups.values()];
}
