import type { TaskDatabase } from '../../config/define.js';
import type { Workflow } from '../../config/workflow.js';
import type { Problem } from '../errors/index.js';
import type { TaskEnd } from './events.js';

/**
 * The problem of a run whose tasks all had nothing to work with, on a database that holds nothing: it is not ready, it is empty.
 * A workflow that only waits, or whose other tasks the command line has left out, claims nothing of that kind.
 */
export async function nothingMade(
  { tasks, ledger }: Workflow,
  ends: ReadonlyMap<string, TaskEnd>,
  database: TaskDatabase,
): Promise<Problem | undefined> {
  const makers = [...tasks.values()].filter(
    ({ enabled, kind }) => enabled && kind.check !== true && kind.readies !== true,
  );
  if (makers.length === 0 || makers.some(({ name }) => ends.get(name)?.status !== 'skipped'))
    return undefined;
  // What has failed says by itself that the database is not ready.
  if ([...ends.values()].some(({ status }) => status === 'failed')) return undefined;
  const schema = ledger.kind === 'database' ? ledger.schema : '';
  if (!(await isEmpty(database, schema))) return undefined;
  return {
    code: 'DBB2017',
    message: `database "${database.name}" is empty, and no task of the config has anything to build it with`,
    notes: makers.map(({ name }) => ({ label: name, text: ends.get(name)?.reason ?? 'skipped' })),
    help: 'name what builds it, such as "tasks.init.directory" for a folder of init scripts, or a task with "use: sql" and its files',
  };
}

/** Whether a database holds no table, view, sequence or function but those of extensions and of the ledger. */
async function isEmpty(database: TaskDatabase, ledger: string): Promise<boolean> {
  const [row] = await database.query<{ empty: boolean }>(
    `select not exists (
       select from (
         select 'pg_catalog.pg_class'::regclass as kind, oid, relnamespace as schema from pg_catalog.pg_class
         union all select 'pg_catalog.pg_proc'::regclass, oid, pronamespace from pg_catalog.pg_proc
       ) o join pg_catalog.pg_namespace n on n.oid = o.schema
       where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', $1)
         and not exists (select from pg_catalog.pg_depend d where d.classid = o.kind and d.objid = o.oid and d.deptype = 'e')
     ) as empty`,
    [ledger],
  );
  return row?.empty === true;
}
