import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../errors/index.js';
import { quoteIdentifier, type DatabaseClient } from '../../postgres/index.js';

/** The numbered, append-only files that make the ledger's tables. */
function migrations(): readonly { readonly version: number; readonly file: string }[] {
  const folder = join(packageRoot(), 'lib/run/ledger/migrations');
  return readdirSync(folder)
    .filter((name) => /^\d+_.*\.sql$/.test(name))
    .sort()
    .map((name) => ({ version: Number.parseInt(name, 10), file: join(folder, name) }));
}

/** The version of the ledger in a schema; undefined where there is none. */
export async function installedVersion(client: DatabaseClient, schema: string): Promise<number | undefined> {
  const [found] = await client.query<{ there: boolean }>(
    `select to_regclass($1) is not null and has_schema_privilege($2, 'usage') as there`,
    [`${quoteIdentifier(schema)}.versions`, schema],
  );
  if (found?.there !== true) return undefined;
  const [row] = await client.query<{ version: number }>(
    `select coalesce(max(version), 0)::int as version from ${quoteIdentifier(schema)}.versions`,
  );
  return row?.version;
}

/**
 * Makes the ledger's tables, or brings them up to date, inside the caller's transaction. Two processes may do it at once: the
 * advisory lock lets the second find everything done (`if not exists` alone is not safe against a race).
 */
export async function install(client: DatabaseClient, schema: string): Promise<void> {
  const name = quoteIdentifier(schema);
  await client.query(`select pg_advisory_xact_lock(hashtext('db-bootstrap ledger'), hashtext($1))`, [schema]);
  await client.query(`create schema if not exists ${name}`);
  await client.query(
    `create table if not exists ${name}.versions (version integer primary key, applied_at timestamptz not null default now())`,
  );
  const done = (await installedVersion(client, schema)) ?? 0;
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
