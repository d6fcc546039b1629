import type { TaskClient } from '../../../config/define.js';
import type { AppFacts, SettingsFacts } from '../../django/index.js';
import { quoteIdentifier } from '../../postgres/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';
import { factsOf, placeOfEntry } from './facts.js';

/**
 * Apps that changed their list after schemas were migrated: the router had their migrations recorded where it skipped their tables, so
 * that no run makes these tables now.
 */
export const movedApps: Rule = {
  name: 'moved-apps',
  reads: ['host', 'database'],
  find: async (evidence) => {
    const facts = await factsOf(evidence);
    const { database } = evidence;
    if (!database || !facts?.settings || facts.project?.tenancy !== true) return [];
    const { settings } = facts;
    const apps = facts.project.apps.filter(
      ({ tables, otherDatabase }) => tables.length > 0 && !otherDatabase,
    );
    const standing = await standingTables(database, apps, settings.publicSchema);
    const moved = apps.flatMap((app) => movesOf(app, settings, standing));
    const found = await Promise.all(
      moved.map(async (move) =>
        (await isRecorded(database, move)) ? [diagnosisOf(move, settings, evidence)] : [],
      ),
    );
    return found.flat();
  },
};

/** Where tables of one name stand, of all schemas that have been migrated. */
interface Standing {
  readonly table: string;
  readonly shared: boolean;
  readonly tenants: number;
  readonly tenant: string | null;
}

/** An app whose tables stand in one kind of schemas only, while another one should have them. */
interface Move {
  readonly app: AppFacts;
  /** A schema that should have them. */
  readonly schema: string;
  readonly list: 'SHARED_APPS' | 'TENANT_APPS';
  readonly evidence: readonly string[];
}

async function standingTables(
  database: TaskClient,
  apps: readonly AppFacts[],
  publicSchema: string,
): Promise<readonly Standing[]> {
  // Schemas are told by their own table of migrations: what else stands in the database is nobody's business here.
  return database.query<Standing>(
    `select t.name as "table", coalesce(bool_or(n.nspname = $2), false) as shared,
            count(n.nspname) filter (where n.nspname <> $2)::integer as tenants,
            (select min(h.nspname) from pg_catalog.pg_class m join pg_catalog.pg_namespace h on h.oid = m.relnamespace
              where m.relname = 'django_migrations' and m.relkind in ('r', 'p') and h.nspname <> $2)::text as tenant
       from unnest($1::text[]) as t(name)
       left join pg_catalog.pg_class c on c.relname = t.name and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and exists (select from pg_catalog.pg_class m where m.relnamespace = c.relnamespace and m.relname = 'django_migrations')
       left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      group by 1`,
    [apps.flatMap(({ tables }) => tables), publicSchema],
  );
}

function movesOf(app: AppFacts, { publicSchema }: SettingsFacts, all: readonly Standing[]): Move[] {
  const standing = all.filter(({ table }) => app.tables.includes(table));
  const tenants = standing.filter((one) => one.tenants > 0);
  const shared = standing.filter((one) => one.shared);
  const tenant = standing[0]?.tenant;
  const most = Math.max(0, ...tenants.map((one) => one.tenants));
  return [
    ...(app.places.includes('public') && shared.length === 0 && tenants.length > 0
      ? [
          {
            app,
            schema: publicSchema,
            list: 'SHARED_APPS' as const,
            evidence: tenants
              .map(({ table }) => `missing in "${publicSchema}": ${table}`)
              .concat(
                `they stand in ${most === 1 ? 'one schema of a tenant' : `${String(most)} schemas of tenants`}`,
              ),
          },
        ]
      : []),
    ...(app.places.includes('tenants') && tenants.length === 0 && shared.length > 0 && tenant != null
      ? [
          {
            app,
            schema: tenant,
            list: 'TENANT_APPS' as const,
            evidence: shared
              .map(({ table }) => `missing in the schema of every tenant: ${table}`)
              .concat(`they stand in "${publicSchema}"`),
          },
        ]
      : []),
  ];
}

/** Whether the schema counts the app as migrated. Where it does not, the next run makes the tables. */
async function isRecorded(database: TaskClient, { app, schema }: Move): Promise<boolean> {
  const rows = await database.query(
    `select from ${quoteIdentifier(schema)}.django_migrations where app = $1 limit 1`,
    [app.label],
  );
  return rows.length > 0;
}

function diagnosisOf(move: Move, settings: SettingsFacts, evidence: Evidence): Diagnosis {
  const { app, schema, list } = move;
  const isShared = list === 'SHARED_APPS';
  const where = isShared ? 'the public schema' : 'the schemas of tenants';
  const other = isShared ? 'TENANT_APPS' : 'SHARED_APPS';
  const option = isShared ? '--shared' : '--tenant';
  return {
    code: 'DBB6096',
    message: `the app "${app.label}" came to ${list} after its migrations were recorded in ${where}: no run makes its tables there`,
    ...placeOfEntry(evidence, settings, app.name, list),
    subject: { app: app.label, setting: list, schema },
    expected: `the tables of the app "${app.label}" in ${where}, as ${list} says`,
    actual: `${where} ${isShared ? 'records' : 'record'} its migrations as applied, and ${isShared ? 'has' : 'have'} none of its tables`,
    evidence: [
      ...move.evidence,
      'django_tenants records a migration as applied in every schema, also where it skips its tables',
    ],
    help: `take the records back, and migrate: "python manage.py migrate_schemas ${isShared ? `--schema=${schema}` : '--tenant'} --fake ${app.label} zero", then "python manage.py migrate_schemas ${option}"; or put "${app.name}" back into ${other}`,
  };
}
