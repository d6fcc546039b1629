import type { Inspection } from '../../django/index.js';
import { quoteIdentifier } from '../../postgres/index.js';
import type { Cause } from './cause.js';
import { quoted } from './commands.js';
import { relationKinds } from './relation-kinds.js';
import { runsDjango, type Scene } from './scene.js';
import { searchPath } from './search-path.js';
import { nearest, shellWord } from '../../text/index.js';

/** A table of a tenant app was looked for in a schema that has none of its tables. */
export function explainPublic(
  scene: Scene,
  asked: {
    readonly app: string;
    readonly table: string;
    readonly schema: string;
    readonly inspection: Inspection;
    readonly present: readonly string[];
  },
): Cause {
  const { app, table, schema, inspection, present } = asked;
  const [home = 'SCHEMA'] = present.filter((each) => each !== inspection.publicSchema);
  return {
    code: 'DBB6073',
    message: `task "${scene.task.name}" worked in schema "${schema}", where app "${app}" has no tables: it is a tenant app`,
    notes: [
      {
        label: 'tables',
        text:
          present.length === 0
            ? `"${table}" stands in no schema yet`
            : `"${table}" stands in ${quoted(present, 20)}`,
      },
    ],
    help: inTenant(scene, home),
    facts: { schema, table, app, schemas: present },
  };
}

/** The same work in a tenant's schema, as a command where it can be said. */
function inTenant({ command, task }: Scene, schema: string): string {
  const [, before, name, rest = ''] = /^(.*?manage\.py) +([\w-]+)(.*)$/s.exec(command) ?? [];
  if (before !== undefined && name !== undefined && name !== 'tenant_command') {
    return `run it in the schema of a tenant: "${before} tenant_command ${name}${rest} --schema=${shellWord(schema)}"`;
  }
  if (name === 'tenant_command') return `name the schema of a tenant: "--schema=${shellWord(schema)}"`;
  if (task.use === 'sql') return `set "schemas: tenants" for task "${task.name}"`;
  return `let it search the schema of a tenant: "set search_path to ${quoteIdentifier(schema)}, public"`;
}

/** A relation that is no model's, or that exists where it should: it was looked for in the wrong place. */
export async function explainElsewhere(
  scene: Scene,
  asked: {
    readonly kind: string;
    readonly table: string;
    readonly schema: string | undefined;
    readonly present: readonly string[];
  },
): Promise<Cause | undefined> {
  const { kind, table, schema, present } = asked;
  if (present.length === 0) return explainNowhere(scene, kind, table);
  const path = await searchPath(scene);
  const visible = present.find((each) => path.includes(each));
  if (visible === undefined || (schema !== undefined && !present.includes(schema))) {
    const [home = ''] = present;
    return {
      code: 'DBB5051',
      message: `${kind} "${table}" exists in schema ${quoted(present)}, which task "${scene.task.name}" did not search`,
      notes: [{ label: 'searched', text: schema ?? path.join(', ') }],
      help: `write ${quoteIdentifier(home)}.${quoteIdentifier(table)}, or "set search_path to ${quoteIdentifier(home)}, public" before it`,
      facts: { table, schemas: present },
    };
  }
  if (scene.command === '') return undefined;
  const { database } = scene;
  return {
    code: 'DBB5052',
    message: `task "${scene.task.name}" was connected to another database, or searched other schemas, than the workflow: there ${kind} "${table}" exists`,
    notes: [
      { label: 'workflow', text: `${database.display}, schema "${visible}"` },
      { label: 'search path', text: path.join(', ') },
    ],
    help: runsDjango(scene.command)
      ? 'let the settings read DATABASE_URL, which the task has in its environment'
      : 'let the command take DATABASE_URL or PGHOST, PGPORT, PGUSER and PGDATABASE from its environment, as libpq does by itself',
    facts: { table, schema: visible },
  };
}

async function explainNowhere(scene: Scene, kind: string, table: string): Promise<Cause | undefined> {
  const rows = await scene.database.query<{ name: string }>(
    `select distinct c.relname::text as name
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind::text = any ($1) and n.nspname !~ '^(pg_|information_schema$|db_bootstrap$)' limit 5000`,
    [relationKinds(kind)],
  );
  const near = nearest(
    table,
    rows.map(({ name }) => name),
  );
  return {
    code: 'DBB5053',
    message: `no schema of database "${scene.database.name}" holds ${kind === 'index' ? 'an' : 'a'} ${kind} "${table}"`,
    ...(near === undefined
      ? { help: `let task "${scene.task.name}" need the task that makes the ${kind}, or correct its name` }
      : { help: `did you mean "${near}"?` }),
    facts: { table },
  };
}
