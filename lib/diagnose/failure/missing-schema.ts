import { rowWithoutSchema } from '../../fleet/index.js';
import { quoteIdentifier, withRolePath } from '../../postgres/index.js';
import type { Cause } from './cause.js';
import { explainOrder } from './order.js';
import type { Scene } from './scene.js';
import type { Symptom } from './symptom.js';
import { nearest } from '../../text/index.js';

/** Why a schema does not exist (3F000): a tenant without one, a task that comes too early, or a name that is wrong. */
export async function explainMissingSchema(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const { database, task, workflow } = scene;
  const rows = await database.query<{ name: string }>(
    `select nspname::text as name from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' limit 5000`,
  );
  const schema = /^schema "(.+)" does not exist/.exec(symptom.message)?.[1];
  if (schema === undefined) {
    if (!/^no schema has been selected/.test(symptom.message)) return undefined;
    const [row] = await database.query<{ path: string }>(
      `${withRolePath}select pg_catalog.current_setting('search_path'::pg_catalog.text) as path`,
    );
    return {
      code: 'DBB5061',
      message: `none of the schemas in which task "${task.name}" works exists: it has no place to create anything`,
      notes: [
        {
          label: 'search_path',
          text: `${row?.path ?? ''} (of the workflow's role; the task may have set another)`,
        },
      ],
      help: 'create the schema first, or set search_path to one that exists',
    };
  }
  const facts = { schema };
  if (await isTenant(schema, scene)) return rowWithoutSchema(schema, workflow.tenants);
  if (workflow.tenants.some((tenant) => tenant.schema === schema)) {
    const early = explainOrder(scene, ['tenants'], `schema "${schema}"`);
    if (early) return { ...early, facts: { ...early.facts, ...facts } };
  }
  const near = nearest(
    schema,
    rows.map(({ name }) => name),
  );
  return {
    code: 'DBB5061',
    message: `schema "${schema}", which task "${task.name}" names, does not exist in database "${database.name}"`,
    help:
      near === undefined
        ? `create it before: create schema ${quoteIdentifier(schema)}`
        : `did you mean "${near}"?`,
    facts,
  };
}

/** Why the migration of a tenant failed whose schema another session has dropped meanwhile; undefined where the schema exists. */
export async function explainDropped(schema: string, scene: Scene): Promise<Cause | undefined> {
  const found = await scene.database.query('select from pg_catalog.pg_namespace where nspname = $1', [
    schema,
  ]);
  if (found.length > 0) return undefined;
  if (await isTenant(schema, scene)) return rowWithoutSchema(schema, scene.workflow.tenants);
  return {
    code: 'DBB5061',
    message: `tenant "${schema}" was dropped while task "${scene.task.name}" worked on it: it has neither a schema nor a row`,
    help: scene.workflow.tenants.some((tenant) => tenant.schema === schema)
      ? `take tenant "${schema}" out of the config, or run "db-bootstrap run" again, which creates it again`
      : 'run "db-bootstrap run" again, which leaves it out',
    facts: { schema },
  };
}

async function isTenant(schema: string, { project }: Scene): Promise<boolean> {
  return (await project?.tenants())?.tenants.some((tenant) => tenant.schema === schema) === true;
}
