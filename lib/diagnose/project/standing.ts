import type { TaskClient } from '../../../config/define.js';
import type { Preflight } from '../../django/index.js';
import { quoteIdentifier } from '../../postgres/index.js';

/** The schemas of one kind that have been migrated, and which tables of some apps stand in them. */
export interface Kind {
  /** "public", "tenants", or a type of tenants. */
  readonly kind: string;
  readonly count: number;
  /** Some of them, the first ones by name. */
  readonly schemas: readonly string[];
  /** In how many of them each table stands. */
  readonly tables: ReadonlyMap<string, number>;
}

/** Kinds of schemas with what stands in them; undefined where nobody can tell of which type a tenant is. */
export async function standingTables(
  database: TaskClient,
  { settings, project }: Preflight,
  tables: readonly string[],
): Promise<readonly Kind[] | undefined> {
  const model = project?.tenantModel?.model;
  if (!settings) return undefined;
  const { publicSchema, multiType } = settings;
  if (
    multiType &&
    (!model || model.typeColumn === null || !(await exists(database, publicSchema, model.table)))
  )
    return undefined;
  const tenants =
    multiType && model
      ? `join (select schema_name::text as name, ${quoteIdentifier(model.typeColumn ?? '')}::text as kind
                 from ${quoteIdentifier(publicSchema)}.${quoteIdentifier(model.table)}
                where schema_name <> $1 union all select $1, 'public') as t on t.name = n.nspname`
      : `cross join lateral (select case when n.nspname = $1 then 'public' else 'tenants' end as kind) as t`;
  // Schemas are told by their own table of migrations: what else stands in the database is nobody's business here.
  const schemas = `select n.oid, n.nspname::text as name, t.kind
      from pg_catalog.pg_class m join pg_catalog.pg_namespace n on n.oid = m.relnamespace ${tenants}
     where m.relname = 'django_migrations' and m.relkind in ('r', 'p')`;
  const [kinds, standing] = await Promise.all([
    database.query<{ kind: string; count: number; schemas: string[] }>(
      `select kind, count(*)::integer as count, (array_agg(name order by name))[1:20] as schemas
         from (${schemas}) as s group by kind order by kind`,
      [publicSchema],
    ),
    database.query<{ table: string; kind: string; count: number }>(
      `select c.relname::text as "table", s.kind, count(*)::integer as count
         from (${schemas}) as s
         join pg_catalog.pg_class c on c.relnamespace = s.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')
        where c.relname = any ($2::text[]) group by 1, 2`,
      [publicSchema, tables],
    ),
  ]);
  return kinds.map((each) => ({
    ...each,
    tables: new Map(
      standing.filter(({ kind }) => kind === each.kind).map(({ table, count }) => [table, count]),
    ),
  }));
}

async function exists(database: TaskClient, schema: string, table: string): Promise<boolean> {
  const rows = await database.query(
    `select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2`,
    [schema, table],
  );
  return rows.length > 0;
}
