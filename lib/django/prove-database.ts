import { BootstrapError, redact } from '../errors/index.js';
import type { DjangoConnection } from './project-answers.js';

/** The workflow's database, as far as the proof needs it. */
export interface ProvableDatabase {
  readonly display: string;
  query<Row extends object>(text: string): Promise<Row[]>;
}

/** Compares the database that Django is connected to with the workflow's. Throws DBB6005 where they are two. */
export async function proveDatabase(database: ProvableDatabase, django: DjangoConnection): Promise<void> {
  const [ours] = await database.query<{ oid: string; started: string }>(
    `select d.oid::bigint::text as oid, (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint::text as started
       from pg_catalog.pg_database d where d.datname = current_database()`,
  );
  if (ours?.oid === String(django.databaseOid) && ours.started === django.postmasterStart) return;
  const { user, host, port, name } = django;
  throw new BootstrapError({
    code: 'DBB6005',
    message: 'Django is connected to another database than the workflow',
    notes: [
      { label: 'workflow', text: redact(database.display) },
      { label: 'Django', text: `${user}@${host}:${port}/${name}` },
      { label: 'not done', text: 'nothing was changed in either' },
    ],
    help: 'let the settings read DATABASE_URL or PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE',
  });
}
