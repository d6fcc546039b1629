import type { TaskClient } from '../../config/define.js';

/** Where everything stands that the definition of a table, a constraint, an index or a sequence is told from. */
const catalogs = [
  // Sessions that make temporary tables leave their schemas behind.
  "pg_namespace where nspname !~ '^pg_'",
  'pg_class',
  'pg_attribute',
  'pg_attrdef',
  'pg_constraint',
  'pg_index',
  'pg_inherits',
  'pg_sequence',
  'pg_depend',
  'pg_type',
  'pg_proc',
  'pg_operator',
  'pg_opclass',
  'pg_collation',
  'pg_rewrite',
];

/**
 * Equal where the catalog is as it was. A version of a row bears the number of the transaction that made it, and numbers only grow:
 * what was added or deleted changes the count, and what took the place of something else makes the sum of the numbers larger.
 * Statistics, vacuum and freezing leave both as they are.
 */
export async function catalogStamp(database: TaskClient): Promise<string> {
  const sums = catalogs.map(
    (name) =>
      `(select sum(rows) || '/' || sum(rows * made::text::bigint)
          from (select xmin as made, count(*) as rows from pg_catalog.${name} group by xmin) versions)`,
  );
  const [row] = await database.query<{ stamp: string }>(`select concat_ws(' ', ${sums.join(', ')}) as stamp`);
  return row?.stamp ?? '';
}
