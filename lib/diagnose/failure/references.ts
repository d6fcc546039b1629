import { quoteIdentifier } from '../../postgres/index.js';
import type { Cause } from './cause.js';
import { qualified, quoted } from './commands.js';
import { schemaOfCommand, type Scene } from './scene.js';
import { tablesIn } from './statement.js';
import { whoMet, type Symptom } from './symptom.js';

/** Why a foreign key is violated (23503): the row that is missing, where it stands instead, or those that still refer to one. */
export async function explainReference(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const { detail = '', message } = symptom;
  const missing = /^Key \((.+?)\)=\((.*)\) is not present in table "(.+?)"/.exec(detail);
  const [, table = ''] = /on table "(.+?)" violates/.exec(message) ?? [];
  if (missing) {
    const [, column = '', value = '', target = ''] = missing;
    return explainMissingRow(symptom, scene, { table, column, value, target });
  }
  const [, column = '', value = '', from = ''] =
    /^Key \((.+?)\)=\((.*)\) is (?:still )?referenced from table "(.+?)"/.exec(detail) ?? [];
  if (from === '') return undefined;
  return {
    code: 'DBB5065',
    message: `rows of "${from}" still refer to the row of "${table}" with (${column}) = (${value}), which ${whoMet(symptom, scene.task)} deletes or changes`,
    help: `delete or change the rows of "${from}" before, or give its foreign key "on delete cascade"`,
    facts: { table, refersFrom: from, key: column },
  };
}

interface Reference {
  readonly table: string;
  readonly column: string;
  readonly value: string;
  readonly target: string;
}

async function explainMissingRow(symptom: Symptom, scene: Scene, asked: Reference): Promise<Cause> {
  const { table, column, value, target } = asked;
  const altering = symptom.migration !== undefined || /^\s*alter\s+table/i.test(symptom.statement ?? '');
  const elsewhere = await schemasWith(scene, asked, symptom.constraint);
  const schema = symptom.schema ?? schemaOfCommand(scene.command) ?? elsewhere.keys[0]?.schema;
  const crossing = elsewhere.keys.find(
    (key) => key.schema !== key.toSchema && (schema === undefined || key.schema === schema),
  );
  const where = schema === undefined ? '' : ` in schema "${schema}"`;
  const facts = { table, column, target, ...(schema === undefined ? {} : { schema }) };
  const notes = [
    ...(crossing
      ? [
          {
            label: 'foreign key',
            text: `it leads from schema "${crossing.schema}" to "${crossing.toSchema}"`,
          },
        ]
      : []),
    ...(elsewhere.holding.length > 0
      ? [{ label: 'such a row', text: `stands in schema ${quoted(elsewhere.holding)}` }]
      : []),
  ];
  if (altering && schema !== undefined) {
    const key = quoteIdentifier(column);
    return {
      code: 'DBB5065',
      message: `rows of "${table}"${where} refer to rows of "${target}" that do not exist, such as (${column}) = (${value}): a foreign key cannot be made`,
      notes,
      help: `correct or delete the rows that this query finds: select * from ${qualified(schema, table)} where ${key} is not null and ${key} not in (select ${quoteIdentifier(elsewhere.toColumn)} from ${qualified(schema, target)});`,
      facts,
    };
  }
  return {
    code: 'DBB5065',
    message: `${whoMet(symptom, scene.task)} writes a row of "${table}"${where} that refers to no row: "${target}" has none with (${column}) = (${value})`,
    notes,
    help: crossing
      ? `insert the row into ${qualified(crossing.toSchema, target)}, or make the foreign key lead to "${target}" of the same schema`
      : `insert the row of "${target}" first, in the same schema`,
    facts,
  };
}

interface ForeignKey {
  readonly schema: string;
  readonly toSchema: string;
  readonly toColumn: string;
}

/** The foreign keys in question, and the schemas whose table of that name holds the row that is missing. */
async function schemasWith(
  { database }: Scene,
  { table, column, value, target }: Reference,
  constraint: string | undefined,
): Promise<{
  readonly keys: readonly ForeignKey[];
  readonly holding: readonly string[];
  readonly toColumn: string;
}> {
  const keys = await database.query<ForeignKey>(
    `select n.nspname as schema, m.nspname as "toSchema", b.attname as "toColumn"
       from pg_catalog.pg_constraint k
       join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_class t on t.oid = k.confrelid join pg_catalog.pg_namespace m on m.oid = t.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
       join pg_catalog.pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
      where k.contype = 'f' and c.relname = $1 and a.attname = $2 and t.relname = $3 and ($4::text is null or k.conname = $4)
      order by 1`,
    [table, column, target, constraint ?? null],
  );
  const toColumn = keys[0]?.toColumn ?? 'id';
  const tables = await database.query<{ schema: string }>(
    `select n.nspname as schema from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = $2 and not a.attisdropped
      where c.relname = $1 and c.relkind in ('r', 'p') and n.nspname !~ '^pg_' order by 1 limit 50`,
    [target, toColumn],
  );
  const holding: string[] = [];
  for (const { schema } of tables) {
    const rows = await database.query(
      `select from ${qualified(schema, target)} where ${quoteIdentifier(toColumn)}::text = $1 limit 1`,
      [value],
    );
    if (rows.length > 0) holding.push(schema);
  }
  return { keys, holding, toColumn };
}

/** Why a value is required and absent (23502). */
export async function explainNull(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const inserted = /^null value in column "(.+?)" of relation "(.+?)" violates/.exec(symptom.message);
  const altered = /^column "(.+?)" of relation "(.+?)" contains null values/.exec(symptom.message);
  const [, column, table] = inserted ?? altered ?? [];
  if (column === undefined || table === undefined) return undefined;
  const rows = await scene.database.query<{
    schema: string;
    type: string;
    primary: boolean;
    default: boolean;
  }>(
    `select n.nspname as schema, pg_catalog.format_type(a.atttypid, a.atttypmod) as type, a.atthasdef or a.attidentity <> '' as default,
            exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary and a.attnum = any(i.indkey::int2[])) as primary
       from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relname = $1 and a.attname = $2 and c.relkind in ('r', 'p') and n.nspname !~ '^pg_' order by 1`,
    [table, column],
  );
  const known = schemaOfCommand(scene.command) ?? symptom.schema;
  const row = rows.find(({ schema }) => schema === known) ?? rows.find((each) => !each.default) ?? rows[0];
  if (!row) return undefined;
  const { schema } = row;
  const facts = { schema, table, column };
  const name = qualified(schema, table);
  const key = quoteIdentifier(column);
  if (altered) {
    const [count] = await scene.database.query<{ count: string }>(
      `select count(*)::text as count from ${name} where ${key} is null`,
    );
    return {
      code: 'DBB5066',
      message: `${count?.count ?? 'some'} rows of "${table}" in schema "${schema}" have no value in "${column}", which ${whoMet(symptom, scene.task)} makes required`,
      help: `give them a value before: update ${name} set ${key} = … where ${key} is null;`,
      facts,
    };
  }
  if (row.primary && !row.default && /^(?:bigint|integer|smallint)$/.test(row.type)) {
    return {
      code: 'DBB5066',
      message: `nothing fills the key "${table}"."${column}" in schema "${schema}": it has neither an identity nor a sequence`,
      notes: [
        { label: 'likely', text: 'the table was made by hand, or by a dump that left its sequence out' },
      ],
      help: [
        `alter table ${name} alter column ${key} add generated by default as identity;`,
        `select setval(pg_get_serial_sequence('${name.replaceAll("'", "''")}', '${column.replaceAll("'", "''")}'), (select coalesce(max(${key}), 0) + 1 from ${name}), false);`,
      ].join('\n'),
      facts,
    };
  }
  return {
    code: 'DBB5066',
    message: `${whoMet(symptom, scene.task)} gives no value to "${table}"."${column}" in schema "${schema}", which is required and has no default in the database`,
    ...(scene.project === undefined
      ? {}
      : {
          notes: [
            {
              label: 'mind',
              text: "defaults of Django's models are Python's: SQL has to give the value itself",
            },
          ],
        }),
    help: `give "${column}" a value in the insert`,
    facts,
  };
}

/** Which column a value is too long for (22001); PostgreSQL names only the type. */
export async function explainTooLong(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const [, type, limit] = /^value too long for type (.+\((\d+)\))/.exec(symptom.message) ?? [];
  if (type === undefined || limit === undefined) return undefined;
  const text = symptom.statement ?? scene.command;
  const named = tablesIn(text);
  const models = (await scene.project?.tables()) ?? [];
  const tables = [...named, ...models.map(({ table }) => table)];
  const rows = await scene.database.query<{ table: string; column: string }>(
    `select distinct c.relname::text as "table", a.attname::text as column
       from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p') and n.nspname !~ '^pg_'
        and c.relname = any($1) and pg_catalog.format_type(a.atttypid, a.atttypmod) = $2 order by 1, 2`,
    [tables, type],
  );
  const mentioned = rows.filter(({ column }) => text.includes(column));
  const fitting = mentioned.length > 0 ? mentioned : rows;
  if (fitting.length === 0) return undefined;
  const names = fitting.map(({ table, column }) => `"${table}"."${column}"`);
  const which = names.length === 1 ? (names[0] ?? '') : `one of ${names.slice(0, 8).join(', ')}`;
  return {
    code: 'DBB5063',
    message: `${whoMet(symptom, scene.task)} writes a value of more than ${limit} characters into ${which}`,
    help: `shorten the value, or let a migration make the column longer than ${limit}`,
    facts: { limit: Number(limit), columns: names, type },
  };
}
