import * as z from 'zod/mini';
import {
  defineTask,
  type Finding,
  type TaskClient,
  type TaskContext,
  type TaskResult,
} from '../../config/define.js';
import { expectedRules, type ExpectedRules } from '../../lib/django/index.js';
import { quoteIdentifier } from '../../lib/postgres/index.js';
import {
  countDangling,
  danglingRows,
  findCrossings,
  findRelationFaults,
  type Crossing,
  type RelationFault,
} from './foreign-key-faults.js';
import { limitFindings } from './limit.js';
import { findPlaces, type Place } from './places.js';
import { unlessUnchanged } from './unless-unchanged.js';
import { counted, qualified } from './words.js';

const options = z.strictObject({});

/** Every relation of the models has its foreign key, to the table of its own schema, with the same type on both sides. */
export const checkForeignKeys = defineTask({
  kind: 'check-foreign-keys',
  description:
    'Every relation of the models has its foreign key, into the right schema and with the same type on both sides.',
  options,
  host: true,
  check: true,
  run,
});

async function run(ctx: TaskContext<z.output<typeof options>>): Promise<TaskResult> {
  const { database, host } = ctx;
  const rules = await expectedRules(host);
  const places = await findPlaces(database, rules);
  // Rows are looked at only where the catalog lacks a foreign key.
  const found = await unlessUnchanged(ctx, [rules, places], () => findFaults(database, rules, places));
  const findings = found === 'unchanged' ? [] : found;
  const schemas = counted(places.length, 'schema');
  return {
    changed: false,
    summary:
      findings.length === 0
        ? `foreign keys are as the models have them in ${schemas}`
        : `${counted(findings.length, 'fault')} of foreign keys in ${schemas}`,
    findings: limitFindings(findings, 'foreignKeys'),
  };
}

async function findFaults(
  database: TaskClient,
  rules: ExpectedRules,
  places: readonly Place[],
): Promise<readonly Finding[]> {
  const faults = await findRelationFaults(database, rules, places);
  const crossings = rules.tenancy ? await findCrossings(database, rules, places) : [];
  const crossed = new Set(
    crossings.map(({ schema, table, columns }) => JSON.stringify([schema, table, columns])),
  );
  // Values of different types are not compared: that they differ is the cause.
  const counting = faults.filter(
    (fault) => fault.comparable && (fault.lacking || fault.unvalidated !== null),
  );
  const counts = await countDangling(database, counting);
  const dangling = new Map(counting.map((fault, index) => [fault, counts[index] ?? 0]));
  return [
    ...crossings.map(crossing),
    ...faults.flatMap((fault): Finding[] => {
      const rows = dangling.get(fault) ?? 0;
      const elsewhere = crossed.has(JSON.stringify([fault.schema, fault.table, [fault.column]]));
      return [
        ...(fault.mismatch ? [mismatch(fault)] : []),
        // One that leads into another schema is told above, and of different types none can be made.
        ...(fault.lacking && !elsewhere && !fault.mismatch ? [lacking(fault, rows)] : []),
        ...(rows > 0 ? [danglingFinding(fault, rows)] : []),
      ];
    }),
  ];
}

function crossing({ schema, table, constraint, columns, toSchema, toTable }: Crossing): Finding {
  return {
    code: 'DBB6087',
    message: `foreign key "${constraint}" of table "${table}" in schema "${schema}" refers to table "${toTable}" of schema "${toSchema}"`,
    help: `run: alter table ${qualified(schema, table)} drop constraint ${quoteIdentifier(constraint)}; then check again, which says how to make the right one`,
    facts: { schema, table, constraint, toSchema, toTable },
    subject: { schema, table, constraint, column: columns.join(', '), toSchema, toTable },
  };
}

function lacking(
  { schema, table, column, toSchema, toTable, toColumn }: RelationFault,
  rows: number,
): Finding {
  const add = `alter table ${qualified(schema, table)} add foreign key (${quoteIdentifier(column)}) references ${qualified(toSchema, toTable)} (${quoteIdentifier(toColumn)}) deferrable initially deferred;`;
  return {
    code: 'DBB6088',
    message: `column "${column}" of table "${table}" in schema "${schema}" has no foreign key to "${toTable}", which the models declare`,
    help: rows === 0 ? `run: ${add}` : `repair the rows that refer to nothing, then run: ${add}`,
    facts: { schema, table, column },
    subject: { schema, table, column, toTable },
  };
}

function danglingFinding(fault: RelationFault, rows: number): Finding {
  const { schema, table, column, toTable } = fault;
  return {
    code: 'DBB6089',
    message: `${counted(rows, 'row')} of table "${table}" in schema "${schema}" ${rows === 1 ? 'refers' : 'refer'} by column "${column}" to ${rows === 1 ? 'a row' : 'rows'} of "${toTable}" that ${rows === 1 ? 'does' : 'do'} not exist`,
    help: `find them, and delete them or let them refer to something else: select * ${danglingRows(fault, quoteIdentifier(column))};`,
    facts: { schema, table, column, rows },
    subject: { schema, table, column, toTable },
  };
}

function mismatch({
  schema,
  table,
  column,
  toTable,
  toColumn,
  type,
  toType,
  wantedType,
}: RelationFault): Finding {
  const wanted = wantedType === null ? '' : `; the models have "${wantedType}"`;
  return {
    code: 'DBB6090',
    message: `column "${column}" of table "${table}" in schema "${schema}" is "${type}", and "${toColumn}" of "${toTable}", to which it refers, is "${toType}"${wanted}`,
    help: 'write a migration that gives both columns the type of the models',
    facts: { schema, table, column, type, toType },
    subject: { schema, table, column, toTable, toColumn },
  };
}
