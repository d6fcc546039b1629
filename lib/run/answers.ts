import type { Plan, TaskResult } from '../../config/define.js';
import type { TaskDefinition } from '../../config/workflow.js';
import { BootstrapError } from '../errors/index.js';

const actions: readonly unknown[] = ['run', 'up-to-date', 'skip'];

/** What a kind plans; throws DBB5019 where that is no plan. Kinds of plugins may be written without types. */
export function planOf(task: TaskDefinition, plan: unknown): Plan {
  if (isRecord(plan) && actions.includes(plan.action) && typeof plan.reason === 'string')
    return plan as unknown as Plan;
  throw notAnswered(task, 'plan', "{ action: 'run' | 'up-to-date' | 'skip', reason: '…' }");
}

/** What a kind has done; throws DBB5019 where that is no result. */
export function resultOf(task: TaskDefinition, result: unknown): TaskResult {
  if (
    isRecord(result) &&
    typeof result.changed === 'boolean' &&
    typeof result.summary === 'string' &&
    [result.findings, result.warnings].every((list) => list === undefined || Array.isArray(list))
  )
    return result as unknown as TaskResult;
  throw notAnswered(task, 'run', "{ changed: true | false, summary: '…' }");
}

function notAnswered({ name, use }: TaskDefinition, method: string, shape: string): BootstrapError {
  return new BootstrapError({
    code: 'DBB5019',
    message: `task "${name}" failed: "${method}" of its kind "${use}" did not return ${shape}`,
    help: `correct the plugin that brings "${use}"`,
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
