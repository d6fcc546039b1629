import type { CatalogObject } from './objects.js';

/** What differs between an object of a schema and that of the reference. */
export interface Difference {
  readonly how: 'missing' | 'extra' | 'changed';
  /** The schema's own object; where it lacks one, the reference's. */
  readonly object: CatalogObject;
  /** The reference's object; absent for `extra`. */
  readonly reference?: CatalogObject;
}

/** The differences between two schemas. For a missing table or column, its own indexes and constraints are not reported as well. */
export function compareObjects(
  own: readonly CatalogObject[],
  reference: readonly CatalogObject[],
): readonly Difference[] {
  const missing = without(reference, own);
  const extra = without(own, reference);
  const differences = extra.map((object): Difference => {
    const index = missing.findIndex((other) => keyOf(other) === keyOf(object));
    const [other] = index < 0 ? [] : missing.splice(index, 1);
    return other ? { how: 'changed', object, reference: other } : { how: 'extra', object };
  });
  differences.push(
    ...missing.map((other): Difference => ({ how: 'missing', object: other, reference: other })),
  );
  return withoutConsequences(differences).sort(byPlace);
}

/** The content by which objects are compared. Names of indexes and constraints are not part of it: applications do not use them. */
export function contentOf({
  kind,
  table,
  name,
  definition,
  detail,
  toSchema,
  toTable,
}: CatalogObject): string {
  const named = kind === 'index' || kind === 'constraint' ? '' : name;
  return JSON.stringify([kind, table, named, definition, detail, toSchema, toTable]);
}

/** The objects of the first list without those of the second. Equal objects count: two without one leave one. */
function without(objects: readonly CatalogObject[], others: readonly CatalogObject[]): CatalogObject[] {
  const counts = new Map<string, number>();
  for (const other of others) counts.set(contentOf(other), (counts.get(contentOf(other)) ?? 0) + 1);
  return objects.filter((object) => {
    const left = counts.get(contentOf(object)) ?? 0;
    counts.set(contentOf(object), left - 1);
    return left <= 0;
  });
}

function keyOf({ kind, table, name }: CatalogObject): string {
  return JSON.stringify([kind, table, name]);
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

/** Whether an object is the sequence of a column, or its definition names the column. */
export function mentions({ kind, name, text }: CatalogObject, column: string): boolean {
  if (kind === 'sequence') return name === column;
  const words = text.match(/"(?:[^"]|"")+"|[\p{L}\p{N}_$]+/gu) ?? [];
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
