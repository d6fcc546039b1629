import { quoteIdentifier, quoteLiteral } from '../../postgres/index.js';
import type { Cause } from './cause.js';
import { qualified, quoted } from './commands.js';
import { runsDjango, type Scene } from './scene.js';
import { whoMet, type Symptom } from './symptom.js';

/** A unique index with its table, and the sequence that fills its only column, where there is one. */
interface Unique {
  readonly schema: string;
  readonly table: string;
  readonly primary: boolean;
  readonly columns: string[];
  readonly sequence: string | null;
}

/** Why a key is there already (23505): a sequence that lags behind explicit ids, or a row that is inserted again. */
export async function explainDuplicateKey(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const name = symptom.constraint ?? /unique constraint "([^"]+)"/.exec(symptom.message)?.[1];
  if (name === undefined) return undefined;
  const found = await scene.database.query<Unique>(
    `select n.nspname as schema, t.relname as "table", i.indisprimary as primary,
            array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality as k(attnum, at)
                    join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum order by k.at) as columns,
            case when i.indnkeyatts = 1 then pg_catalog.pg_get_serial_sequence(
              pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.relname),
              (select a.attname from pg_catalog.pg_attribute a where a.attrelid = t.oid and a.attnum = i.indkey[0])) end as sequence
       from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
       join pg_catalog.pg_class t on t.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = t.relnamespace
      where c.relname = $1 and i.indisunique and n.nspname !~ '^pg_' order by 1`,
    [name],
  );
  const uniques =
    symptom.schema === undefined ? found : found.filter(({ schema }) => schema === symptom.schema);
  return (await explainSequence(scene, uniques)) ?? (await explainRow(symptom, scene, name, uniques));
}

interface Lag {
  readonly unique: Unique;
  readonly next: bigint;
  readonly max: bigint;
}

/** Sequences whose next value some row has already passed. */
async function explainSequence(scene: Scene, uniques: readonly Unique[]): Promise<Cause | undefined> {
  const lags: Lag[] = [];
  for (const unique of uniques) {
    const [column = ''] = unique.columns;
    if (unique.sequence === null) continue;
    const [row] = await scene.database.query<{ next: string; max: string | null }>(
      `select (select case when is_called then last_value + 1 else last_value end from ${unique.sequence})::text as next,
              (select max(${quoteIdentifier(column)}) from ${qualified(unique.schema, unique.table)})::text as max`,
    );
    if (!row || row.max === null || BigInt(row.next) > BigInt(row.max)) continue;
    lags.push({ unique, next: BigInt(row.next), max: BigInt(row.max) });
  }
  const [first] = lags;
  if (!first) return undefined;
  const { unique, next, max } = first;
  const [column = ''] = unique.columns;
  return {
    code: 'DBB5054',
    message: `the sequence of "${unique.table}"."${column}" in schema "${unique.schema}" is behind: its next value is ${next}, and ids up to ${max} exist`,
    notes: [
      { label: 'likely', text: 'rows were inserted with explicit ids, which does not move the sequence' },
      ...(lags.length > 1
        ? [
            {
              label: 'the same in',
              text: quoted(
                lags.slice(1).map((lag) => lag.unique.schema),
                20,
              ),
            },
          ]
        : []),
    ],
    help: lags.map(setval).join('\n'),
    facts: {
      schema: unique.schema,
      table: unique.table,
      column,
      next: next.toString(),
      max: max.toString(),
      schemas: lags.map((lag) => lag.unique.schema),
    },
  };
}

function setval({ unique: { schema, table, columns } }: Lag): string {
  const [column = ''] = columns;
  const name = qualified(schema, table);
  return `select setval(pg_get_serial_sequence(${quoteLiteral(name)}, ${quoteLiteral(column)}), (select max(${quoteIdentifier(column)}) from ${name}));`;
}

/** The row that exists already, and who inserts it again. */
async function explainRow(
  symptom: Symptom,
  scene: Scene,
  constraint: string,
  uniques: readonly Unique[],
): Promise<Cause | undefined> {
  const [, names, values] = /^Key \((.*?)\)=\((.*)\) already exists/.exec(symptom.detail ?? '') ?? [];
  for (const unique of uniques) {
    const row = values === undefined ? undefined : await rowOf(scene, unique, values);
    if (values !== undefined && row === undefined && uniques.length > 1) continue;
    const { schema, table, columns } = unique;
    const key = columns.length === 0 ? (names ?? constraint) : columns.join(', ');
    const shown = columns.some(isSecret) ? '***' : values;
    const place = `"${table}" in schema "${schema}"`;
    return {
      code: 'DBB5055',
      message: `${whoMet(symptom, scene.task)} inserts a row that exists already: ${place} has (${key})${shown === undefined ? '' : ` = (${shown})`}`,
      notes: [
        // A driver's note would tell the value all the same.
        ...(shown === '***' ? [{ label: 'detail', text: `Key (${key}) exists already` }] : []),
        { label: 'constraint', text: `"${constraint}" on (${key})` },
        ...(row === undefined ? [] : [{ label: 'row', text: row }]),
      ],
      help: idempotent(symptom, scene, unique),
      facts: { schema, table, constraint, key: columns, ...(shown === '***' ? { detail: undefined } : {}) },
    };
  }
  return undefined;
}

/** Where the insert is Python's, get_or_create; else the clause that makes it safe to repeat. */
function idempotent({ migration }: Symptom, { command, task }: Scene, { columns }: Unique): string {
  if (migration !== undefined) {
    const keys = columns.map((column) => `${column}=…`).join(', ');
    return `let ${migration} look before it inserts: get_or_create(${keys}), or "on conflict do nothing" in SQL`;
  }
  if (runsDjango(command)) {
    const keys = columns.map((column) => `${column}=…`).join(', ');
    return `let "${task.name}" look before it inserts: use get_or_create(${keys}) or update_or_create, so that it can run again`;
  }
  const target = columns.length === 0 ? '' : ` (${columns.map(quoteIdentifier).join(', ')})`;
  return `write "on conflict${target} do nothing" behind the insert, so that task "${task.name}" can run again`;
}

/** The primary key and the unique columns of the row; nothing that may be a secret. */
async function rowOf(
  scene: Scene,
  { schema, table, columns }: Unique,
  values: string,
): Promise<string | undefined> {
  const parts = columns.length === 1 ? [values] : values.split(', ');
  if (columns.length === 0 || parts.length !== columns.length) return undefined;
  const keys = await scene.database.query<{ name: string }>(
    `select a.attname::text as name from pg_catalog.pg_index i join pg_catalog.pg_attribute a
        on a.attrelid = i.indrelid and a.attnum = any(i.indkey::int2[])
      where i.indrelid = $1::regclass and i.indisprimary`,
    [qualified(schema, table)],
  );
  const shown = [...new Set([...keys.map(({ name }) => name), ...columns])].filter((name) => !isSecret(name));
  if (shown.length === 0) return undefined;
  const where = columns
    .map((column, index) => `${quoteIdentifier(column)}::text = $${index + 1}`)
    .join(' and ');
  const [row] = await scene.database.query<Record<string, string | null>>(
    `select ${shown.map((name) => `${quoteIdentifier(name)}::text`).join(', ')} from ${qualified(schema, table)} where ${where} limit 1`,
    parts,
  );
  return (
    row &&
    Object.entries(row)
      .map(([name, value]) => `${name} = ${value ?? 'null'}`)
      .join(', ')
  );
}

function isSecret(column: string): boolean {
  return /passw|secret|token|api_?key|hash|salt/i.test(column);
}
