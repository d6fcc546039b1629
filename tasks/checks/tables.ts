import * as z from 'zod/mini';
import { defineTask, type TaskContext, type TaskResult } from '../../config/define.js';
import type { ExpectedTable, Inspection, TenantRows } from '../../lib/django/index.js';
import { limitFindings } from './limit.js';
import { explainMissing, type Missing } from './missing-table.js';

const options = z.strictObject({});

type Context = TaskContext<z.output<typeof options>>;

/** Every table and column that the models expect exists, in each schema where it belongs. */
export const checkTables = defineTask({
  kind: 'check-tables',
  description:
    'Every table and column that the models expect exists, in the public schema and in every tenant.',
  options,
  host: true,
  check: true,
  run,
});

/** A schema with the kind of tables that belong into it: "public", "tenant", or "tenant " and its type. */
interface Place {
  readonly schema: string;
  readonly kind: string;
}

async function run(ctx: Context): Promise<TaskResult> {
  const inspection = await ctx.host.request<Inspection>('inspect');
  const { tables } = await ctx.host.request<{ tables: readonly ExpectedTable[] }>('expectedTables');
  const places = await findPlaces(ctx, inspection);
  const missing = await findMissing(ctx, places, tables);
  const findings = missing.length === 0 ? [] : await explainMissing(ctx.host, missing, inspection, tables);
  const schemas = `${places.length} ${places.length === 1 ? 'schema' : 'schemas'}`;
  return {
    changed: false,
    summary:
      missing.length === 0
        ? `all tables exist in ${schemas}`
        : `${missing.length} ${missing.length === 1 ? 'table is' : 'tables are'} missing or incomplete in ${schemas}`,
    findings: limitFindings(findings, 'tables'),
  };
}

async function findPlaces(ctx: Context, inspection: Inspection): Promise<Place[]> {
  if (!inspection.tenancy) {
    const [row] = await ctx.database.query<{ schema: string | null }>('select current_schema() as schema');
    return [{ schema: row?.schema ?? 'public', kind: 'public' }];
  }
  const { tenants } = await ctx.host.request<TenantRows>('tenants');
  const rest = tenants.filter((tenant) => tenant.schema !== inspection.publicSchema && tenant.schemaExists);
  return [
    { schema: inspection.publicSchema, kind: 'public' },
    ...rest.map(({ schema, type }) => ({ schema, kind: type === null ? 'tenant' : `tenant ${type}` })),
  ];
}

async function findMissing(
  ctx: Context,
  places: readonly Place[],
  tables: readonly ExpectedTable[],
): Promise<Missing[]> {
  const kinds = new Set(places.map((place) => place.kind));
  const expected = tables.flatMap((one) =>
    [...kinds]
      .filter((kind) => belongs(one, kind))
      .map((kind) => ({ kind, table: one.table, columns: one.columns })),
  );
  return await ctx.database.query<Missing>(
    `select p.schema, e."table", missing.columns, folded.name as folded
       from unnest($1::text[], $2::text[]) as p(schema, kind)
       join jsonb_to_recordset($3::jsonb) as e(kind text, "table" text, columns text[]) on e.kind = p.kind
       left join pg_catalog.pg_namespace n on n.nspname = p.schema
       left join pg_catalog.pg_class c
         on c.relnamespace = n.oid and c.relname = e."table" and c.relkind in ('r', 'p', 'v', 'm', 'f')
       left join lateral (
         select array_agg(name) as columns from unnest(e.columns) as name
          where not exists (
            select from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attname = name and a.attnum > 0 and not a.attisdropped)
       ) as missing on c.oid is not null
       left join lateral (
         select min(o.relname)::text as name from pg_catalog.pg_class o
          where c.oid is null and o.relnamespace = n.oid and o.relkind in ('r', 'p', 'v', 'm', 'f')
            and o.relname = lower(e."table")
       ) as folded on true
      where c.oid is null or missing.columns is not null
      order by p.schema, e."table"`,
    [places.map((place) => place.schema), places.map((place) => place.kind), JSON.stringify(expected)],
  );
}

function belongs(table: ExpectedTable, kind: string): boolean {
  if (kind === 'public') return table.shared;
  if (kind === 'tenant' || table.types === undefined) return table.tenant;
  return table.types.includes(kind.slice('tenant '.length));
}
