import * as z from 'zod/mini';
import { defineTask, type Finding, type TaskContext, type TaskResult } from '../../config/define.js';
import {
  decidedTables,
  expectedRules,
  expectedTables,
  inspect,
  states,
  type ExpectedTable,
  type ModelCatalog,
} from '../../lib/django/index.js';
import { differenceFindings } from './difference-findings.js';
import { limitFindings } from './limit.js';
import { modelCatalog } from './model-catalog.js';
import { findModelDifferences, type ModelDifference } from './model-differences.js';
import { explainMissing, type Missing } from './missing-table.js';
import { withoutOwnCode } from './own-code.js';
import { belongs, findPlaces, type Place } from './places.js';
import { unlessUnchanged } from './unless-unchanged.js';
import { counted } from '../../lib/text/index.js';

const options = z.strictObject({});

type Context = TaskContext<z.output<typeof options>>;

/** Checks that every schema has the tables of the models, with their columns, indexes and constraints. */
export const checkTables = defineTask({
  kind: 'check-tables',
  description:
    'Every table is as the models have it, with its columns, indexes and constraints, in the public schema and in every tenant.',
  options,
  host: true,
  check: true,
  run,
});

/** A table or column that a schema lacks, a difference from the models, or a table that could not be compared. */
type Fault =
  { readonly missing: Missing } | { readonly difference: ModelDifference } | { readonly unmade: Unmade };
type Unmade = ModelCatalog['kinds'][number]['unmade'][number];

async function run(ctx: Context): Promise<TaskResult> {
  const { database, host } = ctx;
  const rules = await expectedRules(host);
  const places = await findPlaces({ database, host }, rules);
  const tables = await expectedTables(host);
  const models = await modelCatalog(database, host, places);
  const found = await unlessUnchanged(ctx, [tables, places, models], async (): Promise<readonly Fault[]> => {
    const decided = await decidedTables(host, places);
    const differences = await findModelDifferences(database, models, places, decided);
    return [
      ...(await findMissing(ctx, places, tables, decided)).map((missing) => ({ missing })),
      ...(await withoutOwnCode(host, differences, tables)).map((difference) => ({ difference })),
      ...models.flatMap(({ unmade }) => unmade.map((one) => ({ unmade: one }))),
    ];
  });
  const faults = found === 'unchanged' ? [] : found;
  const schemas = counted(places.length, 'schema');
  const isFleet = places.some(({ kind }) => kind.startsWith('tenant'));
  const homeless = rules.tenancy && !isFleet ? nowhere(tables) : [];
  if (faults.length === 0)
    return {
      changed: false,
      summary: `all tables are as the models have them in ${schemas}`,
      findings: homeless,
    };
  const findings = [...(await explain(ctx, faults, places, tables)), ...homeless];
  return {
    changed: false,
    summary: `${counted(findings.length, 'finding')} about tables in ${schemas}`,
    findings: limitFindings(findings, 'tables'),
  };
}

async function explain(
  { host }: Context,
  faults: readonly Fault[],
  places: readonly Place[],
  tables: readonly ExpectedTable[],
): Promise<readonly Finding[]> {
  const missing = faults.flatMap((fault) => ('missing' in fault ? [fault.missing] : []));
  const differences = faults.flatMap((fault) => ('difference' in fault ? [fault.difference] : []));
  const unmade = faults.flatMap((fault) => ('unmade' in fault ? [fault.unmade] : []));
  return [
    ...(missing.length === 0 ? [] : await explainMissing(host, missing, await inspect(host), tables)),
    ...differenceFindings(
      await withoutPending({ host }, withoutConsequences(differences, missing), tables),
      places,
    ),
    ...unmade.map(notExamined),
  ];
}

/** Removes differences that follow from missing tables and columns: foreign keys to them, and columns that may be the missing ones under another name. */
function withoutConsequences(
  differences: readonly ModelDifference[],
  missing: readonly Missing[],
): readonly ModelDifference[] {
  const isMissing = (schema: string, table: string | undefined | null, whole: boolean): boolean =>
    missing.some((one) => one.schema === schema && one.table === table && (one.columns === null) === whole);
  return differences.flatMap((one) => {
    const { expected, found } = one;
    const schemas = one.schemas.filter((schema) =>
      expected
        ? !isMissing(expected.toSchema ?? schema, expected.toTable, true)
        : !isMissing(schema, found?.table, false),
    );
    return schemas.length === 0 ? [] : [{ ...one, schemas }];
  });
}

/** Removes differences in tables of apps with pending migrations: the check `migrations` reports these apps. */
async function withoutPending(
  { host }: Pick<Context, 'host'>,
  differences: readonly ModelDifference[],
  tables: readonly ExpectedTable[],
): Promise<readonly ModelDifference[]> {
  if (differences.length === 0) return [];
  const waiting = new Map(
    (await states(host, { scope: 'all' })).schemas.map(({ schema, pending, partly = [] }) => [
      schema,
      new Set([...pending, ...partly].map(({ app }) => app)),
    ]),
  );
  const apps = new Map(tables.map(({ table, app }) => [table, app]));
  return differences.flatMap((one) => {
    const app = apps.get((one.expected ?? one.found)?.table ?? '') ?? '';
    const schemas = one.schemas.filter((schema) => waiting.get(schema)?.has(app) !== true);
    return schemas.length === 0 ? [] : [{ ...one, schemas }];
  });
}

function notExamined({ table, why }: Unmade): Finding {
  return {
    code: 'DBB6095',
    severity: 'warning',
    message: `table "${table}" was not compared with its model: PostgreSQL does not make a temporary table of it`,
    notes: [{ label: 'postgres', text: why }],
    help: 'grant the role TEMPORARY on the database, and create the types and extensions that the models use',
    subject: { table },
  };
}

/** The warning about the tables of tenant apps if no tenant has a schema. */
function nowhere(tables: readonly ExpectedTable[]): Finding[] {
  const homeless = tables.filter(({ shared, tenant }) => tenant && !shared);
  if (homeless.length === 0) return [];
  const apps = [...new Set(homeless.map(({ app }) => app))].sort();
  const names = apps.map((app) => `"${app}"`).join(', ');
  return [
    {
      code: 'DBB6071',
      severity: 'warning',
      message: `there is no tenant: ${counted(homeless.length, 'table')} of ${apps.length === 1 ? 'tenant app' : 'tenant apps'} ${names} ${homeless.length === 1 ? 'exists' : 'exist'} nowhere, and nothing was verified for ${apps.length === 1 ? 'it' : 'them'}`,
      help: 'name a tenant under "tenants" in the config, then run "db-bootstrap run"',
      subject: { apps: apps.join(', ') },
    },
  ];
}

async function findMissing(
  ctx: Context,
  places: readonly Place[],
  tables: readonly ExpectedTable[],
  decided: (schema: string) => readonly string[] | undefined,
): Promise<Missing[]> {
  // The project's own router may choose other tables for each tenant, so each such schema is a kind of its own.
  const kindOf = ({ schema, kind }: Place): string => (decided(schema) ? `schema ${schema}` : kind);
  const kinds = new Map(places.map((place) => [kindOf(place), place]));
  const expected = tables.flatMap((one) =>
    [...kinds]
      .filter(([, place]) => decided(place.schema)?.includes(one.table) ?? belongs(one, place.kind))
      .map(([kind]) => ({ kind, table: one.table, columns: one.columns })),
  );
  return await ctx.database.query<Missing>(
    `select p.schema, e."table", missing.columns, folded.name as folded
       from unnest($1::text[], $2::text[]) as p(schema, kind)
       join jsonb_to_recordset($3::jsonb) as e(kind text, "table" text, columns text[]) on e.kind = p.kind
       left join pg_catalog.pg_namespace n on n.nspname = p.schema
       left join pg_catalog.pg_class c
         on c.relnamespace = n.oid and c.relname = e."table" and c.relkind in ('r', 'p', 'v', 'm', 'f')
       left join lateral (
         select array_agg(name) as columns from unnest(e.columns) as name
          where not exists (
            select from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attname = name and a.attnum > 0 and not a.attisdropped)
       ) as missing on c.oid is not null
       left join lateral (
         select min(o.relname)::text as name from pg_catalog.pg_class o
          where c.oid is null and o.relnamespace = n.oid and o.relkind in ('r', 'p', 'v', 'm', 'f')
            and o.relname = lower(e."table")
       ) as folded on true
      where c.oid is null or missing.columns is not null
      order by p.schema, e."table"`,
    [places.map((place) => place.schema), places.map(kindOf), JSON.stringify(expected)],
  );
}
