import type { TaskClient } from '../../config/define.js';
import { quoteIdentifier } from '../../lib/postgres/index.js';
import { batches, ofNoExtension, qualified } from './words.js';

/** A column that takes its values from a sequence. */
export interface SequenceColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly sequenceSchema: string;
  readonly sequence: string;
  /** Negative where the sequence counts down. */
  readonly increment: string;
  readonly readable: boolean;
  /** The value that it gave last; null where it was never asked, or set by hand to what comes next. */
  readonly given: string | null;
}

/** A column whose sequence will give a value that it holds already, or one before it. */
export interface Behind extends SequenceColumn {
  /** The furthest value of the column. */
  readonly value: string;
  readonly last: string;
  /** False: `last` was not given yet, and is what comes next. */
  readonly called: boolean;
}

// With their indexes about a thousand locks at once, of the 6,400 that an ordinary server has.
const tablesAtOnce = 200;

/** The columns of a database that take their values from a sequence. */
export interface SequenceColumns {
  readonly total: number;
  /** Those that could be behind: their tables have rows. */
  readonly filled: readonly SequenceColumn[];
}

/** Every column of integers that owns a sequence (serial, identity) or has one in its default; one query. */
export async function findSequenceColumns(database: TaskClient): Promise<SequenceColumns> {
  const [found] = await database.query<SequenceColumns>(
    // In steps: the planner looks at every order of eight tables for longer than the statement takes, and expects one row of each.
    `with uses as (
       select d.objid as sequence, d.refobjid as "table", d.refobjsubid as "column" from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
          and d.deptype in ('a', 'i') and d.refobjsubid > 0
       union
       select d.refobjid, f.adrelid, f.adnum from pg_catalog.pg_depend d join pg_catalog.pg_attrdef f on f.oid = d.objid
        where d.classid = 'pg_catalog.pg_attrdef'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
     ),
     source as materialized (
       select u."table", u."column", s.oid, s.relname, n.oid as schema, n.nspname, q.seqincrement
         from uses u
         join pg_catalog.pg_class s on s.oid = u.sequence and s.relkind = 'S'
         join pg_catalog.pg_namespace n on n.oid = s.relnamespace
         join pg_catalog.pg_sequence q on q.seqrelid = s.oid and not q.seqcycle
     ),
     target as materialized (
       select s.*, t.relname as "tableName", t.relnamespace, a.attnum, a.attname,
              t.relkind = 'r' and not t.relhassubclass and pg_catalog.pg_relation_size(t.oid) = 0 as empty
         from source s
         join pg_catalog.pg_class t on t.oid = s."table" and t.relkind in ('r', 'p') and not t.relispartition
         join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = s."column" and not a.attisdropped
         join pg_catalog.pg_type y on y.oid = a.atttypid
        where coalesce(nullif(y.typbasetype, 0), y.oid) in (20, 21, 23, 1700) and ${ofNoExtension('t.oid')}
     ),
     found as materialized (
       select n.oid, n.nspname, t.empty, t.oid as "sequenceOid", t.schema as "sequenceSchemaOid", t."table", t.attnum,
              t."tableName", t.attname, t.nspname as "sequenceSchema", t.relname, t.seqincrement
         from target t
         cross join lateral (select oid, nspname from pg_catalog.pg_namespace where oid = t.relnamespace offset 0) n
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     ),
     filled as (
       select nspname::text as schema, "tableName"::text as "table", attname::text as "column", "sequenceSchema"::text,
              relname::text as sequence, seqincrement::text as increment,
              pg_catalog.has_schema_privilege(oid, 'usage') and pg_catalog.has_schema_privilege("sequenceSchemaOid", 'usage')
                and pg_catalog.has_column_privilege("table", attnum, 'select')
                and pg_catalog.has_table_privilege("sequenceOid", 'select') as readable,
              case when pg_catalog.has_sequence_privilege("sequenceOid", 'select')
                   then pg_catalog.pg_sequence_last_value("sequenceOid")::text end as given
         from found where not empty
     )
     select (select count(*)::int from found) as total,
            coalesce((select jsonb_agg(to_jsonb(filled) order by schema, "table", "column") from filled), '[]') as filled`,
  );
  return found ?? { total: 0, filled: [] };
}

/** Those columns whose sequence is behind: one query for each batch of tables, and one more where any looks as if it were. */
export async function findBehind(
  database: TaskClient,
  columns: readonly SequenceColumn[],
): Promise<readonly Behind[]> {
  const suspects: SequenceColumn[] = [];
  for (const batch of batches(columns, tablesAtOnce)) {
    const rows = await database.query<{ readonly position: number; readonly value: string }>(
      `select * from (${batch.map(furthestValue).join(' union all ')}) values order by position`,
    );
    suspects.push(...rows.flatMap(({ position, value }) => suspected(batch[position], value)));
  }
  const found: Behind[] = [];
  for (const batch of batches(suspects, tablesAtOnce)) {
    const rows = await database.query<
      Pick<Behind, 'value' | 'last' | 'called'> & { readonly position: number }
    >(`${batch.map(exactly).join(' union all ')} order by position`);
    for (const { position, ...numbers } of rows) {
      const column = batch[position];
      if (column) found.push({ ...column, ...numbers });
    }
  }
  return onceEach(found);
}

/** A sequence that several columns use is told with the one that is furthest: an inherited column has its parent's default. */
function onceEach(found: readonly Behind[]): readonly Behind[] {
  const furthest = new Map<string, Behind>();
  for (const one of found) {
    const key = JSON.stringify([one.sequenceSchema, one.sequence]);
    const other = furthest.get(key);
    const ahead = BigInt(one.value) - BigInt(other?.value ?? one.value);
    if (!other || (one.increment.startsWith('-') ? ahead < 0n : ahead > 0n)) furthest.set(key, one);
  }
  return [...furthest.values()];
}

/** Planned in half the time of a join with the sequence, which few tables need. */
function furthestValue({ schema, table, column, increment }: SequenceColumn, position: number): string {
  const name = quoteIdentifier(column);
  const order = increment.startsWith('-') ? '' : ' desc';
  return `(select ${String(position)} as position, trunc(${name}::numeric)::text as value from ${qualified(schema, table)}
    where ${name} is not null order by ${name}${order} limit 1)`;
}

function suspected(column: SequenceColumn | undefined, value: string): readonly SequenceColumn[] {
  if (!column) return [];
  if (column.given === null) return [column];
  const step = BigInt(column.increment);
  const next = BigInt(column.given) + step;
  return (step > 0n ? BigInt(value) >= next : BigInt(value) <= next) ? [column] : [];
}

function exactly(column: SequenceColumn, position: number): string {
  const { schema, table, sequenceSchema, sequence, increment } = column;
  const [furthest, reaches] = increment.startsWith('-') ? ['min', '<='] : ['max', '>='];
  return `select ${String(position)} as position, trunc(f.value::numeric)::text as value, s.last_value::text as last, s.is_called as called
    from ${qualified(sequenceSchema, sequence)} s,
         (select ${furthest}(${quoteIdentifier(column.column)}) as value from ${qualified(schema, table)}) f
   where f.value ${reaches} s.last_value::numeric + case when s.is_called then ${increment} else 0 end`;
}
