import type { TaskContext, TaskLogger } from '../../config/define.js';
import type { TaskDefinition } from '../../config/workflow.js';
import type { Problem } from '../errors/index.js';
import type { TaskOutcome } from './attempts.js';
import { createContext, type ContextSource } from './context.js';
import { isError } from './failure.js';
import { TaskLog } from './task-log.js';

/** A server that is gone, or a project that does not load, must not hold up the end of a failed task. */
const longest = 15_000;

/** What decides how long, and for which failure, causes are looked for. */
interface Search {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly cancel: AbortSignal;
  readonly deadline?: number;
  /** Which attempt of the task it was. */
  readonly attempt?: number;
}

/**
 * The outcome with the causes of its failure, where they can be found in time; the outcome as it is where not. Failures that the
 * config tolerates are left alone: what they mean stands there.
 */
export async function withCauses(
  source: ContextSource,
  task: TaskDefinition,
  outcome: TaskOutcome,
  search: Search,
): Promise<TaskOutcome> {
  const { problems, status, attempts } = outcome;
  if (status !== 'failed' || !problems) return outcome;
  const found = await causesOf(source, task, problems, { ...search, attempt: attempts });
  const first = found.find(isError);
  return found !== problems && first ? { ...outcome, problems: found, reason: first.message } : outcome;
}

/** The problems of whatever a task was asked, with their causes; the same problems where none are found in time. */
export async function causesOf(
  source: ContextSource,
  task: TaskDefinition,
  problems: readonly Problem[],
  { startedAt, cancel, deadline = longest, attempt = 1 }: Search,
): Promise<readonly Problem[]> {
  const { services, workflow } = source;
  if (!services.explain || !problems.some(isError) || cancel.aborted) return problems;
  const controller = new AbortController();
  const end = new Promise<undefined>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const stop = (): void => controller.abort(new Error('there is no time left to look for the cause'));
  const timer = setTimeout(stop, deadline);
  cancel.addEventListener('abort', stop, { once: true });
  try {
    const context: TaskContext<unknown> = createContext(source, task, {
      number: attempt,
      signal: controller.signal,
      log: unheard(task),
      explains: true,
    });
    const found = await Promise.race([
      services.explain(problems, { task, workflow, context, startedAt }),
      end,
    ]);
    return found?.some(isError) === true ? found : problems;
  } catch {
    // The failure itself is what has to be told.
    return problems;
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
