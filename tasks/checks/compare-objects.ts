import type { CatalogObject } from './catalog-objects.js';

/** What differs between an object of a schema and that of the reference. */
export interface Difference {
  readonly how: 'missing' | 'extra' | 'changed' | 'renamed';
  /** The schema's own object; where it lacks one, the reference's. */
  readonly object: CatalogObject;
  /** The reference's object; absent for `extra`. */
  readonly reference?: CatalogObject;
}

/** What differs between two schemas, each thing once: what goes with a missing table or column is not told beside it. */
export function compareObjects(
  own: readonly CatalogObject[],
  reference: readonly CatalogObject[],
): readonly Difference[] {
  const theirs = new Map(reference.map((object) => [keyOf(object), object]));
  const ours = new Map(own.map((object) => [keyOf(object), object]));
  const missing = reference.filter((object) => !ours.has(keyOf(object)));
  const extra = own.filter((object) => !theirs.has(keyOf(object)));
  const differences: Difference[] = own.flatMap((object): Difference[] => {
    const other = theirs.get(keyOf(object));
    return other && other.definition !== object.definition
      ? [{ how: 'changed', object, reference: other }]
      : [];
  });
  for (const object of extra) {
    const index = missing.findIndex((other) => isRenamed(object, other));
    const [other] = index < 0 ? [] : missing.splice(index, 1);
    differences.push(other ? { how: 'renamed', object, reference: other } : { how: 'extra', object });
  }
  differences.push(
    ...missing.map((other): Difference => ({ how: 'missing', object: other, reference: other })),
  );
  return withoutConsequences(differences).sort(byPlace);
}

function keyOf({ kind, table, name }: CatalogObject): string {
  return JSON.stringify([kind, kind === 'sequence' ? '' : table, name]);
}

/** Copies of a schema have constraints and indexes under other names, which are as good. */
function isRenamed(own: CatalogObject, other: CatalogObject): boolean {
  return (
    own.kind === other.kind &&
    ['constraint', 'index', 'sequence'].includes(own.kind) &&
    own.table === other.table &&
    own.definition === other.definition
  );
}

function withoutConsequences(differences: readonly Difference[]): Difference[] {
  const whole = differences.filter(({ how }) => how === 'missing' || how === 'extra');
  const tables = new Set(
    whole.flatMap(({ how, object }) => (object.kind === 'table' ? [`${how} ${object.name}`] : [])),
  );
  const columns = whole.filter(({ object }) => object.kind === 'column');
  return differences.filter(({ how, object, reference }) => {
    if (object.kind === 'table') return true;
    if (tables.has(`${how} ${object.table}`)) return false;
    if (object.kind === 'column') return true;
    return !columns.some(
      ({ object: column }) =>
        column.table === object.table &&
        (mentions(object, column.name) || (reference !== undefined && mentions(reference, column.name))),
    );
  });
}

function mentions({ kind, name, definition }: CatalogObject, column: string): boolean {
  if (kind === 'sequence') return name.includes(column);
  const words = definition.match(/"(?:[^"]|"")+"|[\p{L}\p{N}_$]+/gu) ?? [];
  return words.some((word) => word.replace(/^"|"$/g, '').replaceAll('""', '"') === column);
}

function byPlace(a: Difference, b: Difference): number {
  return (
    compare(a.object.table, b.object.table) ||
    compare(a.object.kind, b.object.kind) ||
    compare(a.object.name, b.object.name)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
