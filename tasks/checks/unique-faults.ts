import type { TaskClient } from '../../config/define.js';
import type { ExpectedRules, UniqueRule } from '../../lib/django/index.js';
import { askCatalog, quoteIdentifier, withRolePath } from '../../lib/postgres/index.js';
import { belongs, type Place } from './places.js';

import { batches, qualified, sqlstateOf } from './words.js';

/** A unique rule of a model that no index of the schema holds up. */
export interface UniqueFault {
  readonly schema: string;
  readonly table: string;
  readonly rule: UniqueRule;
  /** Values that occur more than once, and the rows that have them. */
  readonly values: number;
  readonly rows: number;
}

/** What the statement below needs to know of a rule. */
interface Wanted {
  readonly kind: string;
  readonly table: string;
  readonly rule: UniqueRule;
}

/**
 * The unique rules that the database does not know, one query for all schemas; then the rows that break them. A rule with a condition or
 * with expressions is known where a unique index has its name, or as many keys and a condition like it.
 */
export async function findUniqueFaults(
  database: TaskClient,
  rules: ExpectedRules,
  places: readonly Place[],
): Promise<readonly UniqueFault[]> {
  const kinds = [...new Set(places.map(({ kind }) => kind))];
  const wanted = kinds.flatMap((kind) =>
    rules.tables
      .filter((table) => belongs(table, kind))
      .flatMap(({ table, unique }) => unique.map((rule): Wanted => ({ kind, table, rule }))),
  );
  const rows = await askCatalog<{ schema: string; position: number; readable: boolean }>(
    database,
    unknownRules,
    [
      places.map(({ schema }) => schema),
      places.map(({ kind }) => kind),
      JSON.stringify(
        wanted.map(({ kind, table, rule }, position) => ({
          position,
          kind,
          table,
          name: rule.name,
          columns: rule.columns,
          keys: rule.columns.length + rule.expressions.length,
          partial: rule.condition !== null,
          plain: rule.condition === null && rule.expressions.length === 0,
          nulls: rule.nullsDistinct,
        })),
      ),
    ],
  );
  const faults = rows.flatMap(({ schema, position, readable }) => {
    const one = wanted[position];
    return one ? [{ schema, table: one.table, rule: one.rule, readable }] : [];
  });
  const counts = await countDuplicates(
    database,
    faults.filter(({ readable }) => readable),
  );
  return faults.map((fault) => ({ ...fault, ...(counts.get(fault) ?? { values: 0, rows: 0 }) }));
}

// Before PostgreSQL 15 null is never the same as null, and Django makes no such constraint.
const unknownRules = `
  with place as materialized (
    select p.kind, n.oid, n.nspname from unnest($1::text[], $2::text[]) as p(schema, kind)
      join pg_catalog.pg_namespace n on n.nspname = p.schema),
  wanted as materialized (
    select * from jsonb_to_recordset($3::jsonb) as e(position int, kind text, "table" text, name text, columns text[], keys int,
                                                     partial boolean, plain boolean, nulls boolean)
     where e.nulls or pg_catalog.current_setting('server_version_num')::int >= 150000),
  known as materialized (
    select x.indrelid, i.relname::text as name, x.indnkeyatts as keys, x.indpred is not null as partial,
           x.indpred is null and x.indexprs is null as plain,
           array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = x.indrelid
                  and a.attnum = any((x.indkey::int2[])[0:x.indnkeyatts - 1])) as columns
      from place p
      join pg_catalog.pg_class i on i.relnamespace = p.oid and i.relkind in ('i', 'I')
      join pg_catalog.pg_index x on x.indexrelid = i.oid
     where x.indisunique and x.indisvalid),
  there as materialized (
    select p.nspname as schema, c.oid, e.*, pg_catalog.has_table_privilege(c.oid, 'select') as readable
      from place p join wanted e on e.kind = p.kind
      join pg_catalog.pg_class c on c.relnamespace = p.oid and c.relname = e."table" and c.relkind in ('r', 'p'))
  select t.schema, t.position, t.readable from there t
   where not exists (
           select from known k where k.indrelid = t.oid
              and case when t.plain then k.plain and k.columns <@ t.columns
                       else k.name = t.name or k.partial = t.partial and k.keys = t.keys and t.columns <@ k.columns end)
     and not exists (
           select from unnest(t.columns) as name where not exists (
             select from pg_catalog.pg_attribute a where a.attrelid = t.oid and a.attname = name and not a.attisdropped))
   order by t.schema, t.position`;

async function countDuplicates<Fault extends Omit<UniqueFault, 'values' | 'rows'>>(
  database: TaskClient,
  faults: readonly Fault[],
): Promise<ReadonlyMap<Fault, { readonly values: number; readonly rows: number }>> {
  const counts = new Map<Fault, { readonly values: number; readonly rows: number }>();
  for (const batch of batches(faults, 100)) {
    const parts = batch.map(
      (fault, position) =>
        `select ${String(position)} as position, count(*)::int as values, coalesce(sum(d.times), 0)::int as rows
           from (select count(*) as times ${repeatedRows(fault)}) d`,
    );
    type Count = { readonly position: number; readonly values: number; readonly rows: number };
    const text = parts.join(' union all ');
    const rows = await database.query<Count>(text).catch((error: unknown) => {
      // A rule of the models may call what an extension or the project brings, which is found on the path of the role.
      if (!['42883', '42704'].includes(sqlstateOf(error))) throw error;
      return database.query<Count>(withRolePath + text);
    });
    for (const { position, values, rows: number } of rows) {
      const fault = batch[position];
      if (fault) counts.set(fault, { values, rows: number });
    }
  }
  return counts;
}

/** What a rule counts as the same value, as SQL. */
export function keysOf({ columns, expressions }: UniqueRule): string {
  return [...columns.map(quoteIdentifier), ...expressions.map((expression) => `(${expression})`)].join(', ');
}

/** The values that break a rule, from FROM on. */
export function repeatedRows({ schema, table, rule }: Omit<UniqueFault, 'values' | 'rows'>): string {
  const keys = [
    ...rule.columns.map(quoteIdentifier),
    ...rule.expressions.map((expression) => `(${expression})`),
  ];
  const conditions = [
    ...(rule.condition === null ? [] : [`(${rule.condition})`]),
    ...(rule.nullsDistinct ? keys.map((key) => `${key} is not null`) : []),
  ];
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  return `from ${qualified(schema, table)}${where} group by ${keysOf(rule)} having count(*) > 1`;
}
