import * as z from 'zod/mini';
import { defineTask, type Finding, type TaskContext, type TaskResult } from '../../config/define.js';
import { expectedRules } from '../../lib/django/index.js';
import { quoteIdentifier } from '../../lib/postgres/index.js';
import { limitFindings } from './limit.js';
import { findPlaces } from './places.js';
import { findUniqueFaults, keysOf, repeatedRows, type UniqueFault } from './unique-faults.js';
import { unlessUnchanged } from './unless-unchanged.js';
import { qualified } from './words.js';
import { counted } from '../../lib/text/index.js';

const options = z.strictObject({});

/** No rows break a unique rule of the models that the database does not enforce. */
export const checkDuplicates = defineTask({
  kind: 'check-duplicates',
  description: 'No rows break a unique rule of the models.',
  options,
  host: true,
  check: true,
  run,
});

async function run(ctx: TaskContext<z.output<typeof options>>): Promise<TaskResult> {
  const { database, host } = ctx;
  const rules = await expectedRules(host);
  const places = await findPlaces({ database, host }, rules);
  // Rows are looked at only where the catalog lacks a rule.
  const found = await unlessUnchanged(ctx, [rules, places], () => findUniqueFaults(database, rules, places));
  // A rule that the database does not know, and that all rows keep, is reported by the check of tables.
  const faults = found === 'unchanged' ? [] : found.filter(({ values }) => values > 0);
  const schemas = counted(places.length, 'schema');
  return {
    changed: false,
    summary:
      faults.length === 0
        ? `all unique rules hold in ${schemas}`
        : `${counted(faults.length, 'unique rule')} broken in ${schemas}`,
    findings: limitFindings(faults.map(finding), 'duplicates'),
  };
}

function finding(fault: UniqueFault): Finding {
  const { schema, table, rule, values, rows } = fault;
  const keys = rule.columns.length > 0 ? rule.columns.join(', ') : rule.expressions.join(', ');
  const subject = { schema, table, ...(rule.name === null ? {} : { rule: rule.name }), columns: keys };
  const facts = { schema, table };
  return {
    code: 'DBB6092',
    message: `${counted(values, 'value')} of (${keys}) ${values === 1 ? 'occurs' : 'occur'} in ${counted(rows, 'row')} of table "${table}" in schema "${schema}", which may occur once, and no unique index forbids it`,
    help: `find them: select ${keysOf(rule)}, count(*) ${repeatedRows(fault)}; keep one of each, then run: ${repairOf(fault)};`,
    facts: { ...facts, values, rows },
    subject,
  };
}

/** What Django would have made: a constraint where columns are enough, since its migrations drop what they know by that kind. */
function repairOf({ schema, table, rule }: UniqueFault): string {
  const name = rule.name === null ? '' : ` ${quoteIdentifier(rule.name)}`;
  const keys = `(${keysOf(rule)})`;
  const nulls = rule.nullsDistinct ? '' : ' nulls not distinct';
  if (rule.condition !== null || rule.expressions.length > 0) {
    const where = rule.condition === null ? '' : ` where ${rule.condition}`;
    return `create unique index${name} on ${qualified(schema, table)} ${keys}${nulls}${where}`;
  }
  const constraint = rule.name === null ? '' : ` constraint${name}`;
  return `alter table ${qualified(schema, table)} add${constraint} ${rule.primary ? 'primary key' : `unique${nulls}`} ${keys}`;
}
