import { BootstrapError, type Problem } from '../lib/errors/index.js';
import type { TaskDefinition } from './workflow.js';
import { nearest } from '../lib/text/index.js';

/** The tasks that the command line chooses. */
export interface Selection {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly from?: readonly string[];
}

/** Disables what is not chosen: `only` runs tasks alone, `from` a task and all that comes after it, `skip` all but these. */
export function select(
  tasks: ReadonlyMap<string, TaskDefinition>,
  selection: Selection,
): Map<string, TaskDefinition> {
  refuseUnknown(tasks, selection);
  const { only, skip = [], from } = selection;
  const chosen = from && downstream(tasks, from);
  return new Map(
    [...tasks].map(([name, task]) => {
      const reason = skip.includes(name)
        ? '--skip'
        : only && !only.includes(name)
          ? '--only'
          : chosen && !chosen.has(name)
            ? '--from'
            : undefined;
      if (reason === undefined || !task.enabled) return [name, task];
      return [name, { ...task, enabled: false, disabledReason: `left out by ${reason}` }];
    }),
  );
}

function downstream(
  tasks: ReadonlyMap<string, TaskDefinition>,
  from: readonly string[],
): ReadonlySet<string> {
  const chosen = new Set(from);
  for (let grown = true; grown;) {
    grown = false;
    for (const task of tasks.values()) {
      if (!chosen.has(task.name) && [...task.needs, ...task.after].some((need) => chosen.has(need))) {
        chosen.add(task.name);
        grown = true;
      }
    }
  }
  return chosen;
}

function refuseUnknown(tasks: ReadonlyMap<string, TaskDefinition>, selection: Selection): void {
  const problems = (['only', 'skip', 'from'] as const).flatMap((option) =>
    (selection[option] ?? [])
      .filter((name) => !tasks.has(name))
      .map((name): Problem => {
        const near = name === '' ? undefined : nearest(name, tasks.keys());
        return {
          code: 'DBB1004',
          message: name === '' ? `--${option} names no task` : `there is no task "${name}"`,
          place: { file: `--${option}` },
          help:
            near === undefined ? `the tasks are ${[...tasks.keys()].join(', ')}` : `did you mean "${near}"?`,
        };
      }),
  );
  const [first, ...rest] = problems;
  if (first) throw new BootstrapError([first, ...rest]);
}
