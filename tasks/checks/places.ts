import type { TaskContext } from '../../config/define.js';
import { shownTenants, type ExpectedRules, type Placed, type TenantColumn } from '../../lib/django/index.js';
import { quoteIdentifier, withRolePath } from '../../lib/postgres/index.js';
import { sqlstateOf } from './words.js';

/** A schema with the kind of tables that belong into it: "public", "tenant", "tenant " and its type, or "named " and a schema that names of tables hold. */
export interface Place {
  readonly schema: string;
  readonly kind: string;
}

/** The public schema, and the schema of every tenant row that exists and that the project shows; without tenants the one schema that Django works in. */
export async function findPlaces(
  { database, host }: Pick<TaskContext<unknown>, 'database' | 'host'>,
  rules: ExpectedRules,
): Promise<readonly Place[]> {
  const { tenants: layout, publicSchema } = rules;
  const named = [...new Set(rules.tables.flatMap(({ schema }) => schema ?? []))].map((schema): Place => ({
    schema,
    kind: `named ${schema}`,
  }));
  if (!layout) {
    const [row] = await database.query<{ schema: string }>(
      `${withRolePath}select coalesce(pg_catalog.current_schema()::pg_catalog.text, 'public') as schema`,
    );
    return [{ schema: row?.schema ?? 'public', kind: 'public' }, ...named];
  }
  const isShown = await shownTenants(host);
  const rows = (await existingTenants(database, layout.schema, layout.type, publicSchema)).filter(
    ({ schema }) => isShown(schema),
  );
  return [
    { schema: publicSchema, kind: 'public' },
    ...rows.map(({ schema, type }) => ({ schema, kind: type === null ? 'tenant' : `tenant ${type}` })),
    ...named,
  ];
}

/** Whether the table of a model stands in schemas of a kind. */
export function belongs(placed: Placed, kind: string): boolean {
  if (placed.schema !== undefined || kind.startsWith('named '))
    return kind === `named ${placed.schema ?? ''}`;
  if (kind === 'public') return placed.shared;
  if (kind === 'tenant' || placed.types === undefined) return placed.tenant;
  return placed.types.includes(kind.slice('tenant '.length));
}

async function existingTenants(
  database: TaskContext<unknown>['database'],
  schema: TenantColumn,
  type: TenantColumn | null,
  publicSchema: string,
): Promise<readonly { schema: string; type: string | null }[]> {
  const table = (name: string): string => `${quoteIdentifier(publicSchema)}.${quoteIdentifier(name)}`;
  const join = type
    ? `left join ${table(type.table)} k on k.${quoteIdentifier(type.key)} = t.${quoteIdentifier(schema.key)}`
    : '';
  try {
    return await database.query(
      `select n.nspname::text as schema, ${type ? `k.${quoteIdentifier(type.column)}::text` : 'null'} as type
         from ${table(schema.table)} t
         join pg_catalog.pg_namespace n on n.nspname = t.${quoteIdentifier(schema.column)} ${join}
        where n.nspname <> $1 order by 1`,
      [publicSchema],
    );
  } catch (error) {
    // Without the table or one of its columns there are no tenants yet; the checks of tables and tenants say so.
    if (['42P01', '42703', '3F000'].includes(sqlstateOf(error))) return [];
    throw error;
  }
}
