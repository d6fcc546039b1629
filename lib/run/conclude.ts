import type { Problem } from '../errors/index.js';
import { exitCodeOf, BootstrapError } from '../errors/index.js';
import type { RunStatus, TaskEnd } from './events.js';

/**
 * How a run ended, from how its tasks ended and what befell it as a whole. The interruption counts only where it cost something: a task,
 * or, where all are left out, the run itself, which had not come to its end.
 */
export function concludeRun(
  tasks: readonly TaskEnd[],
  problems: readonly Problem[],
  interruptedBy: string | undefined,
): { readonly status: RunStatus; readonly exitCode: number } {
  const incomplete = tasks.some((task) => task.status === 'cancelled');
  const idle = tasks.every((task) => task.attempts === 0);
  if (interruptedBy !== undefined && (incomplete || idle)) {
    return { status: 'cancelled', exitCode: interruptedBy === 'SIGTERM' ? 143 : 130 };
  }
  const [first] = problems;
  if (first) return { status: 'failed', exitCode: exitCodeOf(new BootstrapError(first)) };
  const failed = tasks.filter((task) => task.status === 'failed');
  if (failed.length === 0)
    return { status: incomplete ? 'cancelled' : 'succeeded', exitCode: incomplete ? 1 : 0 };
  if (failed.some((task) => task.problems?.some((problem) => problem.code.startsWith('DBB8')))) {
    return { status: 'failed', exitCode: 5 };
  }
  return { status: 'failed', exitCode: failed.every((task) => task.check) ? 3 : 1 };
}
