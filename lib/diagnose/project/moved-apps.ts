import type { TaskClient } from '../../../config/define.js';
import { states, type AppFacts, type Dependents, type SettingsFacts } from '../../django/index.js';
import { quoteIdentifier } from '../../postgres/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import { retakeCommands } from '../retake.js';
import type { Rule } from '../rule.js';
import { factsOf, placeOfEntry } from './facts.js';
import { standingTables, type Kind, type Standing } from './standing.js';

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
    const standing = await standingTables(database, facts);
    const moved = standing ? await movesOf(apps, standing) : [];
    const found: Diagnosis[] = [];
    for (const move of moved) {
      if (!(await isRecorded(database, move))) continue;
      const ordered = await inOrder(evidence, move, moved);
      const diagnosis = diagnosisOf(move, settings, evidence);
      found.push(ordered === undefined ? diagnosis : { ...diagnosis, help: ordered });
    }
    return found;
  },
};

/**
 * The repair where apps depend on the app that did not move with it: their records go with the app's, and have to come back without
 * their migrations running again. Undefined where there are no such apps.
 */
async function inOrder({ host }: Evidence, move: Move, moved: readonly Move[]): Promise<string | undefined> {
  const apps = moved.filter(({ to }) => to === move.to).map(({ app }) => app.label);
  const dependents = await host?.request<Dependents>('dependents', { apps });
  if (!host || !dependents || dependents.undone.every(({ app }) => apps.includes(app))) return undefined;
  const [state] = (await states(host, { schemas: [move.schema] })).schemas;
  const commands = retakeCommands(dependents, { apps, pending: state?.pending ?? [] }, (...args) =>
    inSchemas(move, (where) => ['python manage.py migrate_schemas', where, ...args].join(' ')),
  );
  return ['take the records back, and let the migrations run, in this order:', ...commands].join('\n');
}

/** An app whose tables stand in other kinds of schemas, and in none of a kind that should have them. */
interface Move {
  readonly app: AppFacts;
  readonly to: Kind;
  /** The first schema that should have them. */
  readonly schema: string;
  /** Its tables that stand elsewhere, and where. */
  readonly tables: readonly string[];
  readonly elsewhere: readonly { readonly kind: Kind; readonly count: number }[];
}

async function movesOf(apps: readonly AppFacts[], there: Standing): Promise<Move[]> {
  const { kinds } = there;
  // An app that has tables in a few schemas of each kind where it belongs has not moved.
  const few = await there.count(tablesOf(apps), 'few');
  const lacking = apps.filter((app) =>
    kinds.some(
      ({ kind }) => app.places.includes(kind) && app.tables.every((table) => !few.get(kind)?.has(table)),
    ),
  );
  const counts = await there.count(tablesOf(lacking));
  return lacking.flatMap((app) => {
    const standing = kinds.map((kind) => {
      const found = counts.get(kind.kind);
      const tables = app.tables.filter((table) => found?.has(table));
      return { kind, tables, count: Math.max(0, ...tables.map((table) => found?.get(table) ?? 0)) };
    });
    const elsewhere = standing.filter((each) => each.count > 0);
    const tables = app.tables.filter((table) => elsewhere.some((each) => each.tables.includes(table)));
    return standing.flatMap(({ kind, count }): Move[] => {
      const [schema] = kind.schemas;
      const isMoved = app.places.includes(kind.kind) && count === 0 && elsewhere.length > 0;
      return isMoved && schema !== undefined ? [{ app, to: kind, schema, tables, elsewhere }] : [];
    });
  });
}

function tablesOf(apps: readonly AppFacts[]): string[] {
  return apps.flatMap(({ tables }) => tables);
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
  const { app, to, schema, tables, elsewhere } = move;
  const isShared = to.kind === 'public';
  const isType = !isShared && to.kind !== 'tenants';
  const setting = settings.multiType ? 'TENANT_TYPES' : isShared ? 'SHARED_APPS' : 'TENANT_APPS';
  const list = settings.multiType ? `TENANT_TYPES["${isShared ? settings.publicSchema : to.kind}"]` : setting;
  const where = isShared
    ? 'the public schema'
    : isType
      ? `the schemas of tenants of type "${to.kind}"`
      : 'the schemas of tenants';
  const missing = isShared
    ? `"${schema}"`
    : `the schema of every tenant${isType ? ` of type "${to.kind}"` : ''}`;
  const back =
    settings.multiType || app.places.length > 1
      ? `take "${app.name}" out of ${list} again`
      : `put "${app.name}" back into ${isShared ? 'TENANT_APPS' : 'SHARED_APPS'}`;
  return {
    code: 'DBB6096',
    message: `the app "${app.label}" came to ${list} after its migrations were recorded in ${where}: no run makes its tables there`,
    ...placeOfEntry(evidence, settings, app.name, setting),
    subject: { app: app.label, setting, schema, ...(isType ? { type: to.kind } : {}) },
    expected: `the tables of the app "${app.label}" in ${where}, as ${list} says`,
    actual: `${where} ${isShared ? 'records' : 'record'} its migrations as applied, and ${isShared ? 'has' : 'have'} none of its tables`,
    evidence: [
      ...tables.map((table) => `missing in ${missing}: ${table}`),
      ...elsewhere.map(({ kind, count }) => `the tables are in ${shown(kind, count)}`),
      'django_tenants records a migration as applied in every schema, also where it skips its tables',
    ],
    help: `take the records back, and migrate: ${takenBack(move)}, then "python manage.py migrate_schemas ${isShared ? '--shared' : '--tenant'}"; or ${back}`,
  };
}

function shown({ kind, schemas }: Kind, count: number): string {
  if (kind === 'public') return `"${schemas[0] ?? kind}"`;
  const whose = kind === 'tenants' ? '' : ` of type "${kind}"`;
  return count === 1 ? `one schema of a tenant${whose}` : `${String(count)} schemas of tenants${whose}`;
}

/** The command that forgets the app's migrations, where its tables are missing and nowhere else. */
function takenBack(move: Move): string {
  const command = (where: string): string =>
    `python manage.py migrate_schemas ${where} --fake ${move.app.label} zero`;
  return `"${inSchemas(move, command)}"`;
}

/** A command for the schemas in which the tables are missing. */
function inSchemas({ to, schema }: Move, command: (where: string) => string): string {
  if (to.kind === 'tenants') return command('--tenant');
  if (to.count === 1) return command(`--schema=${schema}`);
  const more = to.count > to.schemas.length ? ' …' : '';
  return `for schema in ${to.schemas.join(' ')}${more}; do ${command('--schema=$schema')}; done`;
}
