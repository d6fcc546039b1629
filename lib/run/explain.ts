import type { TaskContext, TaskLogger } from '../../config/define.js';
import type { TaskDefinition } from '../../config/workflow.js';
import type { TaskOutcome } from './attempts.js';
import { createContext, type ContextSource } from './context.js';
import { isError } from './failure.js';
import { TaskLog } from './task-log.js';

/** A server that is gone, or a project that does not load, must not hold up the end of a failed task. */
const longest = 15_000;

/**
 * The outcome with the causes of its failure, where they can be found in time; the outcome as it is where not. Failures that the
 * config tolerates are left alone: what they mean stands there.
 */
export async function withCauses(
  source: ContextSource,
  task: TaskDefinition,
  outcome: TaskOutcome,
  options: { readonly startedAt: number; readonly cancel: AbortSignal; readonly deadline?: number },
): Promise<TaskOutcome> {
  const { services } = source;
  const { startedAt, cancel, deadline = longest } = options;
  const { problems } = outcome;
  if (!services.explain || outcome.status !== 'failed' || !problems?.some(isError) || cancel.aborted)
    return outcome;
  const controller = new AbortController();
  const end = new Promise<undefined>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const stop = (): void => controller.abort(new Error('there is no time left to look for the cause'));
  const timer = setTimeout(stop, deadline);
  cancel.addEventListener('abort', stop, { once: true });
  try {
    const context: TaskContext<unknown> = createContext(source, task, {
      number: outcome.attempts,
      signal: controller.signal,
      log: unheard(task),
    });
    const { workflow } = source;
    const found = await Promise.race([
      services.explain(problems, { task, workflow, context, startedAt }),
      end,
    ]);
    const first = found?.find(isError);
    return found && first ? { ...outcome, problems: found, reason: first.message } : outcome;
  } catch {
    // The failure itself is what has to be told.
    return outcome;
  } finally {
    clearTimeout(timer);
    cancel.removeEventListener('abort', stop);
    stop();
  }
}

/** What is printed while causes are looked for is no output of the task. */
function unheard({ name }: TaskDefinition): TaskLog & TaskLogger {
  const ignore = (): void => undefined;
  return new TaskLog({ task: name, emit: ignore, redact: (text) => text, unwritable: ignore });
}
