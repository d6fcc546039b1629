import type { Inspection, ObjectHistory } from '../../django/index.js';
import { quoteIdentifier } from '../../postgres/index.js';
import type { Cause } from './cause.js';
import { migrateCommand, qualified, quoted } from './commands.js';
import type { Project } from './project.js';
import type { Scene } from './scene.js';
import { explainSkipped } from './skipped-apps.js';

/** An object that schemas lack although they record the migration that makes it. */
export interface Lost {
  readonly schemas: readonly string[];
  readonly table: string;
  readonly column?: string;
  readonly history: Extract<ObjectHistory, { readonly undone: unknown }>;
  readonly inspection: Inspection;
  readonly project: Project;
}

/** "recorded as applied, and yet not there", with how it came to be and the repair. */
export async function explainRecorded(scene: Scene, lost: Lost): Promise<Cause> {
  const { schemas, table, column, history, project } = lost;
  const [schema = 'public'] = schemas;
  const { app, name } = history.maker;
  const skipped = column === undefined && (await explainSkipped(scene, { project, schema, app }));
  if (skipped) return skipped;
  const what = column === undefined ? `table "${table}"` : `column "${column}" of table "${table}"`;
  const number = name.replace(/^(\d+)_.*$/, '$1');
  const others = schemas.slice(1);
  const standing = await standingObjects(scene, schema);
  const { help, tables } = await repair(scene, schema, lost, standing);
  return {
    code: column === undefined ? 'DBB6012' : 'DBB6070',
    message: `schema "${schema}" records migration ${app}.${number} as applied, but ${what} does not exist`,
    notes: [
      { label: 'migration', text: `${app}.${name}` },
      { label: 'likely', text: await howItHappened(lost, standing) },
      ...lostRows(lost),
      ...(tables.length < 2
        ? []
        : [{ label: 'missing as well', text: quoted(tables.filter((each) => each !== table)) }]),
      ...(others.length === 0 ? [] : [{ label: 'the same in', text: quoted(others, 20) }]),
    ],
    help,
    facts: {
      schema,
      table,
      ...(column === undefined ? { tables } : { column }),
      migration: `${app}.${name}`,
      schemas,
    },
  };
}

/** Tables of a schema with their columns. */
async function standingObjects(
  scene: Scene,
  schema: string,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await scene.database.query<{ table: string; columns: string[] }>(
    `select c.relname as "table", array_agg(a.attname::text) as columns
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where n.nspname = $1 and c.relkind in ('r', 'p', 'f', 'v', 'm') group by 1`,
    [schema],
  );
  return new Map(rows.map(({ table, columns }) => [table, new Set(columns)]));
}

async function howItHappened(
  lost: Lost,
  standing: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<string> {
  const { project, history, inspection, column } = lost;
  const { app } = history.maker;
  if (column !== undefined) return 'the column was dropped by hand, or the migration was recorded by --fake';
  const ofApp = (await project.tables()).filter((each) => each.app === app);
  if (ofApp.some((each) => standing.has(each.table)))
    return `the table was dropped by hand or by a restore of part of a dump: other tables of app "${app}" exist`;
  if (inspection.tenancy)
    return `app "${app}" was not in this list of apps (SHARED_APPS, TENANT_APPS) when the schema was migrated, so that its migrations were recorded and its tables skipped; or they were recorded by --fake`;
  return 'the migrations were recorded by --fake, or the tables were dropped by hand';
}

/**
 * Taking the records back and migrating again, where nothing of what the migrations make is there; else that would fail at what
 * exists, and the object alone is made anew, with the other tables that are missing beside ones that are there.
 */
async function repair(
  scene: Scene,
  schema: string,
  lost: Lost,
  standing: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<{ readonly help: string; readonly tables: readonly string[] }> {
  const { history, inspection, table, column } = lost;
  const { maker, before, undone, statements } = history;
  const exists = undone.some(
    ({ tables, columns }) =>
      tables.some((name) => standing.has(name)) ||
      columns.some(({ table, column }) => standing.get(table)?.has(column) === true),
  );
  if (!exists || statements.length === 0) {
    const only = undone.every(({ app }) => app === maker.app) ? [maker.app] : [];
    const help = [
      'take the records back, and let the migrations run:',
      migrateCommand(inspection, schema, '--fake', maker.app, before),
      migrateCommand(inspection, schema, ...only),
    ].join('\n');
    return { help, tables: undone.flatMap(({ tables }) => tables) };
  }
  const others =
    column === undefined ? await missingBeside(lost, schema, standing) : new Map<string, History>();
  const all = new Map([[table, history], ...others]);
  const made: string[] = [];
  for (const each of all.values())
    made.push(...each.statements, ...(await references(scene, schema, each, standing)));
  const isKey = (text: string): boolean => text.includes(' FOREIGN KEY ');
  const help = [
    'make it anew, in psql (later migrations of the app are there, so that they cannot run again):',
    `set search_path to ${quoteIdentifier(schema)}, public;`,
    // Keys come last: they may lead to any of the tables.
    ...[...made.filter((text) => !isKey(text)), ...new Set(made.filter(isKey))].map((text) =>
      text.trimEnd().endsWith(';') ? text : `${text};`,
    ),
  ].join('\n');
  return { help, tables: [...all.keys()] };
}

type History = Lost['history'];

/** Tables that the schema lacks as well, of apps that have others there, and whose migrations it records. */
async function missingBeside(
  { project, table, inspection }: Lost,
  schema: string,
  standing: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<ReadonlyMap<string, History>> {
  const isPublic = !inspection.tenancy || schema === inspection.publicSchema;
  const expected = (await project.tables()).filter((each) => (isPublic ? each.shared : each.tenant));
  const there = new Set(expected.filter((each) => standing.has(each.table)).map(({ app }) => app));
  const [state] = await project.states([schema]);
  const found = new Map<string, History>();
  for (const each of expected) {
    if (each.table === table || standing.has(each.table) || !there.has(each.app)) continue;
    const history = await project.history(each.table);
    if (!history || history.maker === null) continue;
    const { app, name } = history.maker;
    if (!state?.pending.some((key) => key.app === app && key.name === name)) found.set(each.table, history);
  }
  return found;
}

/** The foreign keys that went with the table. Rows that are there refer to nothing now: they are not asked about. */
async function references(
  { database }: Scene,
  schema: string,
  history: History,
  standing: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<string[]> {
  const found = history.references.filter(({ table }) => standing.has(table));
  return Promise.all(
    found.map(async ({ table, statement }) => {
      const rows = await database.query(`select from ${qualified(schema, table)} limit 1`);
      return rows.length === 0 ? statement : `${statement} NOT VALID`;
    }),
  );
}

/** A table that is made anew is empty, and data migrations do not run again. */
function lostRows({ history, column }: Lost): { label: string; text: string }[] {
  const data = history.undone.filter((each) => each.data && each.app === history.maker.app);
  if (column !== undefined || data.length === 0) return [];
  const names = data.map(({ app, name }) => `${app}.${name}`).join(', ');
  return [{ label: 'mind', text: `rows that data migrations had written are gone: ${names}` }];
}
