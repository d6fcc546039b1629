import { BootstrapError } from '../errors/index.js';
import { aborted } from '../run/index.js';
import { brokenOff } from './signals.js';

/**
 * What a command waits for, until it is interrupted or its time is over: then it throws DBB5020 or DBB5016, which says what that was (`waiting`, as in "the run was
 * interrupted while …"), and leaves the rest alone: a server that no longer answers would keep it.
 */
export async function unlessInterrupted<Result>(
  work: Promise<Result>,
  interrupt: AbortSignal,
  waiting: { readonly command: string; readonly for?: string },
): Promise<Result> {
  const outcome = work.then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  const ended = await Promise.race([outcome, aborted(interrupt).then(() => undefined)]);
  if (ended && 'result' in ended) return ended.result;
  if (ended && !interrupt.aborted) throw ended.error;
  const problem = brokenOff(interrupt, `the ${waiting.command}`);
  const when = waiting.for === undefined ? '' : ` while it waited for ${waiting.for}`;
  throw new BootstrapError({ ...problem, message: problem.message + when }, { cause: ended?.error });
}
