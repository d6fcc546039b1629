import type { TaskClient } from '../../../config/define.js';
import type { Preflight } from '../../django/index.js';
import { quoteIdentifier } from '../../postgres/index.js';

/** The schemas of one kind that have been migrated. */
export interface Kind {
  /** "public", "tenants", or a type of tenants. */
  readonly kind: string;
  readonly count: number;
  /** Some of them, the first ones by name. */
  readonly schemas: readonly string[];
}

/** Which kinds of schemas there are, and in how many schemas of each a table stands. */
export interface Standing {
  readonly kinds: readonly Kind[];
  /** By kind and table; tables that stand nowhere are left out. In `few`, only the first schemas of each kind are looked at. */
  count(tables: readonly string[], few?: 'few'): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>>;
}

/** Undefined where nobody can tell of which type a tenant is. */
export async function standingTables(
  database: TaskClient,
  { settings, project }: Preflight,
): Promise<Standing | undefined> {
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
  const kinds = await database.query<Kind & Record<string, unknown>>(
    `select kind, count(*)::integer as count, (array_agg(name order by name))[1:20] as schemas
       from (${schemas}) as s group by kind order by kind`,
    [publicSchema],
  );
  return {
    kinds,
    count: async (tables, few) => {
      if (tables.length === 0) return new Map();
      // In few schemas, each table is looked up in each: nobody reads the whole catalog of a large fleet.
      const rows = await database.query<{ table: string; kind: string; count: number }>(
        `select r.name as "table", s.kind, count(*)::integer as count
           from (${schemas}) as s cross join unnest($2::text[]) as r (name)
           join pg_catalog.pg_class c on c.relname = r.name and c.relnamespace = s.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')
          where $3::text[] is null or s.name = any ($3) group by 1, 2`,
        [publicSchema, tables, few ? kinds.flatMap((kind) => kind.schemas) : null],
      );
      return new Map(
        kinds.map(({ kind }) => [
          kind,
          new Map(rows.filter((row) => row.kind === kind).map(({ table, count }) => [table, count])),
        ]),
      );
    },
  };
}

async function exists(database: TaskClient, schema: string, table: string): Promise<boolean> {
  const rows = await database.query(
    `select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2`,
    [schema, table],
  );
  return rows.length > 0;
}
