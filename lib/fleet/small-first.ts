import type { DatabaseClient } from '../postgres/index.js';
import type { FleetMember } from './member.js';

/**
 * The small tenants first, so that a mistake meets little data before it meets much. Sizes are those that the server has noted, by
 * powers of two: tenants of about one size stay in the order in which they are.
 */
export async function smallFirst(
  database: DatabaseClient,
  members: readonly FleetMember[],
): Promise<readonly FleetMember[]> {
  const rows = await database.query<{ schema: string; size: number }>(
    `select n.nspname::text as schema, floor(log(2, (1 + sum(greatest(c.relpages, 0)))::numeric))::int as size
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm') and n.nspname = any($1) group by 1`,
    [members.map(({ schema }) => schema)],
  );
  const sizes = new Map(rows.map(({ schema, size }) => [schema, size]));
  const sizeOf = ({ schema }: FleetMember): number => sizes.get(schema) ?? 0;
  return [...members].sort((one, other) => sizeOf(one) - sizeOf(other));
}
