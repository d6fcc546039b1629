import type { TaskClient } from '../../config/define.js';
import type { ExpectedRules } from '../../lib/django/index.js';
import { askCatalog, quoteIdentifier } from '../../lib/postgres/index.js';
import { belongs, type Place } from './places.js';

import { batches, qualified } from './words.js';

/** A relation of a model in one schema that the catalog does not bear out. */
export interface RelationFault {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly toSchema: string;
  readonly toTable: string;
  readonly toColumn: string;
  /** The models want a foreign key, and there is none to that table. */
  readonly lacking: boolean;
  /** The foreign key that is there, but never was validated. */
  readonly unvalidated: string | null;
  /** The operator by which values of the column are equal: that of an extension's type is not in pg_catalog. */
  readonly equals: string;
  /** Its rows can be compared with those that they refer to. */
  readonly comparable: boolean;
}

/** A foreign key that leads from one schema into another where it should not. */
export interface Crossing {
  readonly schema: string;
  readonly table: string;
  readonly constraint: string;
  readonly columns: readonly string[];
  readonly toSchema: string;
  readonly toTable: string;
}

/** The relations of the models, in every schema, that are not as they should be; one query. Tables and columns that are missing are left out. */
export async function findRelationFaults(
  database: TaskClient,
  rules: ExpectedRules,
  places: readonly Place[],
): Promise<readonly RelationFault[]> {
  const tables = new Map(
    rules.tables.map((table) => [JSON.stringify([table.schema ?? null, table.table]), table]),
  );
  const kinds = [...new Set(places.map(({ kind }) => kind))];
  const relations = kinds.flatMap((kind) =>
    rules.tables
      .filter((table) => belongs(table, kind))
      .flatMap(({ table, foreignKeys }) =>
        foreignKeys.map((key) => {
          const target = tables.get(JSON.stringify([key.toSchema, key.toTable]));
          return {
            kind,
            table,
            ...key,
            own:
              key.toSchema === null && (kind === 'public' || target === undefined || belongs(target, kind)),
          };
        }),
      ),
  );
  return await database.query<RelationFault>(
    // In two steps: the planner looks at every order of nine tables for longer than the statement takes.
    `with relation as materialized (
       select p.schema, e.*, case when e.own then p.schema else coalesce(e."toSchema", $4) end as target, c.oid, a.attnum, a.atttypid, a.atttypmod
         from unnest($1::text[], $2::text[]) as p(schema, kind)
         join jsonb_to_recordset($3::jsonb) as e(kind text, "table" text, "column" text, "toSchema" text, "toTable" text, "toColumn" text,
                                                 "constraint" boolean, own boolean) on e.kind = p.kind
         join pg_catalog.pg_namespace n on n.nspname = p.schema
         join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = e."table" and c.relkind in ('r', 'p')
         join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = e."column" and not a.attisdropped
     )
     select r.schema, r."table", r."column", r.target as "toSchema", r."toTable", r."toColumn",
            r."constraint" and k.oid is null as lacking,
            case when not k.convalidated then k.conname end as unvalidated,
            coalesce((select 'operator(' || quote_ident(n.nspname) || '.' || o.oprname || ')' from pg_catalog.pg_opclass q
              join pg_catalog.pg_amop m on m.amopfamily = q.opcfamily and m.amoplefttype = r.atttypid and m.amoprighttype = r.atttypid
              join pg_catalog.pg_operator o on o.oid = m.amopopr join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
             where q.opcintype = r.atttypid and q.opcdefault and q.opcmethod = 403 and m.amopstrategy = 3 and n.nspname <> 'pg_catalog'), '=') as equals,
            (r.atttypid = ta.atttypid or r.atttypid in (20, 21, 23) and ta.atttypid in (20, 21, 23))
              and pg_catalog.has_table_privilege(r.oid, 'select') and pg_catalog.has_table_privilege(t.oid, 'select') as comparable
       from relation r
       join pg_catalog.pg_namespace tn on tn.nspname = r.target
       join pg_catalog.pg_class t on t.relnamespace = tn.oid and t.relname = r."toTable" and t.relkind in ('r', 'p')
       join pg_catalog.pg_attribute ta on ta.attrelid = t.oid and ta.attname = r."toColumn" and not ta.attisdropped
       left join pg_catalog.pg_constraint k on k.conrelid = r.oid and k.contype = 'f' and k.confrelid = t.oid and k.conkey = array[r.attnum]
      where r."constraint" and k.oid is null or not k.convalidated
      order by 1, 2, 3`,
    [
      places.map(({ schema }) => schema),
      places.map(({ kind }) => kind),
      JSON.stringify(relations),
      rules.publicSchema,
    ],
  );
}

/** Foreign keys from one schema into a tenant's other one, or into the public schema past a table of the same name; one query. */
export async function findCrossings(
  database: TaskClient,
  rules: ExpectedRules,
  places: readonly Place[],
): Promise<readonly Crossing[]> {
  const own = [...new Set(places.map(({ kind }) => kind))].flatMap((kind) =>
    rules.tables
      .filter((table) => kind !== 'public' && belongs(table, kind))
      .map(({ table }) => ({ kind, table })),
  );
  return await askCatalog<Crossing>(
    database,
    `with place as (select n.oid, p.kind from unnest($1::text[], $2::text[]) as p(schema, kind)
                      join pg_catalog.pg_namespace n on n.nspname = p.schema)
     select sn.nspname as schema, s.relname as "table", k.conname as "constraint",
            array(select a.attname::text from pg_catalog.pg_attribute a
                   where a.attrelid = s.oid and a.attnum = any(k.conkey) order by a.attnum) as columns,
            tn.nspname as "toSchema", t.relname as "toTable"
       from pg_catalog.pg_constraint k
       join pg_catalog.pg_class s on s.oid = k.conrelid join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
       join pg_catalog.pg_class t on t.oid = k.confrelid join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
       join place sp on sp.oid = sn.oid
       join place tp on tp.oid = tn.oid
      where k.contype = 'f' and k.conparentid = 0 and s.relnamespace <> t.relnamespace
        and (tp.kind <> 'public'
             or sp.kind <> 'public' and exists (
               select from jsonb_to_recordset($3::jsonb) as e(kind text, "table" text)
                where e.kind = sp.kind and e."table" = t.relname))
      order by 1, 2, 3`,
    [places.map(({ schema }) => schema), places.map(({ kind }) => kind), JSON.stringify(own)],
  );
}

/** How many rows of each relation refer to nothing; one query for each hundred. */
export async function countDangling(
  database: TaskClient,
  relations: readonly RelationFault[],
): Promise<readonly number[]> {
  const counts: number[] = [];
  for (const batch of batches(relations, 100)) {
    const parts = batch.map((one, position) => {
      const column = quoteIdentifier(one.column);
      return `select ${String(position)} as position, (select count(*)::int ${danglingRows(one, column)}) as rows`;
    });
    const rows = await database.query<{ rows: number }>(`${parts.join(' union all ')} order by position`);
    counts.push(...rows.map((row) => row.rows));
  }
  return counts;
}

/** The rows of a relation that refer to nothing, from FROM on. */
export function danglingRows(
  { schema, table, toSchema, toTable, toColumn, equals }: RelationFault,
  column: string,
): string {
  return `from ${qualified(schema, table)} c where c.${column} is not null and not exists (select from ${qualified(toSchema, toTable)} t where t.${quoteIdentifier(toColumn)} ${equals} c.${column})`;
}
