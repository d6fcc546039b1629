import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is yes; the test's own timeout ends it where that never happens. */
export async function until(ask: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await ask())) await sleep(20);
}
