import type { Repair } from '../../config/define.js';
import type { TaskDefinition, Workflow } from '../../config/workflow.js';
import type { Problem } from '../errors/index.js';
import { downstreamOf } from '../graph/index.js';
import { createContext, type ContextSource } from './context.js';
import { TaskLog } from './task-log.js';

/**
 * What the kinds of a workflow's tasks say against any change. Tasks with a condition, and those that a task which deletes makes forget
 * first, are asked only when their turn has come.
 */
export async function preflightOf(source: ContextSource, signal: AbortSignal): Promise<readonly Problem[]> {
  const { tasks } = source.workflow;
  const nodes = [...tasks.values()];
  const forgotten = nodes
    .filter(({ enabled, kind }) => enabled && kind.destructive)
    .flatMap(({ name }) => [...downstreamOf(nodes, name)]);
  const asked = enabledTasks(source.workflow).filter(
    (task) => task.if === undefined && !forgotten.includes(task.name),
  );
  const found: Problem[] = [];
  for (const task of asked) {
    const problems = await task.kind.preflight?.(contextOf(source, task, signal));
    found.push(...(problems ?? []));
  }
  return found;
}

/** Lets the kinds of these tasks record changed scripts as applied; resolves with what was accepted. */
export async function acceptChanges(
  source: ContextSource,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly Repair[]> {
  const accepted: Repair[] = [];
  for (const task of enabledTasks(source.workflow).filter(({ name }) => names.includes(name)))
    accepted.push(...((await task.kind.accept?.(contextOf(source, task, signal))) ?? []));
  return accepted;
}

function enabledTasks({ tasks }: Workflow): readonly TaskDefinition[] {
  return [...tasks.values()].filter(({ enabled }) => enabled);
}

function contextOf(
  source: ContextSource,
  task: TaskDefinition,
  signal: AbortSignal,
): ReturnType<typeof createContext> {
  const log = new TaskLog({
    task: task.name,
    emit: () => undefined,
    redact: (text) => text,
    unwritable: () => undefined,
  });
  return createContext(source, task, { number: 1, signal, log });
}
