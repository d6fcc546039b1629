import { createHash } from 'node:crypto';
import type { Inspection } from '../project-answers.js';
import { quoteName, recordedStates, type StateDatabase } from '../recorded-states.js';

/** A digest of a database's state, and of what each schema has recorded. */
export interface DatabaseState {
  readonly digest: string;
  readonly recorded: ReadonlyMap<string, string>;
}

/**
 * A digest of what Django's answers about migrations and tenants depend on: which schemas there are, what each has recorded in
 * django_migrations, and the rows of tenants and domains. Undefined where it cannot be read.
 */
export async function databaseState(
  database: StateDatabase,
  inspection: Inspection,
): Promise<DatabaseState | undefined> {
  // A manager of the project's own may read anything.
  if (inspection.hidesTenants) return undefined;
  try {
    // Where Django looks is up to the role.
    const path =
      'set local search_path to default; select pg_catalog.current_schemas(false)::pg_catalog.text as part';
    const there = `set local search_path to pg_catalog; select md5(string_agg(nspname::text, chr(10) order by nspname)
                || (select format('%s %s %s %s', system_identifier, d.oid, current_database(), current_user)
                    from pg_control_system(), pg_database d where d.datname = current_database())
                || coalesce((select string_agg(format('%s %s %s', setdatabase, setrole, setconfig), chr(10) order by setdatabase, setrole)
                             from pg_db_role_setting), '')) as part
       from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'`;
    const publicSchema = quoteName(inspection.publicSchema);
    const tables = [inspection.tenantModel?.table, inspection.domainModel?.table].filter(
      (table) => table !== undefined,
    );
    const parts = tables.flatMap((table) => [
      `select md5(string_agg(t::text, chr(10) order by t::text)) as part from ${publicSchema}.${quoteName(table)} t`,
      // A column that has another name leaves the text of a row as it was.
      `select md5(string_agg(attname || chr(9) || atttypid::text, chr(10) order by attnum)) as part from pg_attribute
        where not attisdropped and attnum > 0 and attrelid = '${`${publicSchema}.${quoteName(table)}`.replaceAll("'", "''")}'::regclass`,
    ]);
    const rows = await database.query<{ part: string | null }>([path, there, ...parts].join(';\n'));
    const recorded = await recordedStates(database);
    const all = [...rows.map(({ part }) => part ?? '-'), ...[...recorded].flat()];
    return { digest: createHash('sha256').update(all.join(' ')).digest('hex'), recorded };
  } catch {
    // A table is missing, or may not be read: Django will say what there is to say.
    return undefined;
  }
}

/** Which transactions have ended: as long as it is the same, so is everything that a statement sees. */
export async function snapshotOf(database: StateDatabase): Promise<string | undefined> {
  const [row] = await database.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot');
  return row?.snapshot;
}
