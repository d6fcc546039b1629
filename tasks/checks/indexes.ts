import * as z from 'zod/mini';
import { defineTask, type Finding } from '../../config/define.js';
import { limitFindings } from './limit.js';
import { ofNoExtension, qualified } from './words.js';
import { counted } from '../../lib/text/index.js';

const options = z.strictObject({});

interface Row {
  readonly schema: string;
  readonly table: string;
  readonly index: string;
  readonly definition: string;
  readonly partitioned: boolean;
  /** It stands behind a primary key, a unique or an exclusion constraint. */
  readonly owned: boolean;
}

/** Every index is there for queries, and not what a failed CREATE INDEX CONCURRENTLY left. */
export const checkIndexes = defineTask({
  kind: 'check-indexes',
  description: 'Every index is valid, in every schema.',
  options,
  check: true,
  run: async ({ database }) => {
    // One that is being built at this moment is no leftover.
    const rows = await database.query<Row>(
      `select n.nspname as schema, c.relname as "table", i.relname as "index", i.relkind = 'I' as partitioned,
              pg_catalog.pg_get_indexdef(i.oid) as definition,
              exists (select from pg_catalog.pg_constraint k where k.conindid = i.oid and k.contype in ('p', 'u', 'x')) as owned
         from pg_catalog.pg_index x
         join pg_catalog.pg_class i on i.oid = x.indexrelid
         join pg_catalog.pg_class c on c.oid = x.indrelid
         join pg_catalog.pg_namespace n on n.oid = i.relnamespace
        where not (x.indisvalid and x.indisready and x.indislive)
          and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
          and ${ofNoExtension('c.oid')}
          and not exists (select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = i.oid)
        order by 1, 2, 3`,
    );
    return {
      changed: false,
      summary: rows.length === 0 ? 'all indexes are valid' : `${counted(rows.length, 'index')} not valid`,
      findings: limitFindings(rows.map(finding), 'indexes'),
    };
  },
});

function finding(row: Row): Finding {
  const { schema, table, index, definition } = row;
  return {
    code: 'DBB6086',
    message: row.partitioned
      ? `index "${index}" of table "${table}" in schema "${schema}" is not valid: a partition lacks its part`
      : `index "${index}" of table "${table}" in schema "${schema}" is not valid: building it concurrently failed`,
    help: helpOf(row),
    facts: { schema, table, index, definition },
    subject: { schema, table, index },
  };
}

function helpOf({ schema, index, definition, partitioned, owned }: Row): string {
  const name = qualified(schema, index);
  if (partitioned)
    return `create the index on each partition and attach it: alter index ${name} attach partition …;`;
  if (owned) return `run: reindex index concurrently ${name};`;
  const drop = `drop index concurrently ${name};`;
  // What REINDEX CONCURRENTLY left beside the index that it was to replace.
  if (/_cc(?:new|old)\d*$/.test(index)) return `run: ${drop}`;
  return `run: ${drop} ${definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ')};`;
}
