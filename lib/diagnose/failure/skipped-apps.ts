import type { ExpectedTable, Inspection } from '../../django/index.js';
import { quoteIdentifier } from '../../postgres/index.js';
import { retakeCommands } from '../retake.js';
import type { Cause } from './cause.js';
import { quoted } from './commands.js';
import type { Project } from './project.js';
import type { Scene } from './scene.js';
import { shellWord } from '../../text/index.js';

/** Apps whose migrations a schema records as applied, but of which it has no table. */
interface Skipped {
  readonly apps: readonly string[];
  readonly tables: readonly string[];
  /** The schemas without these tables; the first is the schema of the failure. */
  readonly schemas: readonly string[];
  /** Whether these are all schemas of tenants. */
  readonly everyTenant: boolean;
  /** Schemas of another kind that have these tables; empty if a schema of the same kind has them. */
  readonly elsewhere: readonly string[];
}

/**
 * The cause if a schema records the migrations of an app but has none of its tables. Reports all such apps with one repair, because their
 * tables refer to each other. Undefined if the schema has other tables of the app.
 */
export async function explainSkipped(
  scene: Scene,
  { project, schema, app }: { readonly project: Project; readonly schema: string; readonly app: string },
): Promise<Cause | undefined> {
  const inspection = await project.inspection();
  const skipped = inspection && (await skippedApps(scene, project, inspection, schema));
  if (!inspection || !skipped?.apps.includes(app)) return undefined;
  // A single app without tables anywhere was dropped or recorded with --fake: other causes report its tables one by one.
  if (skipped.elsewhere.length === 0 && skipped.apps.length === 1) return undefined;
  const dependents = await project.dependents(skipped.apps);
  const [state] = await project.states([schema]);
  if (!dependents || !state) return undefined;
  const command = commandFor(inspection, skipped);
  const { apps, schemas, tables, elsewhere } = skipped;
  const shown = apps.length === 1 ? `the app "${apps[0] ?? ''}"` : `${apps.length} apps`;
  return {
    code: elsewhere.length > 0 ? 'DBB6096' : 'DBB6012',
    message: messageOf(inspection, skipped, shown),
    notes: [
      { label: 'apps', text: apps.join(', ') },
      { label: 'missing', text: quoted(tables, 20) },
      ...(elsewhere.length === 0 ? [] : [{ label: 'the tables are in', text: quoted(elsewhere, 5) }]),
      ...(schemas.length === 1 ? [] : [{ label: 'schemas', text: quoted(schemas, 20) }]),
      { label: 'likely', text: whyOf(inspection, skipped) },
    ],
    help: [
      'take the records back, and let the migrations run, in this order:',
      ...retakeCommands(dependents, { apps, pending: state.pending }, command),
    ].join('\n'),
    facts: { schema, schemas, apps, tables },
  };
}

function messageOf(
  { tenancy, publicSchema }: Inspection,
  { schemas, elsewhere }: Skipped,
  shown: string,
): string {
  const [schema = ''] = schemas;
  const where = schemas.length === 1 ? `schema "${schema}"` : `the schemas of ${schemas.length} tenants`;
  if (elsewhere.length === 0)
    return `${where} ${schemas.length === 1 ? 'records' : 'record'} the migrations of ${shown} as applied, but none of their tables exists there`;
  if (!tenancy)
    return `${where} records the migrations of ${shown}, which belonged to tenants then: it has none of their tables`;
  const list = schema === publicSchema ? 'SHARED_APPS' : 'TENANT_APPS';
  return `${shown} came to ${list} after the migrations were recorded in ${where}: no run makes their tables there`;
}

function whyOf({ tenancy }: Inspection, { elsewhere }: Skipped): string {
  const router =
    'at that time the settings assigned these apps to other schemas: the router of django_tenants skips their tables, but Django records their migrations';
  if (elsewhere.length > 0)
    return tenancy
      ? router
      : `${router}; settings that install django_tenants find the tables in their schemas`;
  return tenancy
    ? `${router}; or they were recorded by --fake, or dropped by hand`
    : 'the migrations were recorded by --fake, or the tables were dropped by hand';
}

/** The command that migrates all of these schemas. */
function commandFor(
  { tenancy }: Inspection,
  { schemas, everyTenant }: Skipped,
): (...args: readonly string[]) => string {
  const migrate = (where: string, args: readonly string[]): string =>
    ['python manage.py migrate_schemas', where, ...args].join(' ');
  if (!tenancy) return (...args) => ['python manage.py migrate', ...args].join(' ');
  if (everyTenant && schemas.length > 1) return (...args) => migrate('--tenant', args);
  if (schemas.length === 1) return (...args) => migrate(`--schema=${shellWord(schemas[0] ?? '')}`, args);
  const each = `for schema in ${schemas.map(shellWord).join(' ')}; do`;
  return (...args) => `${each} ${migrate('--schema="$schema"', args)}; done`;
}

async function skippedApps(
  scene: Scene,
  project: Project,
  { tenancy, publicSchema }: Inspection,
  schema: string,
): Promise<Skipped> {
  const isPublic = !tenancy || schema === publicSchema;
  const rows = tenancy && !isPublic ? ((await project.tenants())?.tenants ?? []) : [];
  const type = rows.find((each) => each.schema === schema)?.type;
  const all = rows.filter((each) => each.schemaExists && each.schema !== publicSchema);
  const alike = all.filter((each) => each.type === type && each.schema !== schema).map((each) => each.schema);
  const expected = (await project.tables()).filter(
    (each) => !tenancy || (isPublic ? each.shared : belongs(each, type)),
  );
  const names = expected.map(({ table }) => table);
  const standing = await standingIn(scene, names);
  const lacks = (where: string, tables: readonly string[]): boolean =>
    tables.every((table) => !standing.get(table)?.has(where));
  const recorded = await recordedApps(scene, schema);
  const tablesOf = (app: string): string[] =>
    expected.filter((each) => each.app === app).map(({ table }) => table);
  const apps = [...new Set(expected.map(({ app }) => app))].filter(
    (app) => recorded.has(app) && lacks(schema, tablesOf(app)),
  );
  const tables = apps.flatMap(tablesOf);
  const schemas = [schema, ...alike.filter((each) => lacks(each, tables))];
  const holding = new Set(tables.flatMap((table) => [...(standing.get(table) ?? [])]));
  // If another schema of the same kind has the tables, this schema has lost them.
  const lost = alike.some((each) => holding.has(each));
  return {
    apps,
    tables,
    schemas,
    everyTenant: schemas.length === all.length,
    elsewhere: lost ? [] : [...holding].sort(),
  };
}

function belongs({ tenant, types }: ExpectedTable, type: string | null | undefined): boolean {
  return tenant && (types === undefined || type === null || type === undefined || types.includes(type));
}

/** For each table, the schemas that have it; only schemas with a table django_migrations count. */
async function standingIn(
  { database }: Scene,
  tables: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await database.query<{ table: string; schemas: string[] }>(
    `select c.relname::text as "table", array_agg(n.nspname::text) as schemas
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relname = any ($1) and c.relkind in ('r', 'p', 'f', 'v', 'm')
        and exists (select from pg_catalog.pg_class m where m.relnamespace = n.oid and m.relname = 'django_migrations')
      group by 1`,
    [tables],
  );
  return new Map(rows.map(({ table, schemas }) => [table, new Set(schemas)]));
}

async function recordedApps({ database }: Scene, schema: string): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ app: string }>(
    `select distinct app::text as app from ${quoteIdentifier(schema)}.django_migrations`,
  );
  return new Set(rows.map(({ app }) => app));
}
