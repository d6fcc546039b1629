import { migrationAdvice, type ExpectedTable, type Inspection, type TenantRows } from '../../django/index.js';
import { withRolePath } from '../../postgres/index.js';
import type { Cause } from './cause.js';
import { migrateCommand, quoted } from './commands.js';
import { explainElsewhere, explainPublic } from './elsewhere.js';
import { missingObject } from './missing-object.js';
import { explainOrder, type Maker } from './order.js';
import type { Project } from './project.js';
import { explainRecorded } from './recorded.js';
import { relationKinds, relationWord } from './relation-kinds.js';
import { schemaOfCommand, type Scene } from './scene.js';
import type { Symptom } from './symptom.js';

/** Why a relation "does not exist" (42P01). */
export async function explainMissingTable(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const name = /^(?:relation|table|view|sequence|materialized view) "(.+)" does not exist/.exec(
    symptom.message,
  )?.[1];
  if (name === undefined) return undefined;
  const wanted = partsOf(name);
  const kind = relationWord((await missingObject(symptom))?.objects[0]?.kind);
  const places = await scene.database.query<{ schema: string }>(
    `select n.nspname as schema from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relname = $1 and c.relkind::text = any ($2) and n.nspname !~ '^pg_' order by 1`,
    [wanted.table, relationKinds(kind)],
  );
  const schemas = places.map(({ schema }) => schema);
  const model = (await scene.project?.tables())?.find(({ table }) => table === wanted.table);
  const inspection = model && (await scene.project?.inspection());
  const schema = wanted.schema ?? schemaOfCommand(scene.command) ?? symptom.schema;
  if (scene.project && model && inspection) {
    const { migration } = symptom;
    return explainModelTable(scene, {
      model,
      inspection,
      schema,
      present: schemas,
      project: scene.project,
      migration,
    });
  }
  return explainElsewhere(scene, { kind, table: wanted.table, schema, present: schemas });
}

/** "acme.carriers_carrier", as PostgreSQL prints a name that was qualified. */
export function partsOf(name: string): { readonly table: string; readonly schema?: string } {
  const dot = name.indexOf('.');
  return dot < 0 ? { table: name } : { schema: name.slice(0, dot), table: name.slice(dot + 1) };
}

interface Asked {
  readonly model: ExpectedTable;
  readonly inspection: Inspection;
  /** Where the task was working, if it is known. */
  readonly schema: string | undefined;
  /** Schemas that hold the table. */
  readonly present: readonly string[];
  readonly project: Project;
  /** The migration that failed. */
  readonly migration: string | undefined;
}

async function explainModelTable(scene: Scene, asked: Asked): Promise<Cause | undefined> {
  const { model, inspection, schema, present, project, migration } = asked;
  const { table, app } = model;
  if (inspection.tenancy && !model.shared && !model.tenant)
    return inspection.ownRouter ? undefined : inNeitherList(model);
  const history = await project.history(table);
  if (project.failure?.code === 'DBB6005') return elsewhereOf(project);
  const homes = await homesOf(scene, asked);
  if (inspection.tenancy && schema !== undefined && !homes.includes(schema)) {
    return migration === undefined
      ? explainPublic(scene, { app, table, schema, inspection, present })
      : outOfReach(model, migration, schema);
  }
  const lacking = homes.filter(
    (each) => !present.includes(each) && (schema === undefined || each === schema),
  );
  if (lacking.length === 0 && homes.length > 0) {
    if (model.tenant && !model.shared)
      return explainPublic(scene, { app, table, schema: inspection.publicSchema, inspection, present });
    return explainElsewhere(scene, { kind: 'table', table, schema, present });
  }
  if (history?.maker === null) return noMigration(model);
  const maker = history && `${history.maker.app}.${history.maker.name}`;
  const waiting = new Set(
    (await project.states(lacking))
      .filter(({ pending }) => pending.some((each) => `${each.app}.${each.name}` === maker))
      .map((state) => state.schema),
  );
  const recorded = lacking.filter((each) => !waiting.has(each));
  if (history && recorded.length > 0) {
    const cause = await explainRecorded(scene, { schemas: recorded, table, history, inspection, project });
    if (!inspection.tenancy || schema !== undefined || model.shared) return cause;
    const text = `the task worked in "${inspection.publicSchema}", where a tenant app has no tables: which schema it meant, it did not say`;
    return { ...cause, notes: [...(cause.notes ?? []), { label: 'or', text }] };
  }
  if (migration !== undefined && migration === maker) return undefined;
  return notMigrated(scene, asked, { lacking, maker });
}

/** Schemas in which a table belongs; without tenants the one where Django works. */
async function homesOf(scene: Scene, { model, inspection, project }: Asked): Promise<readonly string[]> {
  if (!inspection.tenancy) {
    const [row] = await scene.database.query<{ schema: string | null }>(
      `${withRolePath}select pg_catalog.current_schema() as schema`,
    );
    return [row?.schema ?? 'public'];
  }
  const tenants = model.tenant ? await project.tenants() : undefined;
  const own = (tenants?.tenants ?? []).filter(
    (each) => each.schemaExists && belongs(model, each, inspection),
  );
  return [...(model.shared ? [inspection.publicSchema] : []), ...own.map(({ schema }) => schema)];
}

function belongs(
  model: ExpectedTable,
  tenant: TenantRows['tenants'][number],
  inspection: Inspection,
): boolean {
  if (tenant.schema === inspection.publicSchema) return false;
  return tenant.type === null || model.types === undefined || model.types.includes(tenant.type);
}

/** Nothing has made the table yet: because the task runs too early, or because nobody migrates. */
function notMigrated(
  scene: Scene,
  { model, inspection }: Asked,
  { lacking, maker }: { readonly lacking: readonly string[]; readonly maker: string | undefined },
): Cause {
  const [schema] = lacking;
  const kind: Maker = !inspection.tenancy
    ? 'migrate'
    : schema === inspection.publicSchema || model.shared
      ? 'shared'
      : 'tenant-migrations';
  const lists = inspection.tenancy
    ? [
        {
          label: 'app',
          text: `"${model.app}" is ${model.shared ? (model.tenant ? 'shared, and in every tenant' : 'a shared app') : 'a tenant app: its tables stand in the schemas of tenants, not in public'}`,
        },
      ]
    : [];
  const early = explainOrder(scene, [kind], `table "${model.table}"`);
  if (early)
    return {
      ...early,
      notes: [...(early.notes ?? []), ...lists],
      facts: { ...early.facts, table: model.table, ...(schema === undefined ? {} : { schema }) },
    };
  if (schema === undefined) {
    return {
      code: 'DBB6071',
      message: `table "${model.table}" exists nowhere yet: app "${model.app}" is a tenant app, and there is no tenant`,
      notes: lists,
      help: 'name a tenant under "tenants" in the config, and run the task in its schema',
      facts: { table: model.table, app: model.app },
    };
  }
  return {
    code: 'DBB6013',
    message: `schema "${schema}" has not applied migration ${maker ?? `of app "${model.app}"`}, which makes table "${model.table}"`,
    notes: [
      ...lists,
      ...(lacking.length > 1 ? [{ label: 'the same in', text: quoted(lacking.slice(1), 20) }] : []),
    ],
    help: `run "${migrateCommand(inspection, schema)}"`,
    facts: { schema, table: model.table, schemas: lacking },
  };
}

/** A migration of a shared app uses a table that only tenants have, or the reverse. */
function outOfReach({ app, table, tenant }: ExpectedTable, migration: string, schema: string): Cause {
  const [own = ''] = migration.split('.');
  return {
    code: 'DBB6073',
    message: `migration ${migration} works in schema "${schema}", where app "${app}" has no tables: it is a ${tenant ? 'tenant' : 'shared'} app`,
    help:
      own === app
        ? `let the migration pass over schemas without "${table}": Django runs its SQL and Python in every schema`
        : `put "${own}" and "${app}" into the same list, SHARED_APPS or TENANT_APPS, or let the migration pass over schemas without "${table}"`,
    facts: { schema, table, app, migration },
  };
}

function noMigration({ app, own, table, model }: ExpectedTable): Cause {
  return {
    code: 'DBB6006',
    message: `no migration makes table "${table}": model ${app}.${model} has none`,
    help: migrationAdvice('difference', [{ app, own }]),
    facts: { table, app },
  };
}

function inNeitherList({ app, table }: ExpectedTable): Cause {
  return {
    code: 'DBB6072',
    message: `table "${table}" is made in no schema: app "${app}" is in neither SHARED_APPS nor TENANT_APPS`,
    help: `put app "${app}" into TENANT_APPS for a table in each tenant, or into SHARED_APPS for one table for all; then migrate`,
    facts: { table, app },
  };
}

function elsewhereOf({ failure }: Project): Cause | undefined {
  if (!failure) return undefined;
  const { code, message, notes = [], help } = failure;
  return { code, message, notes, ...(help === undefined ? {} : { help }) };
}
