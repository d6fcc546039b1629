import { BootstrapError } from '../../lib/errors/index.js';
import { quoteIdentifier, quoteLiteral } from '../../lib/postgres/index.js';

/** A table's or sequence's name as SQL, with its schema. */
export function qualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** A qualified name as SQL has it where it wants a regclass. */
export function regclass(schema: string, name: string): string {
  return quoteLiteral(qualified(schema, name)).trim();
}

/** Pieces of at most `size`, in order: a statement that touches every table of a fleet would take too many locks at once. */
export function batches<Item>(items: readonly Item[], size: number): (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** The SQLSTATE of a failed statement; empty where it has none. */
export function sqlstateOf(error: unknown): string {
  return (error instanceof BootstrapError && error.problems[0].facts?.sqlstate) || '';
}

/** A condition, as SQL: the relation was not made by an extension, whose affairs are its own. */
export function ofNoExtension(oid: string): string {
  return `${oid} not in (select objid from pg_catalog.pg_depend where classid = 'pg_catalog.pg_class'::regclass and deptype = 'e')`;
}
