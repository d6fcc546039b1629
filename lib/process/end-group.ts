import { listProcesses } from './processes.js';

/** How the end of a process group is asked for. */
export interface EndGroupOptions {
  /** Between SIGTERM and SIGKILL, in milliseconds. */
  readonly grace: number;
  /** Aborted when there is no more patience: SIGKILL at once. */
  readonly kill?: AbortSignal | undefined;
}

/** Ends a process group: SIGTERM, and SIGKILL to what remains after the grace. Resolves with the last signal when nobody is left. */
export async function endGroup(group: number, options: EndGroupOptions): Promise<'SIGTERM' | 'SIGKILL'> {
  const { grace, kill } = options;
  if (!kill?.aborted) {
    signalGroup(group, 'SIGTERM');
    // A stopped process receives SIGTERM only once it goes on.
    signalGroup(group, 'SIGCONT');
    if (await groupEnds(group, grace, kill)) return 'SIGTERM';
  }
  signalGroup(group, 'SIGKILL');
  // The kernel needs a moment; a process in an uninterruptible wait would take longer than anybody should.
  await groupEnds(group, 2000);
  return 'SIGKILL';
}

/** Sends a signal to every process of a group; nothing happens where there is none. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Gone already, or not ours to signal: whoever waits for the end sees that it is still there.
  }
}

/** Whether a living process (no zombie) is in the group. */
export async function groupLives(group: number): Promise<boolean> {
  try {
    process.kill(-group, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  return (await listProcesses()).some((entry) => entry.group === group);
}

async function groupEnds(group: number, patience: number, kill?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + patience;
  for (let pause = 5; await groupLives(group); pause = Math.min(100, pause * 1.5)) {
    const left = deadline - performance.now();
    if (left <= 0 || kill?.aborted) return false;
    await sleep(Math.min(pause, left), kill);
  }
  return true;
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
