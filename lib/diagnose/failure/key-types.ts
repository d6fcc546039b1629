import type { Note } from '../../errors/index.js';
import type { Cause } from './cause.js';
import { schemaOfCommand, type Scene } from './scene.js';
import type { Symptom } from './symptom.js';

/** One side of a foreign key. */
interface Side {
  readonly table: string;
  readonly column: string;
  readonly type: string;
}

/** Why a foreign key "cannot be implemented" (42804): both columns with their types, and the migrations that made them. */
export async function explainKeyTypes(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const told =
    /^Key columns "(.*?)"(?: of the referencing table)? and "(.*?)"(?: of the referenced table)? are of incompatible types: (.*?) and (.*?)\.?$/.exec(
      symptom.detail ?? '',
    );
  if (!told) return undefined;
  const [, fromColumn = '', toColumn = '', fromType = '', toType = ''] = told;
  const schema = symptom.schema ?? schemaOfCommand(scene.command);
  const names = await tablesOf(symptom, scene, schema, { fromColumn, toColumn });
  const from: Side = { table: names.from ?? '?', column: fromColumn, type: fromType };
  const to: Side = { table: names.to ?? '?', column: toColumn, type: toType };
  const wanted = names.wanted;
  const replaced = wanted !== undefined && wanted !== toType;
  return {
    code: 'DBB6076',
    message: `${shown(from)} is ${fromType}, and ${shown(to)}, which it refers to, is ${toType}: no foreign key can join them`,
    notes: [
      ...(await maker(scene, 'made by', from)),
      ...(await maker(scene, 'refers to', to)),
      ...(replaced ? [{ label: 'models', text: `the migrations want ${shown(to)} to be ${wanted}` }] : []),
    ],
    help: replaced
      ? `the table "${to.table}" is not the one that its migrations make: bring its key to ${wanted}, or drop the table where it may be made anew`
      : `give both keys one type: change the type of ${shown(from)} to ${toType}, or that of ${shown(to)} to ${fromType}`,
    facts: {
      ...(schema === undefined ? {} : { schema }),
      table: from.table,
      column: from.column,
      type: from.type,
      toTable: to.table,
      toColumn: to.column,
      toType: to.type,
    },
  };
}

function shown({ table, column }: Side): string {
  return table === '?' ? `column "${column}"` : `"${table}"."${column}"`;
}

async function maker({ project }: Scene, label: string, side: Side): Promise<Note[]> {
  const history = side.table === '?' ? undefined : await project?.history(side.table, side.column);
  if (!history || history.maker === null) return [];
  const { app, name } = history.maker;
  return [{ label, text: `${shown(side)} ${side.type}, of migration ${app}.${name}` }];
}

/** Which tables: as the statement says, or, where only the output is left, as the migration's models do. */
async function tablesOf(
  { statement, migration }: Symptom,
  { project }: Scene,
  schema: string | undefined,
  { fromColumn, toColumn }: { readonly fromColumn: string; readonly toColumn: string },
): Promise<{ readonly from?: string; readonly to?: string; readonly wanted?: string }> {
  const name = `(?:[\\w$"]+\\.)?"?([\\w$]+)"?`;
  const pattern = new RegExp(
    `\\b(?:create|alter)\\s+table\\s+(?:if not exists\\s+|only\\s+)?${name}[^]*\\breferences\\s+${name}`,
    'i',
  );
  const [, from, to] = pattern.exec(statement ?? '') ?? [];
  const effect = migration === undefined ? undefined : await project?.effect(migration, schema);
  for (const each of effect?.objects ?? []) {
    const key = each.foreignKeys.find(
      (one) =>
        one.column === fromColumn &&
        one.toColumn === toColumn &&
        (from === undefined || from === each.table) &&
        (to === undefined || to === one.toTable),
    );
    if (key) return { from: each.table, to: key.toTable, wanted: key.toType };
  }
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}
