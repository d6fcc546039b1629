import type { Dependents, MigrationKey } from '../django/index.js';

/** Apps whose migrations are recorded where none of their tables exists. */
export interface Retaken {
  readonly apps: readonly string[];
  /** Migrations that are not recorded there: the last command applies them. */
  readonly pending?: readonly MigrationKey[];
}

/**
 * The commands that let migrations of apps run anew, in order: their records are taken back, and with them those of the migrations that
 * depend on them. What is missing is applied, and what is there is recorded again. `command` completes a command of migrating.
 */
export function retakeCommands(
  { zero, undone }: Dependents,
  { apps, pending = [] }: Retaken,
  command: (...args: readonly string[]) => string,
): readonly string[] {
  const isPending = ({ app, name }: MigrationKey): boolean =>
    pending.some((each) => each.app === app && each.name === name);
  const steps = undone.filter((key) => !isPending(key));
  const lastFake = steps.findLastIndex(({ app }) => !apps.includes(app));
  return [
    ...zero.map((app) => command('--fake', app, 'zero')),
    ...joined(steps.slice(0, lastFake + 1)).map(({ app, name }) =>
      command(...(apps.includes(app) ? [] : ['--fake']), app, name),
    ),
    command(),
  ];
}

/** Of migrations of one app that follow each other, the last. */
function joined(steps: readonly MigrationKey[]): readonly MigrationKey[] {
  return steps.filter(({ app }, index) => steps[index + 1]?.app !== app);
}
