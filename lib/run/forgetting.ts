import type { TaskDefinition, Workflow } from '../../config/workflow.js';
import type { Problem } from '../errors/index.js';
import { downstreamOf } from '../graph/index.js';
import type { Ledger } from './services.js';

/**
 * Makes all tasks that come after a task forget what they did to the database, and resolves with the names of those that had done
 * something. Called before a destructive task works, not after it: whenever the process dies, no task counts as up to date whose
 * rows are gone; the worst is that one whose rows are still there runs again.
 */
export function forgetDownstream(
  { name }: TaskDefinition,
  workflow: Workflow,
  ledger: Ledger,
): Promise<readonly string[]> {
  const after = downstreamOf([...workflow.tasks.values()], name);
  return after.size === 0 ? Promise.resolve([]) : ledger.forget([...after]);
}

/**
 * A note that names the tasks which remember what they did although a destructive task changed something, because they do not come
 * after it. Forgetting them too would be no cure: they may have made what the task keeps, and would then fail.
 */
export async function remembering(
  { name }: TaskDefinition,
  workflow: Workflow,
  ledger: Ledger,
): Promise<readonly Problem[]> {
  const after = downstreamOf([...workflow.tasks.values()], name);
  const others = [...workflow.tasks.values()].filter(
    (other) => other.name !== name && !other.kind.destructive && !after.has(other.name),
  );
  const sizes = await Promise.all(
    others.map(async (other) => (await ledger.forTask(other.name).entries()).size),
  );
  const names = others.flatMap((other, index) => ((sizes[index] ?? 0) > 0 ? [`"${other.name}"`] : []));
  if (names.length === 0) return [];
  return [
    {
      code: 'DBB5021',
      severity: 'note',
      message: `what these tasks wrote may have been deleted by "${name}", and they do not run again for that: ${names.join(', ')}`,
      help: `let a task that writes rows come after "${name}" (after: [${name}]): it then runs again each time`,
    },
  ];
}
