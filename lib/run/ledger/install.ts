import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../errors/index.js';
import { quoteIdentifier, type DatabaseClient } from '../../postgres/index.js';
import { refuseForeign } from './trusted.js';

/** The numbered, append-only files that make the ledger's tables. */
function migrations(): readonly { readonly version: number; readonly file: string }[] {
  const folder = join(packageRoot(), 'lib/run/ledger/migrations');
  return readdirSync(folder)
    .filter((name) => /^\d+_.*\.sql$/.test(name))
    .sort()
    .map((name) => ({ version: Number.parseInt(name, 10), file: join(folder, name) }));
}

/** The tables that every version of the ledger has. */
const tables = ['versions', 'runs', 'task_results', 'task_facts'];

/** Whether there is a ledger in a schema; "closed" where the role lacks the right that it needs. Throws DBB4030 where it is not ours. */
export async function stateOfLedger(
  client: DatabaseClient,
  schema: string,
  right: 'select' | 'insert',
): Promise<'open' | 'absent' | 'closed'> {
  const [found] = await client.query<{ open: boolean | null }>(
    `select pg_catalog.bool_and(pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select')
       and pg_catalog.has_table_privilege(c.oid, $2::pg_catalog.text)) as open
     from pg_catalog.pg_namespace n join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind = 'r'
      where n.nspname = $1::pg_catalog.name and c.relname = any($3::pg_catalog.name[])`,
    // By name, because a catalog has no index of the tables of a schema.
    [schema, right, tables],
  );
  if (found?.open === false) return 'closed';
  if (found?.open !== true) return 'absent';
  await refuseForeign(client, schema, tables);
  return 'open';
}

/**
 * Makes the ledger's tables, or brings them up to date, inside the caller's transaction. Two processes may do it at once: the
 * advisory lock lets the second find everything done (`if not exists` alone is not safe against a race).
 */
export async function install(client: DatabaseClient, schema: string): Promise<void> {
  const name = quoteIdentifier(schema);
  await client.query('set local search_path to pg_catalog, pg_temp');
  await client.query(`select pg_advisory_xact_lock(hashtext('db-bootstrap ledger'), hashtext($1))`, [schema]);
  const [there] = await client.query('select from pg_namespace where nspname = $1', [schema]);
  // "if not exists" would ask for the right to create schemas even where one is there.
  if (!there) await client.query(`create schema ${name}`);
  // Another role may have made it since it was looked for.
  await refuseForeign(client, schema, tables);
  await client.query(
    `create table if not exists ${name}.versions (version integer primary key, applied_at timestamptz not null default now())`,
  );
  const [row] = await client.query<{ version: number | null }>(
    `select max(version) as version from ${name}.versions`,
  );
  const done = row?.version ?? 0;
  await client.query(`set local search_path to ${name}`);
  for (const { version, file } of migrations().filter((each) => each.version > done)) {
    await client.query(readFileSync(file, 'utf8'));
    await client.query('insert into versions (version) values ($1)', [version]);
  }
}

/** The version that this release brings. */
export function newestVersion(): number {
  return Math.max(...migrations().map(({ version }) => version));
}
