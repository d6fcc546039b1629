import { quoteIdentifier } from '../../postgres/index.js';
import type { Cause } from './cause.js';
import { qualified } from './commands.js';
import type { Scene } from './scene.js';
import type { Symptom } from './symptom.js';

/** Why a role may not do something (42501): which right it lacks on what, who owns that, and the grant. */
export async function explainRights(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const [, kind = '', name = ''] =
    /^(?:permission denied for|must be owner of) (table|relation|view|materialized view|sequence|schema|database) "?(.*?)"?$/.exec(
      symptom.message,
    ) ?? [];
  const role = scene.database.user;
  if (kind === '') return explainCreation(symptom, role);
  if (kind === 'schema' || kind === 'database') return explainContainer(symptom, scene, kind, name);
  return explainRelation(symptom, scene, name);
}

/** Rights to make things are attributes of the role. */
function explainCreation({ message }: Symptom, role: string): Cause | undefined {
  const [, what = ''] = /^permission denied to create (extension|database|role)/.exec(message) ?? [];
  const helps: Readonly<Record<string, string>> = {
    extension: `let a superuser create the extension before, or run the init scripts as one`,
    database: `run as a superuser: alter role ${quoteIdentifier(role)} createdb;`,
    role: `run as a superuser: alter role ${quoteIdentifier(role)} createrole;`,
  };
  const help = helps[what];
  return help === undefined
    ? undefined
    : {
        code: 'DBB4014',
        message: `role "${role}" may not create ${what === 'extension' ? 'an extension' : `a ${what}`}`,
        help,
        facts: { role },
      };
}

interface Relation {
  readonly schema: string;
  readonly owner: string;
  readonly kind: string;
  /** Whether the workflow's role may do what an owner may. */
  readonly owned: boolean;
  readonly lacks: string[];
}

async function explainRelation(symptom: Symptom, scene: Scene, name: string): Promise<Cause | undefined> {
  const { database, task } = scene;
  const role = database.user;
  const rows = await database.query<Relation>(
    `select n.nspname as schema, pg_catalog.pg_get_userbyid(c.relowner) as owner, c.relkind::text as kind,
            pg_catalog.pg_has_role($2, c.relowner, 'USAGE') as owned,
            array(select p from unnest(case when c.relkind = 'S' then array['USAGE', 'SELECT'] else array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'REFERENCES', 'TRUNCATE'] end) p
                   where not case when c.relkind = 'S' then pg_catalog.has_sequence_privilege($2, c.oid, p)
                                  else pg_catalog.has_table_privilege($2, c.oid, p) end) as lacks
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relname = $1 and n.nspname !~ '^pg_' order by 1`,
    [name, role],
  );
  const needed = privilegesOf(symptom.statement ?? scene.command);
  const owner = symptom.message.startsWith('must be owner');
  const found =
    rows.find(
      ({ schema, lacks }) =>
        (symptom.schema === undefined || schema === symptom.schema) &&
        (owner || needed.some((each) => lacks.includes(each))),
    ) ?? (needed.length === 0 ? rows.find(({ lacks }) => lacks.length > 0) : undefined);
  if (!found) return rows[0] && scene.command !== '' ? otherRole(scene, name) : undefined;
  if (owner && found.owned) return otherRole(scene, name);
  const what = `${found.kind === 'S' ? 'sequence' : 'table'} "${name}" in schema "${found.schema}"`;
  const target = qualified(found.schema, name);
  const facts = { role, schema: found.schema, table: name, owner: found.owner };
  if (owner) {
    return {
      code: 'DBB4014',
      message: `role "${role}" does not own ${what}, which task "${task.name}" changes: "${found.owner}" does`,
      help: `run the task as "${found.owner}", or as that role: alter ${found.kind === 'S' ? 'sequence' : 'table'} ${target} owner to ${quoteIdentifier(role)};`,
      facts,
    };
  }
  const lacks =
    found.kind === 'S' || needed.length === 0
      ? found.lacks
      : needed.filter((each) => found.lacks.includes(each));
  const words = lacks.map((each) => each.toLowerCase()).join(', ');
  return {
    code: 'DBB4014',
    message: `role "${role}" lacks ${words} on ${what}`,
    notes: [{ label: 'owner', text: found.owner }],
    help: `run as "${found.owner}" or a superuser: grant ${words} on ${found.kind === 'S' ? 'sequence ' : ''}${target} to ${quoteIdentifier(role)};`,
    facts: { ...facts, lacks },
  };
}

/** What a statement does with its tables, as privileges. */
function privilegesOf(statement = ''): string[] {
  const words = statement.toUpperCase();
  // A foreign key is made by the owner of its own table; what it refers to has to be referred to.
  if (/\bREFERENCES\b/.test(words)) return ['REFERENCES'];
  if (/^\s*TRUNCATE\b/.test(words)) return ['TRUNCATE'];
  const found = ['INSERT', 'UPDATE', 'DELETE'].filter((word) => new RegExp(`\\b${word}\\b`).test(words));
  // What changes or deletes rows reads them as well, to find them.
  const reads = /\b(?:SELECT|UPDATE|DELETE|RETURNING)\b/.test(words);
  return [...(reads ? ['SELECT'] : []), ...found];
}

function otherRole({ database, task, command }: Scene, name: string): Cause {
  return {
    code: 'DBB4014',
    message: `task "${task.name}" is logged in as another role than the workflow's, or has changed it: "${database.user}" may use "${name}"`,
    help: `let ${command === '' ? "the project's settings" : 'the command'} take the role from PGUSER or DATABASE_URL, which it has in its environment`,
    facts: { role: database.user, table: name },
  };
}

async function explainContainer(
  symptom: Symptom,
  { database, task }: Scene,
  kind: 'schema' | 'database',
  name: string,
): Promise<Cause | undefined> {
  const role = database.user;
  const [row] = await database.query<{ owner: string; use: boolean; make: boolean }>(
    kind === 'schema'
      ? `select pg_catalog.pg_get_userbyid(nspowner) as owner, pg_catalog.has_schema_privilege($2, oid, 'USAGE') as use,
                pg_catalog.has_schema_privilege($2, oid, 'CREATE') as make from pg_catalog.pg_namespace where nspname = $1`
      : `select pg_catalog.pg_get_userbyid(datdba) as owner, pg_catalog.has_database_privilege($2, oid, 'CONNECT') as use,
                pg_catalog.has_database_privilege($2, oid, 'CREATE') as make from pg_catalog.pg_database where datname = $1`,
    [name, role],
  );
  if (!row) return undefined;
  const basic = kind === 'schema' ? 'usage' : 'connect';
  const words = [...(row.use ? [] : [basic]), ...(row.make ? [] : ['create'])].join(', ');
  if (words === '') return undefined;
  const owner = symptom.message.startsWith('must be owner');
  return {
    code: 'DBB4014',
    message: owner
      ? `role "${role}" does not own ${kind} "${name}", which task "${task.name}" changes: "${row.owner}" does`
      : `role "${role}" lacks ${words} on ${kind} "${name}"`,
    notes: [{ label: 'owner', text: row.owner }],
    help: owner
      ? `run the task as "${row.owner}", or as that role: alter ${kind} ${quoteIdentifier(name)} owner to ${quoteIdentifier(role)};`
      : `run as "${row.owner}" or a superuser: grant ${words} on ${kind} ${quoteIdentifier(name)} to ${quoteIdentifier(role)};`,
    facts: { role, [kind]: name, owner: row.owner },
  };
}
