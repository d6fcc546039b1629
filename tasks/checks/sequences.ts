import * as z from 'zod/mini';
import {
  defineTask,
  type Finding,
  type Repair,
  type TaskClient,
  type TaskContext,
  type TaskResult,
} from '../../config/define.js';
import { quoteIdentifier } from '../../lib/postgres/index.js';
import { limitFindings } from './limit.js';
import { findBehind, findSequenceColumns, type Behind } from './sequence-columns.js';
import { batches, qualified, regclass } from './words.js';
import { counted } from '../../lib/text/index.js';

const options = z.strictObject({});

type Context = TaskContext<z.output<typeof options>>;

/** No sequence will give a value that its column holds already. */
export const checkSequences = defineTask({
  kind: 'check-sequences',
  description: 'No sequence is behind the values of its column, in any schema.',
  options,
  check: true,
  run,
  fix,
});

async function run({ database }: Context): Promise<TaskResult> {
  const { total, filled } = await findSequenceColumns(database);
  const readable = filled.filter((column) => column.readable);
  const unread = filled.length - readable.length;
  const behind = await findBehind(database, readable);
  const findings = behind.map(finding);
  return {
    changed: false,
    summary:
      behind.length === 0
        ? `no sequence of ${String(total - unread)} is behind its column`
        : `${String(behind.length)} of ${counted(total - unread, 'sequence')} ${behind.length === 1 ? 'is' : 'are'} behind`,
    findings: limitFindings(unread > 0 ? [...findings, unreadable(filled)] : findings, 'sequences'),
  };
}

function finding(one: Behind): Finding {
  const { schema, table, column, sequence, value, last } = one;
  return {
    code: 'DBB6080',
    message: `sequence "${sequence}" in schema "${schema}" gives ${nextOf(one)} next, but column "${column}" of table "${table}" holds ${value} already`,
    help: `run "db-bootstrap check --fix --only sequences", or: select setval(${regclass(one.sequenceSchema, sequence)}, ${value});`,
    facts: { schema, table, sequence, last, value },
    subject: { schema, sequence, table, column },
    repair: 'safe',
  };
}

function nextOf({ last, called, increment }: Behind): string {
  return String(BigInt(last) + (called ? BigInt(increment) : 0n));
}

function unreadable(columns: readonly { readonly schema: string; readonly readable: boolean }[]): Finding {
  const unread = columns.filter(({ readable }) => !readable);
  const schemas = [...new Set(unread.map(({ schema }) => schema))];
  return {
    code: 'DBB6095',
    severity: 'warning',
    message: `${counted(unread.length, 'sequence')} could not be read in ${counted(schemas.length, 'schema')}: the role may not select from them or from their tables`,
    help: 'grant the role usage on the schemas, and select on their tables and sequences',
    subject: { schemas: schemas.slice(0, 10).join(', ') },
  };
}

/** One transaction for each hundred, so that the locks of a whole fleet are never held at once. */
async function fix({ database }: Context): Promise<readonly Repair[]> {
  const { filled } = await findSequenceColumns(database);
  const behind = await findBehind(
    database,
    filled.filter(({ readable }) => readable),
  );
  const repairs: Repair[] = [];
  for (const batch of batches(behind, 100)) {
    repairs.push(
      ...(await database.transaction(async (client) => {
        const done: Repair[] = [];
        await client.query(`set local lock_timeout = '10s'`);
        for (const one of batch) done.push(...(await setBack(client, one)));
        return done;
      })),
    );
  }
  return repairs;
}

/** Nobody may insert between reading and setting: the sequence would be set back to before what it gave meanwhile. */
async function setBack(client: TaskClient, one: Behind): Promise<Repair[]> {
  const { schema, table, sequence, last } = one;
  await client.query(`lock table ${qualified(schema, table)} in share row exclusive mode`);
  const [now] = await findBehind(client, [one]);
  if (!now) return [];
  await client.query('select pg_catalog.setval($1::regclass, $2::bigint)', [
    `${quoteIdentifier(one.sequenceSchema)}.${quoteIdentifier(sequence)}`,
    now.value,
  ]);
  return [
    {
      message: `sequence "${sequence}" in schema "${schema}" set from ${last} to ${now.value}`,
      subject: { schema, sequence, table, column: one.column },
    },
  ];
}
