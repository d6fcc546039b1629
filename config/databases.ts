import { textsOf } from './merge.js';
import { optionNames } from './schema.js';
import type { TaskDefinition } from './workflow.js';

type Options = Readonly<Record<string, unknown>>;

/** Tasks with the databases filled in that the checks look at: where a check names none, those that the other tasks migrate. */
export function withDatabases(tasks: readonly TaskDefinition[]): TaskDefinition[] {
  const migrated = new Set(
    tasks.filter(({ enabled, kind }) => enabled && kind.check !== true).flatMap(migratedBy),
  );
  if (migrated.size === 0) return [...tasks];
  return tasks.map((task) => {
    const options = task.options as Options;
    if (
      task.kind.check !== true ||
      !optionNames(task.kind).includes('databases') ||
      options.databases !== undefined
    )
      return task;
    return { ...task, options: { ...options, databases: [...migrated] } };
  });
}

/** Aliases that a task names, or that its command gives to Django's migrate. */
function migratedBy({ options }: TaskDefinition): readonly string[] {
  const { databases, run } = options as Options;
  const command = Array.isArray(run) ? run.join(' ') : typeof run === 'string' ? run : '';
  const named = /\bmigrate\b/.test(command) ? command.matchAll(/--database[= ]["']?([\w.-]+)/g) : [];
  return [...textsOf(databases as never), ...[...named].flatMap(([, alias]) => alias ?? [])];
}
