import { migrationAdvice } from '../../django/index.js';
import type { Problem } from '../../errors/index.js';
import { quoteIdentifier, quoteLiteral } from '../../postgres/index.js';
import type { Cause } from './cause.js';
import { nameBefore, renamedNote, replaceHelp } from './renamed.js';
import { schemaOfCommand, type Scene } from './scene.js';
import { schemaInOutput } from './symptom.js';

/** A failure that is not PostgreSQL's: what was said, and its cause. */
export interface Untold {
  readonly said: string;
  readonly cause: Cause;
}

type Reader = (
  match: RegExpExecArray,
  problem: Problem,
  scene: Scene,
) => Promise<Cause | undefined> | Cause | undefined;

/** What Django, libpq and Python say in English, and who knows why they say it. */
const readers: readonly (readonly [RegExp, Reader])[] = [
  [/CommandError: (No installed app with label '(.+?)'.*)/, tenantTakesNoValue],
  [/(Migration (\S+?)\.(\S+) is applied before its dependency (\S+?)\.(\S+) on database.*)/, explainHistory],
  [
    /CommandError: (Conflicting migrations detected; multiple leaf nodes in the migration graph: \((.*)\))/,
    conflict,
  ],
  [
    /NodeNotFoundError: (Migration (\S+) dependencies reference nonexistent parent node \('(.+?)', '(.+?)'\))/,
    missingParent,
  ],
  [
    /ModuleNotFoundError: (No module named '(django|django_tenants|psycopg2?|dj_database_url|environ)')/,
    missingModule,
  ],
  [
    /((?:connection to server at "(.+?)"(?: \(.*?\))?, port (\d+) failed|could not connect to server): (?:Connection refused|timeout expired|No route to host|.*time(?:d )?out).*)/,
    notThere,
  ],
  [/(could not translate host name "(.+?)" to address.*)/, notThere],
  [
    /((?:connection to server at "(?:.+?)"(?: \(.*?\))?, port \d+ failed: )?fe_sendauth: no password supplied)/,
    noPassword,
  ],
];

/** The cause of a failure of a command, or of Django in the host, that has no SQLSTATE. */
export async function explainUntold(problem: Problem, scene: Scene): Promise<Untold | undefined> {
  const text = `${problem.message}\n${problem.output ?? ''}`;
  for (const [pattern, read] of readers) {
    const match = pattern.exec(text);
    const cause = match ? await read(match, problem, scene) : undefined;
    if (match && cause) return { said: match[1] ?? match[0], cause };
  }
  return undefined;
}

/** `migrate_schemas --tenant acme`: the flag takes no value, and what follows is an app label. */
function tenantTakesNoValue(
  [, , label = '']: RegExpExecArray,
  _problem: Problem,
  { command }: Scene,
): Cause | undefined {
  const flag = /--(tenant|shared)[ =]+["']?([\w-]+)["']?/.exec(command);
  if (flag?.[2] !== label) return undefined;
  const mended = command.replace(flag[0], `--schema=${label}`).trim();
  return {
    code: 'DBB6078',
    message: `"--${flag[1] ?? ''}" of migrate_schemas takes no value: "${label}" is read as an app label`,
    help: `name the schema by --schema: "${mended}"`,
    facts: { value: label },
  };
}

/** A record without the record of what it depends on: Django refuses every migration of the schema. */
async function explainHistory(
  match: RegExpExecArray,
  problem: Problem,
  scene: Scene,
): Promise<Cause | undefined> {
  const [, , app = '', name = '', onApp = '', onName = ''] = match;
  const inspection = await scene.project?.inspection();
  const known =
    problem.facts?.schema ?? schemaOfCommand(scene.command) ?? schemaInOutput(problem.output ?? '');
  const schema = known ?? inspection?.publicSchema ?? 'public';
  const before = await nameBefore(scene, schema, onApp, onName);
  const told = {
    code: 'DBB6077',
    message: `schema "${schema}" records migration ${app}.${name} and not ${onApp}.${onName}, on which it depends: Django refuses to migrate it`,
    facts: { schema, migration: `${app}.${name}`, dependency: `${onApp}.${onName}` },
  } as const;
  if (before !== undefined)
    return {
      ...told,
      notes: [renamedNote(onApp, before)],
      help: replaceHelp(onApp, onName, before),
    };
  const effect = await scene.project?.effect(
    `${onApp}.${onName}`,
    inspection?.tenancy === true ? schema : undefined,
  );
  if (!effect) return undefined;
  const there = effect.objects.length > 0 && effect.objects.every((each) => each.exists);
  const table = `${quoteIdentifier(schema)}."django_migrations"`;
  return {
    ...told,
    notes: [
      {
        label: 'catalog',
        text: there
          ? `what ${onApp}.${onName} makes exists: only its record is missing`
          : `what ${onApp}.${onName} makes does not exist: ${app}.${name} was recorded without being applied, or the dependency was added later`,
      },
    ],
    help: there
      ? `add the record, in psql: insert into ${table} (app, name, applied) values (${quoteLiteral(onApp)}, ${quoteLiteral(onName)}, now());`
      : `take the record back where ${app}.${name} was not really applied, in psql: delete from ${table} where app = ${quoteLiteral(app)} and name = ${quoteLiteral(name)};`,
  };
}

async function conflict(
  [, , leaves = '']: RegExpExecArray,
  _problem: Problem,
  { project }: Scene,
): Promise<Cause> {
  const app = / in (\w+)/.exec(leaves)?.[1] ?? '';
  const found = (await project?.tables())?.find((each) => each.app === app);
  return {
    code: 'DBB6007',
    message: `migrations conflict: ${leaves}`,
    help: migrationAdvice('conflict', [{ app, own: found?.own ?? true }]),
  };
}

function missingParent([, , migration = '', app = '', name = '']: RegExpExecArray): Cause {
  return {
    code: 'DBB6026',
    message: `migration ${migration} depends on ${app}.${name}, which does not exist`,
    help: `restore ${app}.${name}, or correct "dependencies" of ${migration}`,
  };
}

function missingModule(
  [, , module = '']: RegExpExecArray,
  _problem: Problem,
  { task, command, workflow }: Scene,
): Cause {
  const program = /(?:^|[\s;&|(])(\S*python[\d.]*)(?=\s)/.exec(command)?.[1] ?? 'python';
  const own = workflow.django.python;
  return {
    code: module === 'django' ? 'DBB6002' : 'DBB6003',
    message: `the interpreter "${program}" of task "${task.name}" has no module "${module}"`,
    help:
      own === undefined
        ? 'use the interpreter of the virtual environment in the command, or install the requirements into this one'
        : `use the project's interpreter in the command: ${own}`,
    facts: { module },
  };
}

/** The workflow's database answers, and the command looked for one elsewhere. */
async function notThere(
  [, , host = '', port]: RegExpExecArray,
  _problem: Problem,
  scene: Scene,
): Promise<Cause | undefined> {
  const { database, task } = scene;
  // Where ours is gone as well, there is no more to say.
  await database.query('select 1');
  const where = `${host}${port === undefined ? '' : `:${port}`}`;
  if (host === '' || where === `${database.host}:${database.port}`) return undefined;
  return {
    code: 'DBB5052',
    message: `task "${task.name}" looked for a server at ${where}, where none answers: the workflow's is at ${database.host}:${database.port}`,
    notes: [{ label: 'workflow', text: database.display }],
    help: 'let the command (or the settings) take DATABASE_URL, or PGHOST and PGPORT, from its environment',
    facts: { host },
  };
}

function noPassword(_match: RegExpExecArray, _problem: Problem, { task }: Scene): Cause {
  return {
    code: 'DBB4002',
    message: `task "${task.name}" started a client without a password, which the server asks for`,
    help: 'let the client (or the settings) take PGPASSWORD or DATABASE_URL from its environment',
  };
}
