import type { CatalogEntry, Snapshot, TableRows } from './prove-snapshot.js';
import { counted } from '../text/index.js';

/** How two snapshots of a database differ in one place. Keys of rows are shown, and never what else stands in them. */
export type Difference =
  | {
      readonly kind: 'rows';
      readonly schema: string;
      readonly table: string;
      readonly added: number;
      readonly removed: number;
      readonly changed: number;
      /** Columns whose values changed. */
      readonly columns: readonly string[];
      /** Primary keys of some of the rows, as "id=7". */
      readonly keys: readonly string[];
    }
  | {
      readonly kind: 'object';
      readonly schema: string;
      readonly object: string;
      readonly change: 'added' | 'removed' | 'changed';
    };

/** How many rows a difference names. */
const named = 5;

/** What differs between two snapshots, objects before rows; empty where they are the same. */
export function compareSnapshots(before: Snapshot, after: Snapshot): readonly Difference[] {
  const objects = compareObjects(before.objects, after.objects);
  const names = [...new Set([...before.tables.keys(), ...after.tables.keys()])].sort();
  const rows = names.flatMap((name) => {
    const [then, now] = [before.tables.get(name), after.tables.get(name)];
    // A table that came or went is told as an object.
    return then && now && (then.count !== now.count || then.digest !== now.digest)
      ? [compareRows(then, now)]
      : [];
  });
  return [...objects, ...rows];
}

function compareObjects(
  before: ReadonlyMap<string, CatalogEntry>,
  after: ReadonlyMap<string, CatalogEntry>,
): Difference[] {
  const found: (CatalogEntry & { readonly change: 'added' | 'removed' | 'changed' })[] = [];
  for (const key of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [then, now] = [before.get(key), after.get(key)];
    if (then && !now) found.push({ ...then, change: 'removed' });
    else if (now && !then) found.push({ ...now, change: 'added' });
    else if (then && now && then.definition !== now.definition) found.push({ ...now, change: 'changed' });
  }
  // What belongs to a table, or a schema, that came or went comes and goes with it.
  const whole = new Set(
    found
      .filter(({ kind, change }) => (kind === 'table' || kind === 'schema') && change !== 'changed')
      .map(({ kind, schema, table }) => (kind === 'schema' ? schema : table)),
  );
  return found
    .filter(
      ({ kind, schema, table }) =>
        kind === 'schema' || (!whole.has(schema) && (kind === 'table' || !whole.has(table))),
    )
    .map(({ kind, schema, table, name, change }) => ({
      kind: 'object',
      schema,
      object: ['schema', 'table', 'extension', 'function'].includes(kind)
        ? `${kind} ${kind === 'function' || kind === 'extension' ? name : table}`
        : `${kind} "${name}" of ${table}`,
      change,
    }));
}

function compareRows(then: TableRows, now: TableRows): Difference {
  const { schema, table, columns } = now;
  if (!then.rows || !now.rows) {
    const more = now.count - then.count;
    const [added, removed] = [Math.max(0, more), Math.max(0, -more)];
    return { kind: 'rows', schema, table, added, removed, changed: 0, columns: [], keys: [] };
  }
  const [old, current] = [then.rows, now.rows];
  const added = [...current.keys()].filter((key) => !old.has(key));
  const removed = [...old.keys()].filter((key) => !current.has(key));
  const different = new Set<string>();
  const changed = [...current].flatMap(([key, digests]) => {
    const before = old.get(key);
    if (!before) return [];
    const at = columns.filter((name, index) => before[then.columns.indexOf(name)] !== digests[index]);
    for (const name of at) different.add(name);
    return at.length > 0 ? [key] : [];
  });
  return {
    kind: 'rows',
    schema,
    table,
    added: added.length,
    removed: removed.length,
    changed: changed.length,
    columns: columns.filter((name) => different.has(name)),
    keys: [...added, ...changed, ...removed].slice(0, named),
  };
}

/** A difference as a line: "public.plants_plant: 2 rows added (id=4, id=5)". */
export function describeDifference(difference: Difference): string {
  if (difference.kind === 'object') return `${difference.object} was ${difference.change}`;
  const { schema, table, added, removed, changed, columns, keys } = difference;
  const rows = (number: number, what: string): string[] =>
    number === 0 ? [] : [`${counted(number, 'row')} ${what}`];
  const where = columns.length === 0 ? '' : ` in ${columns.map((name) => `"${name}"`).join(', ')}`;
  const parts = [...rows(added, 'added'), ...rows(changed, `changed${where}`), ...rows(removed, 'removed')];
  const total = added + removed + changed;
  const list = keys.length === 0 ? '' : ` (${keys.join('; ')}${total > keys.length ? '; …' : ''})`;
  return `${schema}.${table}: ${parts.length === 0 ? 'its rows changed' : parts.join(', ')}${list}`;
}
