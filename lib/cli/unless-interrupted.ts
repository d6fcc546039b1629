import { BootstrapError } from '../errors/index.js';
import { aborted } from '../run/index.js';

/**
 * What a command waits for, until it is interrupted: then it throws DBB5020, which says what that was (`waiting`, as in "the run was
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
  throw new BootstrapError(
    {
      code: 'DBB5020',
      message: `the ${waiting.command} was interrupted${waiting.for === undefined ? '' : ` while it waited for ${waiting.for}`}`,
      facts: { signal: String(interrupt.reason) },
    },
    { cause: ended?.error },
  );
}
