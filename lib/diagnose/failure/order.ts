import type { TaskDefinition } from '../../../config/workflow.js';
import type { Place } from '../../errors/index.js';
import type { Cause } from './cause.js';
import type { Scene } from './scene.js';

/** A task that has to come first: of one of these kinds, or a command that migrates. */
export type Maker = 'shared' | 'tenants' | 'tenant-migrations' | 'migrate';

/**
 * The cause where a task runs before the one that makes what it uses: the workflow has such a task, and the failed one does not wait
 * for it. `what` is a phrase: 'table "carriers_carrier"'.
 */
export function explainOrder(scene: Scene, makers: readonly Maker[], what: string): Cause | undefined {
  const { task, workflow } = scene;
  const before = ancestors(task, workflow.tasks);
  const enabled = [...workflow.tasks.values()].filter((each) => each.enabled && each.name !== task.name);
  const waitedFor = enabled.filter(({ name }) => before.has(name));
  if (waitedFor.some(({ use }) => makers.includes(use as Maker))) return undefined;
  const maker = enabled.find(({ use }) => makers.includes(use as Maker));
  if (!maker) return undefined;
  const place = placeOf(scene);
  return {
    code: 'DBB5050',
    message: `task "${task.name}" runs before "${maker.name}", which makes ${what}: it does not need it`,
    ...(place ? { place } : {}),
    notes: [{ label: 'needs', text: task.needs.length === 0 ? 'none' : task.needs.join(', ') }],
    help: `add it: "tasks.${task.name}.needs: [${[...task.needs, maker.name].join(', ')}]"`,
    facts: { needs: maker.name, task: task.name },
  };
}

/** All tasks that have ended when this one starts. */
function ancestors(task: TaskDefinition, tasks: ReadonlyMap<string, TaskDefinition>): Set<string> {
  const found = new Set<string>();
  const visit = (names: readonly string[]): void => {
    for (const name of names) {
      const each = tasks.get(name);
      if (!each || found.has(name)) continue;
      found.add(name);
      visit([...each.needs, ...each.after]);
    }
  };
  visit([...task.needs, ...task.after]);
  return found;
}

/** Where the config says what the task needs, or that there is such a task. */
function placeOf({ task, workflow }: Scene): Place | undefined {
  for (const key of [`tasks.${task.name}.needs`, `tasks.${task.name}.use`, `tasks.${task.name}`]) {
    const place = workflow.origins.get(key)?.place;
    if (place) return place;
  }
  return undefined;
}
