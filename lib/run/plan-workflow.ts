import type { Plan, TaskContext } from '../../config/define.js';
import type { TaskDefinition, Workflow } from '../../config/workflow.js';
import { BootstrapError, redactor, type Problem } from '../errors/index.js';
import { topologicalOrder } from '../graph/index.js';
import { planOf } from './answers.js';
import { preflightOf } from './ask-kinds.js';
import { evaluateCondition } from './condition.js';
import { createContext, type ContextSource } from './context.js';
import { mayCure } from './cure.js';
import { withinTimeout } from './deadline.js';
import { causesOf } from './explain.js';
import { cleanProblem, problemsOf } from './failure.js';
import { forgetful, readOnly } from './planned-ledger.js';
import type { RunServices } from './services.js';
import { TaskLog } from './task-log.js';

/** What a plan needs: the same services as a run, of which it uses neither the lock nor the ledger's writes. */
export interface PlanOptions {
  readonly runId: string;
  readonly workflow: Workflow;
  readonly services: RunServices;
  readonly interrupt: AbortSignal;
  readonly kill: AbortSignal;
}

/** What one task would do now. */
export interface TaskPlan {
  readonly name: string;
  readonly use: string;
  readonly needs: readonly string[];
  readonly action: 'run' | 'up-to-date' | 'skip';
  readonly reason: string;
}

/**
 * Asks every task what it would do, in their order; starts none and writes nothing. What cannot be known because a task before
 * it has yet to run counts as "run". Every answer is about the present: where a task before it will run and may change something,
 * an "up-to-date" says "as things stand"; where a destructive task before it will run, what the task remembers does not count. Throws a BootstrapError with all failures that no such task explains.
 */
export async function planWorkflow(options: PlanOptions): Promise<readonly TaskPlan[]> {
  const { workflow, interrupt } = options;
  const redact = redactor(workflow.secrets);
  const stops = await preflightOf({ ...sourceOf(options), ledgerOf: readOnly }, interrupt);
  if (stops.length > 0) throw withoutSecrets(stops, redact);
  const plans = new Map<string, TaskPlan>();
  const problems: Problem[] = [];
  const ordered = topologicalOrder([...workflow.tasks.values()]);
  for (const task of ordered) {
    if (interrupt.aborted) {
      throw new BootstrapError({
        code: 'DBB5020',
        message: 'the plan was interrupted',
        facts: { signal: String(interrupt.reason) },
      });
    }
    const before = upstream(task, workflow, ordered).filter(({ name }) => plans.get(name)?.action === 'run');
    const startedAt = Date.now();
    let plan: Plan;
    try {
      plan = task.enabled
        ? await planTask(
            task,
            options,
            before.find(({ kind }) => kind.destructive),
          )
        : { action: 'skip', reason: task.disabledReason ?? 'disabled in the config' };
      const changing = before.find(({ kind }) => !kind.check && !kind.readies);
      if (changing && plan.action === 'up-to-date') {
        plan = { ...plan, reason: `${plan.reason}, as things stand ("${changing.name}" will run before it)` };
      }
    } catch (error) {
      const found = problemsOf(error, task.name, false);
      const first = before.find(({ kind }) => mayCure(kind, found));
      if (!first)
        problems.push(...(await causesOf(sourceOf(options), task, found, { startedAt, cancel: interrupt })));
      plan = {
        action: 'run',
        reason: `cannot be known before "${first?.name ?? task.name}" has run: ${found[0].message}`,
      };
    }
    const { name, use, needs } = task;
    plans.set(name, { name, use, needs, action: plan.action, reason: redact(plan.reason) });
  }
  if (problems.length > 0) throw withoutSecrets(problems, redact);
  return [...workflow.tasks.keys()].flatMap((name) => plans.get(name) ?? []);
}

function withoutSecrets(problems: readonly Problem[], redact: (text: string) => string): Error {
  const [first, ...rest] = problems.map((problem) => cleanProblem(problem, redact));
  return first ? new BootstrapError([first, ...rest]) : new Error('there is no problem');
}

function sourceOf(options: PlanOptions): ContextSource {
  return { ...options, emit: () => undefined };
}

/** `deleting` is a destructive task that will run before this one. */
async function planTask(
  task: TaskDefinition,
  options: PlanOptions,
  deleting: TaskDefinition | undefined,
): Promise<Plan> {
  const { workflow, interrupt, kill } = options;
  const log = new TaskLog({
    task: task.name,
    emit: () => undefined,
    redact: (text) => text,
    unwritable: () => undefined,
  });
  const hidden = new Set<string>();
  const ledgerOf: ContextSource['ledgerOf'] = (ledger, about) =>
    readOnly(deleting && about === 'database' ? forgetful(ledger, hidden) : ledger);
  const patience = { grace: workflow.grace, kill };
  return withinTimeout(task, { cancel: interrupt, patience }, (signal) => {
    const context = createContext({ ...sourceOf(options), ledgerOf }, task, { number: 1, signal, log });
    return answer(task, context, () =>
      deleting && hidden.size > 0
        ? `what it did does not count any more once "${deleting.name}" has run`
        : undefined,
    );
  });
}

/** `because` is asked when the task has answered "run": why it will, where it cannot know. */
async function answer(
  task: TaskDefinition,
  context: TaskContext<unknown>,
  because: () => string | undefined,
): Promise<Plan> {
  const condition = task.if;
  if (condition && !('command' in condition)) {
    const verdict = await evaluateCondition(condition, context);
    if (!verdict.holds) return { action: 'skip', reason: verdict.reason };
  }
  const plan: Plan = task.kind.plan
    ? planOf(task, await task.kind.plan(context))
    : { action: 'run', reason: 'it runs every time' };
  if (plan.action !== 'run') return plan;
  const reason = because() ?? plan.reason;
  // A command may change something, so only a run may ask it.
  if (!condition || !('command' in condition)) return { ...plan, reason };
  return { ...plan, reason: `only if "${condition.command}" succeeds: ${reason}` };
}

/** All that must have come before a task, in the order of the run. */
function upstream(
  task: TaskDefinition,
  workflow: Workflow,
  ordered: readonly TaskDefinition[],
): readonly TaskDefinition[] {
  const names = new Set([...task.needs, ...task.after]);
  for (const name of names) {
    const other = workflow.tasks.get(name);
    for (const each of [...(other?.needs ?? []), ...(other?.after ?? [])]) names.add(each);
  }
  return ordered.filter(({ name }) => names.has(name));
}
