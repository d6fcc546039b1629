import type { Inspection } from '../project-answers.js';

/** What is needed of the database: statements and their rows. */
export interface StateDatabase {
  query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

/**
 * A digest of what Django's answers about migrations and tenants depend on: which schemas there are, what each has recorded in
 * django_migrations, and the rows of tenants and domains. Undefined where it cannot be read.
 */
export async function databaseState(
  database: StateDatabase,
  inspection: Inspection,
): Promise<string | undefined> {
  try {
    const [there] = await database.query<{ schemas: string[]; recorded: string[]; state: string }>(
      `select coalesce(array_agg(nspname::text order by nspname), '{}') as schemas,
              coalesce(array_agg(nspname::text order by nspname) filter (where exists (
                select from pg_class c where c.relnamespace = n.oid and c.relname = 'django_migrations' and c.relkind in ('r', 'p'))), '{}') as recorded,
              md5(string_agg(nspname::text, chr(10) order by nspname) || current_schemas(false)::text
                || (select format('%s %s %s %s', system_identifier, d.oid, current_database(), current_user)
                    from pg_control_system(), pg_database d where d.datname = current_database())
                || coalesce((select string_agg(format('%s %s %s', setdatabase, setrole, setconfig), chr(10) order by setdatabase, setrole)
                             from pg_db_role_setting), '')) as state
       from pg_namespace n where nspname !~ '^pg_' and nspname <> 'information_schema'`,
    );
    if (!there) return undefined;
    const publicSchema = quote(inspection.publicSchema);
    const tables = [inspection.tenantModel?.table, inspection.domainModel?.table].filter(
      (table) => table !== undefined,
    );
    const parts = [
      ...there.recorded.map(
        (schema) =>
          `md5(string_agg(app || chr(9) || name, chr(10) order by app, name)) as part from ${quote(schema)}.django_migrations`,
      ),
      ...tables.map(
        (table) =>
          `md5(string_agg(t::text, chr(10) order by t::text)) as part from ${publicSchema}.${quote(table)} t`,
      ),
      // A column that has another name leaves the text of a row as it was.
      ...tables.map(
        (table) =>
          `md5(string_agg(attname || chr(9) || atttypid::text, chr(10) order by attnum)) as part from pg_attribute where not attisdropped and attnum > 0 and attrelid = '${`${publicSchema}.${quote(table)}`.replaceAll("'", "''")}'::regclass`,
      ),
    ];
    const union = parts
      .map((part, position) => `select ${String(position)} as position, ${part}`)
      .join(' union all ');
    const rows =
      parts.length === 0 ? [] : await database.query<{ part: string | null }>(`${union} order by position`);
    return [there.state, ...rows.map(({ part }) => part ?? '-')].join(' ');
  } catch {
    // A table is missing, or may not be read: Django will say what there is to say.
    return undefined;
  }
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
