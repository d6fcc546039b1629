import type { TaskContext } from '../../config/define.js';
import type { TaskDefinition } from '../../config/workflow.js';
import { BootstrapError, type Problem } from '../errors/index.js';
import { planOf, resultOf } from './answers.js';
import { evaluateCondition } from './condition.js';
import { Cancelled, isOfWhatIsLeft, withinTimeout, type Patience } from './deadline.js';
import type { RunEventBody, TaskEnd } from './events.js';
import { isError, problemsOf, toleranceOf, toleratedBy } from './failure.js';
import { whyCancelled } from './reason.js';
import { backoff, isWorthRetry, jitterScale } from './retry.js';

/** How a task came back from all its attempts. */
export type TaskOutcome = Pick<
  TaskEnd,
  'changed' | 'attempts' | 'reason' | 'problems' | 'warnings' | 'tolerated'
> & {
  readonly status: 'succeeded' | 'up-to-date' | 'skipped' | 'failed' | 'warned' | 'cancelled';
};

/** What attempts need from the run. */
export interface AttemptOptions {
  createContext(attempt: number, signal: AbortSignal): TaskContext<unknown>;
  emit(event: RunEventBody): void;
  /** Asked once the plan says that a task will change something; false where the run has found a reason against it. */
  mayChange(signal: AbortSignal): Promise<boolean>;
  /** Called right before the work of each attempt whose plan says that there is some; the work starts once it has resolved. */
  beforeWork?(context: TaskContext<unknown>): Promise<void>;
  /** Aborted when the run is interrupted or has no time left. */
  readonly cancel: AbortSignal;
  readonly patience: Patience;
  readonly verbose: boolean;
}

/** Runs a task until it succeeds, has nothing to do, or no further try is worth it. Never rejects for a failure of the task. */
export async function runAttempts(task: TaskDefinition, options: AttemptOptions): Promise<TaskOutcome> {
  const { cancel } = options;
  const { default: retry } = await import('p-retry');
  const { retry: policy } = task;
  const scale = jitterScale(policy);
  const last: { attempt: number; answer?: Answer; problems?: readonly Problem[] } = { attempt: 0 };
  try {
    await retry(
      async (attempt) => {
        last.attempt = attempt;
        options.emit({ type: 'attempt.start', task: task.name, attempt });
        try {
          last.answer = await withinTimeout(task, options, (signal, clock) =>
            answer(task, options.createContext(attempt, signal), {
              ...options,
              // What the run looks at before its first change is not this task's time.
              mayChange: () => clock.without(options.mayChange(signal)),
            }),
          );
        } catch (error) {
          // p-retry has views of its own on TypeErrors and on what is no error at all: it sees only ours.
          throw new BootstrapError(problemsOf(error, task.name, options.verbose), { cause: error });
        }
      },
      {
        retries: Math.max(0, policy.attempts - 1),
        minTimeout: policy.delay * scale,
        maxTimeout: policy.maxDelay,
        factor: policy.factor,
        // Without jitter of its own, p-retry waits exactly what the event has said.
        randomize: false,
        signal: cancel,
        onFailedAttempt: ({ error, attemptNumber, retriesLeft }) => {
          if (cancel.aborted || !(error instanceof BootstrapError)) throw error;
          const { problems } = error;
          last.problems = problems;
          const again = retriesLeft > 0 && isWorthRetry(problems, policy.on) && !isAbandoned(problems);
          options.emit({
            type: 'attempt.fail',
            task: task.name,
            attempt: attemptNumber,
            attempts: policy.attempts,
            problems,
            ...(again ? { retryIn: backoff(policy, attemptNumber, scale) } : {}),
          });
          if (!again) throw error;
        },
      },
    );
  } catch (error) {
    // What has succeeded in spite of an interruption has succeeded.
    if (!last.answer) return failure(task, last, error, cancel);
  }
  if (!last.answer) throw new Error(`task "${task.name}" ended without an answer`);
  return { ...last.answer, attempts: last.attempt };
}

type Answer = Pick<TaskOutcome, 'status' | 'changed' | 'reason' | 'warnings'>;

/** One attempt: the condition, the plan, the work. */
async function answer(
  task: TaskDefinition,
  context: TaskContext<unknown>,
  { beforeWork, mayChange }: Pick<AttemptOptions, 'beforeWork' | 'mayChange'>,
): Promise<Answer> {
  if (task.if) {
    const verdict = await evaluateCondition(task.if, context);
    if (!verdict.holds) return { status: 'skipped', changed: false, reason: verdict.reason };
  }
  context.signal.throwIfAborted();
  const plan = task.kind.plan && planOf(task, await task.kind.plan(context));
  if (plan && plan.action !== 'run') {
    return { status: plan.action === 'skip' ? 'skipped' : 'up-to-date', changed: false, reason: plan.reason };
  }
  if (!task.kind.check && !task.kind.readies && !(await mayChange(context.signal)))
    return {
      status: 'cancelled',
      changed: false,
      reason: 'not started, because faults were found before it',
    };
  await beforeWork?.(context);
  context.signal.throwIfAborted();
  const { changed, summary, findings = [], warnings = [] } = resultOf(task, await task.kind.run(context));
  const [first, ...rest] = findings.filter(isError);
  // What failed is told first; what was merely noticed beside it is told all the same.
  if (first)
    throw new BootstrapError([first, ...rest, ...findings.filter((one) => !isError(one)), ...warnings]);
  const remarks = [...warnings, ...findings].filter((remark) => !toleranceOf(remark, task.tolerate));
  return {
    status: 'succeeded',
    changed,
    reason: summary,
    ...(remarks.length > 0 ? { warnings: remarks } : {}),
  };
}

function failure(
  task: TaskDefinition,
  last: { readonly attempt: number; readonly problems?: readonly Problem[] },
  error: unknown,
  cancel: AbortSignal,
): TaskOutcome {
  const base = { changed: false, attempts: last.attempt };
  if (cancel.aborted) {
    const before = last.problems;
    const when = before ? 'before its next attempt' : 'while it ran';
    const reason = `${whyCancelled(cancel)} ${when}${howFar(error)}`;
    return { ...base, status: 'cancelled', reason, ...(before ? { problems: before } : {}) };
  }
  // A fault outside the attempts, such as a policy with numbers that p-retry refuses, is ours.
  if (!last.problems) throw error;
  const problems = last.problems;
  const reason = problems.find(isError)?.message ?? 'it failed';
  const tolerated = toleratedBy(problems, task.tolerate);
  if (!tolerated) return { ...base, status: 'failed', reason, problems };
  return {
    ...base,
    status: 'warned',
    reason: `${tolerated.key} is tolerated: ${tolerated.reason}`,
    problems,
    tolerated,
  };
}

/** What an interrupted attempt says about what it has done and what it has left. */
function howFar(error: unknown): string {
  const cause = error instanceof Cancelled ? error.cause : undefined;
  const notes = cause instanceof BootstrapError ? (cause.problems[0].notes ?? []) : [];
  return notes
    .filter(isOfWhatIsLeft)
    .map(({ text }) => `: ${text}`)
    .join('');
}

function isAbandoned(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.facts?.abandoned === true);
}
