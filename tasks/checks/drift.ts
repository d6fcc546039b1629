import * as z from 'zod/mini';
import {
  defineTask,
  type Finding,
  type TaskClient,
  type TaskContext,
  type TaskResult,
} from '../../config/define.js';
import { decidedTables, expectedRules, recordedStates } from '../../lib/django/index.js';
import {
  compareObjects,
  digestSchemas,
  quoteIdentifier,
  readObjects,
  type CatalogObject,
  type Difference,
} from '../../lib/postgres/index.js';
import { groupBy } from './group-by.js';
import { limitFindings } from './limit.js';
import { createStatement, nounOf } from './object-statements.js';
import { findPlaces, type Place } from './places.js';
import { unlessUnchanged } from './unless-unchanged.js';
import { batches, qualified } from './words.js';
import { counted } from '../../lib/text/index.js';

const options = z.strictObject({});

type Context = TaskContext<z.output<typeof options>>;

/** Tenants that have recorded the same migrations have the same tables, columns, constraints, indexes and sequences. */
export const checkDrift = defineTask({
  kind: 'check-drift',
  description:
    'Tenants that have recorded the same migrations have the same tables, constraints and indexes.',
  options,
  host: true,
  check: true,
  run,
});

/** The schemas whose catalog is not that of most tenants in their state, each with one that is. */
interface Outsider {
  readonly schema: string;
  readonly reference: string;
}

async function run(ctx: Context): Promise<TaskResult> {
  const { database, host } = ctx;
  const rules = await expectedRules(host);
  if (!rules.tenancy) return { changed: false, summary: 'the project has no tenants' };
  const places = (await findPlaces({ database, host }, rules)).filter(({ kind }) =>
    kind.startsWith('tenant'),
  );
  const recorded = await recordedStates(
    database,
    places.map(({ schema }) => schema),
  );
  const cohorts = groupBy(places, ({ schema, kind }) => `${kind} ${recorded.get(schema) ?? ''}`);
  const states = `${counted(places.length, 'tenant')} in ${counted(cohorts.length, 'state')}`;
  const found = await unlessUnchanged(ctx, cohorts, async () => {
    const decided = await decidedTables(host, places);
    const alike = cohorts.flatMap((cohort) =>
      groupBy(cohort, ({ schema }) => JSON.stringify(decided(schema) ?? null)),
    );
    return findOutsiders(database, alike);
  });
  if (found === 'unchanged')
    return {
      changed: false,
      summary: `no difference between ${states}, whose catalog is as it was when they were compared`,
    };
  const known = new Set(['django_migrations', ...rules.tables.map(({ table }) => table)]);
  const findings = await explain(database, found, known);
  return {
    changed: false,
    summary:
      found.length === 0
        ? `no difference between ${states}`
        : `${String(found.length)} of ${states} ${found.length === 1 ? 'differs' : 'differ'}`,
    findings: limitFindings(findings, 'differences'),
  };
}

async function findOutsiders(
  database: TaskClient,
  cohorts: readonly (readonly Place[])[],
): Promise<readonly Outsider[]> {
  const digests = await digestSchemas(
    database,
    cohorts.flat().map(({ schema }) => schema),
  );
  return cohorts.flatMap((cohort) => {
    const kinds = groupBy(cohort, ({ schema }) => digests.get(schema)?.digest ?? '').sort(
      // Where as many tenants have the one catalog as the other, something was rather lost than added.
      (a, b) => b.length - a.length || size(b) - size(a),
    );
    const [reference] = kinds[0] ?? [];
    return kinds
      .slice(1)
      .flat()
      .flatMap(({ schema }) => (reference ? [{ schema, reference: reference.schema }] : []));
  });

  function size([first]: readonly Place[]): number {
    return digests.get(first?.schema ?? '')?.objects ?? 0;
  }
}

/** A few at a time: what differs everywhere is cut off after fifty findings anyway. */
async function explain(
  database: TaskClient,
  outsiders: readonly Outsider[],
  known: ReadonlySet<string>,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const batch of batches(outsiders, 50)) {
    const schemas = new Set(batch.flatMap(({ schema, reference }) => [schema, reference]));
    const objects = await readObjects(database, [...schemas]);
    const bySchema = new Map<string, CatalogObject[]>([...schemas].map((schema) => [schema, []]));
    for (const object of objects) bySchema.get(object.schema)?.push(object);
    for (const { schema, reference } of batch) {
      const differences = compareObjects(bySchema.get(schema) ?? [], bySchema.get(reference) ?? []);
      findings.push(...differences.map((difference) => finding(schema, reference, difference, known)));
    }
  }
  return findings;
}

function finding(schema: string, other: string, difference: Difference, known: ReadonlySet<string>): Finding {
  const { how, object, reference } = difference;
  const { kind, table, name, text } = object;
  const noun = nounOf(object);
  const owner = kind === 'table' || table === '' ? '' : ` of table "${table}"`;
  const what =
    kind === 'sequence' && table !== ''
      ? `sequence of column "${name}"${owner}`
      : `${noun} "${name}"${owner}`;
  return {
    code: 'DBB6081',
    // Whatever exists beside the models' tables is in nobody's way.
    severity: known.has(table) ? 'error' : 'warning',
    message: {
      missing: `schema "${schema}" has no ${what}, which schema "${other}" has in the same state`,
      extra: `schema "${schema}" has ${what}, which schema "${other}" lacks in the same state`,
      changed: `${what} in schema "${schema}" is "${text}", and "${reference?.text ?? ''}" in schema "${other}" in the same state`,
    }[how],
    help: helpOf(schema, other, difference),
    facts: { schema, reference: other, definition: text },
    subject: {
      schema,
      ...(table === '' ? {} : { table }),
      ...(kind === 'table' ? {} : { [kind === 'sequence' && table !== '' ? 'column' : noun]: name }),
      reference: other,
    },
  };
}

function helpOf(schema: string, other: string, { how, object }: Difference): string {
  const noun = nounOf(object);
  if (how === 'missing' && ['constraint', 'index'].includes(noun))
    return `run: set search_path to ${quoteIdentifier(schema)}, public; ${createStatement(object)}`;
  if (how === 'extra' && noun === 'index')
    return `if nothing needs it, run: drop index ${qualified(schema, object.name)};`;
  if (how === 'extra' && noun === 'constraint')
    return `if nothing needs it, run: alter table ${qualified(schema, object.table)} drop constraint ${quoteIdentifier(object.name)};`;
  return `find out which of "${schema}" and "${other}" is right, and make the other the same`;
}
