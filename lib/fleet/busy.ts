import { setTimeout as sleep } from 'node:timers/promises';
import { BootstrapError } from '../errors/index.js';

/** How often a tenant is tried whose tables others hold. */
export const lockTries = 3;

/** Whether somebody else held what was needed: lock_not_available, or deadlock_detected. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof BootstrapError)) return false;
  return ['55P03', '40P01'].includes(error.problems[0].facts?.sqlstate ?? '');
}

/** Work that is tried again where others hold what it needs, and rejects with what it said last; it is told whether it is tried again. */
export async function patiently<T>(work: (again: boolean) => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work(tries > 1);
    } catch (error) {
      if (!isBusy(error) || tries >= lockTries) throw error;
      await pauseAfter(tries, signal);
    }
  }
}

/** Longer after each try, and never the same for two that wait for each other. Rejects where the signal is aborted. */
export async function pauseAfter(tries: number, signal: AbortSignal): Promise<void> {
  await sleep(2 ** tries * 50 * (0.5 + Math.random()), undefined, { signal });
}
