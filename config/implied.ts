import type { Json } from './define.js';
import type { Path } from './source.js';
import type { Workflow } from './workflow.js';

/** A value that no layer says. */
export interface Implied {
  readonly path: Path;
  readonly value: Json;
  /** "default", or what it was read from. */
  readonly layer: string;
}

/** What holds where nothing is said. */
export function impliedValues(workflow: Workflow): readonly Implied[] {
  const { concurrency, onFailure, grace, ledger, guards } = workflow;
  const byDefault = (path: Path, value: Json): Implied => ({ path, value, layer: 'default' });
  return [
    impliedDatabase(workflow),
    byDefault(['concurrency'], concurrency),
    byDefault(['grace'], `${String(grace / 1000)}s`),
    byDefault(['onFailure'], onFailure),
    byDefault(['ledger'], ledger.kind === 'database' ? { schema: ledger.schema } : ledger.kind),
    byDefault(['guards', 'allowDestructive'], guards.allowDestructive),
  ];
}

function impliedDatabase({ database, env }: Workflow): Implied {
  const path = ['database'];
  if (database.kind !== 'url') return { path, value: database.kind, layer: 'default' };
  return database.url === env.DATABASE_URL
    ? { path, value: database.url, layer: 'DATABASE_URL' }
    : { path, value: 'from PG* variables', layer: 'environment' };
}
