import * as z from 'zod/mini';
import {
  defineTask,
  type Finding,
  type TaskClient,
  type TaskContext,
  type TaskResult,
} from '../../config/define.js';
import { expectedRules } from '../../lib/django/index.js';
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
import { findPlaces } from './places.js';
import { unlessUnchanged } from './unless-unchanged.js';
import { qualified } from './words.js';
import { counted } from '../../lib/text/index.js';

const options = z.strictObject({});

/** No foreign key leads into another schema than it should, and no rows refer to nothing. */
export const checkForeignKeys = defineTask({
  kind: 'check-foreign-keys',
  description:
    'Foreign keys lead into the right schema, and no rows of the models refer to rows that do not exist.',
  options,
  host: true,
  check: true,
  run,
});

async function run(ctx: TaskContext<z.output<typeof options>>): Promise<TaskResult> {
  const { database, host } = ctx;
  const rules = await expectedRules(host);
  const places = await findPlaces({ database, host }, rules);
  const tenantsAndPublic = places.filter(({ kind }) => !kind.startsWith('named '));
  // Rows are looked at only where the catalog lacks a foreign key.
  const found = await unlessUnchanged(ctx, [rules, places], async (): Promise<readonly Fault[]> => [
    ...(rules.tenancy ? await findCrossings(database, rules, tenantsAndPublic) : []),
    ...(await findRelationFaults(database, rules, places)),
  ]);
  const findings = found === 'unchanged' ? [] : await explain(database, found);
  const schemas = counted(places.length, 'schema');
  return {
    changed: false,
    summary:
      findings.length === 0
        ? `foreign keys lead where they should in ${schemas}`
        : `${counted(findings.length, 'fault')} of foreign keys in ${schemas}`,
    findings: limitFindings(findings, 'foreignKeys'),
  };
}

type Fault = Crossing | RelationFault;

/** Relations without a foreign key are reported by the check of tables; the rows that they let through, here. */
async function explain(database: TaskClient, faults: readonly Fault[]): Promise<readonly Finding[]> {
  // Values of different types are not compared: that they differ is the cause.
  const counting = faults.flatMap((fault) => ('lacking' in fault && fault.comparable ? [fault] : []));
  const counts = await countDangling(database, counting);
  return [
    ...faults.flatMap((fault) => ('lacking' in fault ? [] : [crossing(fault)])),
    ...counting.flatMap((fault, index) => {
      const rows = counts[index] ?? 0;
      return rows > 0 ? [danglingFinding(fault, rows)] : [];
    }),
  ];
}

function crossing({ schema, table, constraint, columns, toSchema, toTable }: Crossing): Finding {
  return {
    code: 'DBB6087',
    message: `foreign key "${constraint}" of table "${table}" in schema "${schema}" refers to table "${toTable}" of schema "${toSchema}"`,
    help: `run: alter table ${qualified(schema, table)} drop constraint if exists ${quoteIdentifier(constraint)}; then run the check again: it prints the statement for the correct constraint`,
    facts: { schema, table, constraint, toSchema, toTable },
    subject: { schema, table, constraint, column: columns.join(', '), toSchema, toTable },
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
