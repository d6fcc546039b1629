import type { DatabaseClient } from '../postgres/index.js';
import type { FleetMember } from './member.js';

/**
 * The members, each of which has recorded nothing with whether it has the table for that: who was broken off right at the beginning has,
 * and what is executed there does not make it.
 */
export async function withRecordTables(
  database: DatabaseClient,
  members: readonly FleetMember[],
): Promise<readonly FleetMember[]> {
  const bare = members.flatMap(({ schema, applied }) => (applied === 0 ? [schema] : []));
  if (bare.length === 0) return members;
  const rows = await database
    .query<{ schema: string }>(
      `select n.nspname::text as schema from pg_catalog.pg_namespace n join pg_catalog.pg_class c on c.relnamespace = n.oid
        where c.relname = 'django_migrations' and c.relkind in ('r', 'p') and n.nspname = any($1)`,
      [bare],
    )
    // Of a server that is gone, and of an interruption, the tenants themselves tell.
    .catch(() => []);
  const begun = new Set(rows.map(({ schema }) => schema));
  return members.map((member) => (begun.has(member.schema) ? { ...member, begun: true } : member));
}
