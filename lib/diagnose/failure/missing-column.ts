import { migrationAdvice, type ExpectedTable } from '../../django/index.js';
import type { Cause } from './cause.js';
import { migrateCommand, quoted } from './commands.js';
import { explainOrder } from './order.js';
import type { Project } from './project.js';
import { explainRecorded } from './recorded.js';
import { schemaOfCommand, type Scene } from './scene.js';
import { tablesIn } from './statement.js';
import type { Symptom } from './symptom.js';
import { nearest } from '../../text/index.js';

/** Why a column "does not exist" (42703). */
export async function explainMissingColumn(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const told =
    /^column "(?<column>[^"]+)" of relation "(?<table>[^"]+)" does not exist/.exec(symptom.message) ??
    /^column (?:"?(?<table>[^".]+)"?\.)?"?(?<column>[^".]+)"? does not exist/.exec(symptom.message);
  const column = told?.groups?.column;
  if (column === undefined) return undefined;
  const mentioned = [
    ...new Set([
      ...(told?.groups?.table === undefined ? [] : [told.groups.table]),
      ...tablesIn(symptom.statement),
    ]),
  ];
  const rows = await scene.database.query<{ schema: string; table: string; columns: string[] }>(
    `select n.nspname as schema, c.relname as "table", array_agg(a.attname::text order by a.attnum) as columns
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relname = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_'
      group by 1, 2 order by 1, 2`,
    [mentioned],
  );
  const schema = schemaOfCommand(scene.command) ?? symptom.schema;
  const lacking = rows.filter(
    (row) => !row.columns.includes(column) && (schema === undefined || row.schema === schema),
  );
  const models = (await scene.project?.tables()) ?? [];
  const model = models.find(({ table, columns }) => mentioned.includes(table) && columns.includes(column));
  if (scene.project && model) {
    const schemas = lacking.filter(({ table }) => table === model.table).map((row) => row.schema);
    return explainModelColumn(scene, scene.project, { model, column, schemas });
  }
  return explainUnknownColumn(scene, column, lacking[0] ?? rows[0]);
}

async function explainModelColumn(
  scene: Scene,
  project: Project,
  {
    model,
    column,
    schemas,
  }: { readonly model: ExpectedTable; readonly column: string; readonly schemas: readonly string[] },
): Promise<Cause | undefined> {
  const { table, app } = model;
  const inspection = await project.inspection();
  const history = await project.history(table, column);
  if (project.failure?.code === 'DBB6005') {
    const { code, message, notes = [], help = '' } = project.failure;
    return { code, message, notes, help };
  }
  if (!inspection || !history || schemas.length === 0) return undefined;
  const what = `column "${column}" of table "${table}"`;
  if (history.maker === null) {
    return {
      code: 'DBB6006',
      message: `no migration makes ${what}: model ${app}.${model.model} has the field, and its migrations do not`,
      help: `${migrationAdvice('difference', [model])}, then migrate`,
      facts: { table, column },
    };
  }
  const maker = `${history.maker.app}.${history.maker.name}`;
  const states = await project.states(schemas);
  const waiting = states
    .filter(({ pending }) => pending.some((each) => `${each.app}.${each.name}` === maker))
    .map((state) => state.schema);
  const recorded = schemas.filter((each) => !waiting.includes(each));
  if (recorded.length > 0) {
    return explainRecorded(scene, { schemas: recorded, table, column, history, inspection, project });
  }
  const [first = ''] = waiting;
  const kind = !inspection.tenancy
    ? 'migrate'
    : first === inspection.publicSchema
      ? 'shared'
      : 'tenant-migrations';
  return (
    explainOrder(scene, [kind], what) ?? {
      code: 'DBB6013',
      message: `schema "${first}" has not applied migration ${maker}, which makes ${what}`,
      ...(waiting.length > 1
        ? { notes: [{ label: 'the same in', text: quoted(waiting.slice(1), 20) }] }
        : {}),
      help: `run "${migrateCommand(inspection, first)}"`,
      facts: { schema: first, table, column, migration: maker },
    }
  );
}

function explainUnknownColumn(
  scene: Scene,
  column: string,
  row: { readonly schema: string; readonly table: string; readonly columns: readonly string[] } | undefined,
): Cause | undefined {
  if (!row) return undefined;
  const { schema, table, columns } = row;
  const near = nearest(column, columns);
  return {
    code: 'DBB5056',
    message: `table "${table}" in schema "${schema}" has no column "${column}"`,
    notes: [{ label: 'columns', text: columns.join(', ') }],
    help:
      near === undefined
        ? `correct the statement of task "${scene.task.name}", or add the column`
        : `did you mean "${near}"?`,
    facts: { schema, table, column },
  };
}
