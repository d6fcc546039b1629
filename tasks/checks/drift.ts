import * as z from 'zod/mini';
import {
  defineTask,
  type Finding,
  type TaskClient,
  type TaskContext,
  type TaskResult,
} from '../../config/define.js';
import { expectedRules, recordedStates } from '../../lib/django/index.js';
import { quoteIdentifier } from '../../lib/postgres/index.js';
import { readObjects, type CatalogObject } from './catalog-objects.js';
import { compareObjects, type Difference } from './compare-objects.js';
import { fingerprintCohorts } from './fingerprint-cohorts.js';
import { groupBy } from './group-by.js';
import { limitFindings } from './limit.js';
import { findPlaces, type Place } from './places.js';
import { unlessUnchanged } from './unless-unchanged.js';
import { batches, counted, qualified } from './words.js';

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
  const places = (await findPlaces(database, rules)).filter(({ kind }) => kind !== 'public');
  const recorded = await recordedStates(
    database,
    places.map(({ schema }) => schema),
  );
  const cohorts = groupBy(places, ({ schema, kind }) => `${kind} ${recorded.get(schema) ?? ''}`);
  const states = `${counted(places.length, 'tenant')} in ${counted(cohorts.length, 'state')}`;
  const found = await unlessUnchanged(ctx, cohorts, () => findOutsiders(database, cohorts));
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
  const fingerprints = await fingerprintCohorts(
    database,
    cohorts.map((cohort) => cohort.map(({ schema }) => schema)),
  );
  return cohorts.flatMap((cohort) => {
    const kinds = groupBy(cohort, ({ schema }) => fingerprints.get(schema)?.digest ?? '').sort(
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
    return fingerprints.get(first?.schema ?? '')?.objects ?? 0;
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
  const { kind, table, name } = object;
  const owner = kind === 'table' || table === '' ? '' : ` of table "${table}"`;
  const what = `${kind} "${name}"${owner}`;
  // Whatever stands beside the models' tables is in nobody's way.
  const severity = how === 'renamed' ? 'note' : known.has(table) ? 'error' : 'warning';
  return {
    code: 'DBB6081',
    severity,
    message: {
      missing: `schema "${schema}" has no ${what}, which schema "${other}" has in the same state`,
      extra: `schema "${schema}" has ${what}, which schema "${other}" lacks in the same state`,
      changed: `${what} in schema "${schema}" is "${object.definition}", and "${reference?.definition ?? ''}" in schema "${other}" in the same state`,
      renamed: `${what} in schema "${schema}" is called "${reference?.name ?? ''}" in schema "${other}"`,
    }[how],
    help: helpOf(schema, other, difference),
    facts: { schema, reference: other, definition: object.definition },
    subject: {
      schema,
      ...(table === '' ? {} : { table }),
      ...(kind === 'table' ? {} : { [kind]: name }),
      reference: other,
    },
  };
}

function helpOf(schema: string, other: string, { how, object }: Difference): string {
  const { kind, table, name, definition } = object;
  const own = quoteIdentifier(name);
  const on = qualified(schema, table);
  if (how === 'renamed')
    return kind === 'constraint'
      ? `leave it, or run: alter table ${on} rename constraint …`
      : `leave it, or run: alter ${kind} ${qualified(schema, name)} rename to …`;
  if (how === 'missing' && kind === 'index') {
    const [, unique = '', rest = ''] = /^(unique)? (.*)$/s.exec(definition) ?? [];
    return `run: create ${unique === '' ? '' : 'unique '}index ${own} on ${on} ${rest};`;
  }
  if (how === 'missing' && kind === 'constraint')
    return `run: set search_path to ${quoteIdentifier(schema)}, public; alter table ${quoteIdentifier(table)} add constraint ${own} ${definition};`;
  if (how === 'extra' && kind === 'index')
    return `if nothing needs it, run: drop index ${qualified(schema, name)};`;
  if (how === 'extra' && kind === 'constraint')
    return `if nothing needs it, run: alter table ${on} drop constraint ${own};`;
  return `find out which of "${schema}" and "${other}" is right, and make the other the same`;
}
