import type { Json, Plan } from '../../config/define.js';
import { migrationAdvice, type MigrationKey, type MigrationStates } from '../../lib/django/index.js';
import { BootstrapError, type Problem } from '../../lib/errors/index.js';
import { counted } from '../../lib/text/index.js';

/** Schemas that lack migrations. */
export function behind(states: MigrationStates): MigrationStates['schemas'] {
  return states.schemas.filter(({ pending }) => pending.length > 0);
}

/** What a task that migrates would do. Throws DBB6007 where the migrations conflict: Django would refuse to apply any. */
export function planOf(states: MigrationStates): Plan {
  refuseConflicts(states.conflicts);
  const schemas = behind(states);
  if (schemas.length === 0) return { action: 'up-to-date', reason: allApplied(states.schemas.length) };
  const total = schemas.reduce((sum, { pending }) => sum + pending.length, 0);
  return {
    action: 'run',
    reason: `${counted(total, 'migration')} ${total === 1 ? 'is' : 'are'} pending in ${counted(schemas.length, 'schema')}`,
    details: schemas.map(({ schema, pending }): Json => ({ schema, pending: pending.map(label) })),
  };
}

/** Throws DBB6007, a problem for each app, where the graph has several ends. */
export function refuseConflicts(conflicts: MigrationStates['conflicts']): void {
  const [first, ...rest] = conflicts.map(({ app, leaves, own }): Problem => ({
    code: 'DBB6007',
    message: `app "${app}" has ${leaves.length} leaf migrations: ${leaves.join(', ')}`,
    help: migrationAdvice('conflict', [{ app, own }]),
  }));
  if (first !== undefined) throw new BootstrapError([first, ...rest]);
}

/** The reason and the summary where nothing is pending. */
export function allApplied(schemas: number): string {
  return schemas === 1 ? 'all migrations are applied' : `all migrations are applied in ${schemas} schemas`;
}

/** "carriers.0004_own_collection". */
export function label({ app, name }: MigrationKey): string {
  return `${app}.${name}`;
}
