import type { TaskClient, TaskHost } from '../../../config/define.js';
import { states, type AppFacts, type MigrationKey, type Preflight } from '../../django/index.js';
import { BootstrapError } from '../../errors/index.js';
import { quoteLiteral } from '../../postgres/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';
import { factsOf, listed, placeOfEntry } from './facts.js';
import { standingTables } from './standing.js';

/**
 * Apps whose label was changed after schemas were migrated: Django takes such an app for a new one, and makes its tables anew, empty, beside
 * those that hold its rows.
 */
export const relabelledApps: Rule = {
  name: 'relabelled-apps',
  reads: ['host', 'database'],
  find: async (evidence) => {
    const facts = await factsOf(evidence);
    const { database, host } = evidence;
    if (!database || !host || !facts?.settings || !facts.project) return [];
    const changed = await changesOf(database, host, facts).catch(untold);
    return changed.map((change) => diagnosisOf(change, facts.settings, evidence));
  },
};

/** What nobody may read, or nobody can put in order, is told by the task that needs it, with its cause. */
function untold(error: unknown): never[] {
  if (error instanceof BootstrapError) return [];
  throw error;
}

/** An app of which a schema has all under another label. */
interface Change {
  readonly app: AppFacts;
  readonly before: string;
  readonly schema: string;
  /** Names of the migrations that are recorded under the label before. */
  readonly names: readonly string[];
  /** Its tables, by the names that they have and by those that they should have. */
  readonly tables: readonly { readonly has: string; readonly should: string }[];
}

async function changesOf(database: TaskClient, host: TaskHost, facts: Preflight): Promise<Change[]> {
  const { project } = facts;
  const standing = await standingTables(database, facts);
  if (!project || !standing) return [];
  const schemas = standing.kinds.flatMap((kind) => kind.schemas);
  if (schemas.length === 0) return [];
  const found = await states(host, project.tenancy ? { schemas } : {});
  // One schema shows it; the first change of each app is told.
  const changes = new Map<string, Change>();
  for (const { schema, pending, unknown } of found.schemas) {
    for (const [before, names] of byApp(unknown))
      for (const app of project.apps) {
        if (changes.has(app.label) || app.otherDatabase) continue;
        const waiting = byApp(pending).get(app.label) ?? [];
        // All of it is pending, and what is recorded are migrations of the same names.
        if (waiting.length < app.package.migrations || !names.every((name) => waiting.includes(name)))
          continue;
        const tables = await tablesBefore(database, { schema, before, app });
        if (tables.length > 0) changes.set(app.label, { app, before, schema, names, tables });
      }
  }
  return [...changes.values()];
}

function byApp(keys: readonly MigrationKey[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const { app, name } of keys) names.set(app, [...(names.get(app) ?? []), name]);
  return names;
}

/** The app's tables in a schema by their names of before; empty where one of them is missing, or where one stands under its new name. */
async function tablesBefore(
  database: TaskClient,
  { schema, before, app }: Pick<Change, 'schema' | 'before' | 'app'>,
): Promise<Change['tables']> {
  const tables = app.tables
    .filter((table) => table.startsWith(`${app.label}_`))
    .map((should) => ({ has: `${before}${should.slice(app.label.length)}`, should }));
  const rows = await database.query<{ name: string }>(
    `select c.relname::text as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = any ($2) and c.relkind in ('r', 'p')`,
    [schema, tables.flatMap(({ has, should }) => [has, should])],
  );
  const there = new Set(rows.map(({ name }) => name));
  return tables.every(({ has, should }) => there.has(has) && !there.has(should)) ? tables : [];
}

function diagnosisOf(change: Change, settings: Preflight['settings'], evidence: Evidence): Diagnosis {
  const { app, before, schema, names, tables } = change;
  return {
    code: 'DBB6097',
    message: `the app "${app.label}" had the label "${before}" when its migrations were recorded: a run would make its tables anew, empty, beside those that hold its rows`,
    ...(settings ? placeOfEntry(evidence, settings, app.name) : {}),
    subject: { app: app.label, before, schema },
    expected: `tables and records of the app "${app.name}" under its label "${app.label}"`,
    actual: `schema "${schema}" has them under "${before}", which no installed app has`,
    evidence: [
      `recorded under "${before}", and pending under "${app.label}": ${listed(names)}`,
      ...tables.map(({ has, should }) => `"${has}" stands where "${should}" is expected`),
    ],
    help: `give the app its label back (label = "${before}" in its AppConfig), or rename what all schemas hold, in psql:\n${renaming(change)}`,
  };
}

/** Records, content types and tables under the new label, in each schema that has any of them. */
function renaming({ app, before, tables }: Change): string {
  const update = (table: string, column: string): string =>
    `execute format('update %I.${table} set ${column} = %L where ${column} = %L', s, ${quoteLiteral(app.label)}, ${quoteLiteral(before)});`;
  return [
    'do $rename$ declare s name; begin',
    "for s in select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relname = 'django_migrations' loop",
    update('django_migrations', 'app'),
    `if to_regclass(format('%I.django_content_type', s)) is not null then ${update('django_content_type', 'app_label')} end if;`,
    ...tables.map(
      ({ has, should }) =>
        `execute format('alter table if exists %I.%I rename to %I', s, ${quoteLiteral(has)}, ${quoteLiteral(should)});`,
    ),
    'end loop; end $rename$;',
  ].join('\n');
}
