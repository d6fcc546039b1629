import type { TaskClient } from '../../config/define.js';
import { quoteIdentifier } from '../../lib/postgres/index.js';
import { batches, qualified } from './words.js';

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
  /** The table has no page, and so no row. */
  readonly empty: boolean;
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

/** Every column of integers that owns a sequence (serial, identity) or has one in its default; one query. */
export async function findSequenceColumns(database: TaskClient): Promise<readonly SequenceColumn[]> {
  return await database.query<SequenceColumn>(
    `with uses as (
       select d.objid as sequence, d.refobjid as "table", d.refobjsubid as "column" from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
          and d.deptype in ('a', 'i') and d.refobjsubid > 0
       union
       select d.refobjid, f.adrelid, f.adnum from pg_catalog.pg_depend d join pg_catalog.pg_attrdef f on f.oid = d.objid
        where d.classid = 'pg_catalog.pg_attrdef'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
     )
     select tn.nspname as schema, t.relname as "table", a.attname as "column", sn.nspname as "sequenceSchema",
            s.relname as sequence, q.seqincrement::text as increment,
            pg_catalog.has_schema_privilege(tn.oid, 'usage') and pg_catalog.has_schema_privilege(sn.oid, 'usage')
              and pg_catalog.has_column_privilege(t.oid, a.attnum, 'select')
              and pg_catalog.has_table_privilege(s.oid, 'select') as readable,
            t.relkind = 'r' and pg_catalog.pg_relation_size(t.oid) = 0 as empty
       from uses u
       join pg_catalog.pg_class s on s.oid = u.sequence and s.relkind = 'S'
       join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
       join pg_catalog.pg_sequence q on q.seqrelid = s.oid and not q.seqcycle
       join pg_catalog.pg_class t on t.oid = u."table" and t.relkind in ('r', 'p') and not t.relispartition
       join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = u."column" and not a.attisdropped
       join pg_catalog.pg_type y on y.oid = a.atttypid
      where tn.nspname !~ '^pg_' and tn.nspname <> 'information_schema'
        and coalesce(nullif(y.typbasetype, 0), y.oid) in (20, 21, 23, 1700)
      order by 1, 2, 3`,
  );
}

/** Those columns whose sequence is behind: one query for each batch of tables. */
export async function findBehind(
  database: TaskClient,
  columns: readonly SequenceColumn[],
): Promise<readonly Behind[]> {
  const found: Behind[] = [];
  const filled = columns.filter(({ empty }) => !empty);
  for (const batch of batches(filled, tablesAtOnce)) {
    const rows = await database.query<
      Pick<Behind, 'value' | 'last' | 'called'> & { readonly position: number }
    >(`${batch.map(branch).join(' union all ')} order by position`);
    for (const { position, ...numbers } of rows) {
      const column = batch[position];
      if (column) found.push({ ...column, ...numbers });
    }
  }
  return found;
}

function branch(column: SequenceColumn, position: number): string {
  const { schema, table, sequenceSchema, sequence, increment } = column;
  const [furthest, reaches] = increment.startsWith('-') ? ['min', '<='] : ['max', '>='];
  return `select ${String(position)} as position, f.value::text as value, s.last_value::text as last, s.is_called as called
    from ${qualified(sequenceSchema, sequence)} s,
         (select ${furthest}(${quoteIdentifier(column.column)}) as value from ${qualified(schema, table)}) f
   where f.value ${reaches} s.last_value::numeric + case when s.is_called then ${increment} else 0 end`;
}
