import type { MigrationEffect } from '../../django/index.js';
import { quoteIdentifier } from '../../postgres/index.js';
import type { Cause } from './cause.js';
import { migrateCommand, qualified } from './commands.js';
import type { Project } from './project.js';
import { nameBefore, renamedNote, replaceHelp } from './renamed.js';
import { schemaOfCommand, type Scene } from './scene.js';
import { whoMet, type Symptom } from './symptom.js';

/** Why something "already exists": a migration makes what is there without its record, or a statement cannot be repeated. */
export async function explainExisting(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const { project } = scene;
  const migration = symptom.migration ?? (await unnamedMigration(symptom, scene));
  if (project && migration !== undefined) {
    const cause = await explainUnrecorded(symptom, scene, project, migration);
    if (cause) return cause;
  }
  return explainStatement(symptom, scene);
}

/** The migration that makes the object, where a command of Django's does not say which one it was applying (-v 0). */
async function unnamedMigration(
  { message }: Symptom,
  { project, command }: Scene,
): Promise<string | undefined> {
  const column = /^column "(.+)" of relation "(.+)" already exists/.exec(message);
  const table = column?.[2] ?? /^relation "(.+)" already exists/.exec(message)?.[1];
  if (!project || table === undefined || !/\bmigrate(?:_schemas)?\b/.test(command)) return undefined;
  const history = await project.history(table, column?.[1]);
  return history?.maker ? `${history.maker.app}.${history.maker.name}` : undefined;
}

/** The first schema that has still to apply a migration, where the task did not say in which one it was. */
async function waitingSchema(project: Project, migration: string): Promise<string | undefined> {
  const inspection = await project.inspection();
  if (inspection?.tenancy !== true) return undefined;
  const tenants = (await project.tenants())?.tenants ?? [];
  const schemas = [inspection.publicSchema, ...tenants.map(({ schema }) => schema)];
  const states = await project.states(schemas);
  return states.find(({ pending }) => pending.some(({ app, name }) => `${app}.${name}` === migration))
    ?.schema;
}

async function explainUnrecorded(
  symptom: Symptom,
  scene: Scene,
  project: Project,
  migration: string,
): Promise<Cause | undefined> {
  const inspection = await project.inspection();
  const schema =
    symptom.schema ?? schemaOfCommand(scene.command) ?? (await waitingSchema(project, migration));
  const effect = await project.effect(migration, schema);
  if (!inspection || !effect) return undefined;
  const [app = '', name = ''] = migration.split('.');
  const number = name.replace(/^(\d+)_.*$/, '$1');
  const where = schema ?? 'public';
  const what = objectOf(symptom);
  const others = effect.others.map((text) => ({ label: 'not compared', text }));
  const facts = { schema: where, migration, object: what };
  if (effect.identicalTo !== null) {
    const upTo = effect.identicalTo === name ? '' : `, as ${effect.identicalTo} leaves it`;
    const told = {
      code: 'DBB6074',
      message: `schema "${where}" holds what migration ${app}.${number} makes${upTo}, and does not record it: ${what} exists already`,
      facts: { ...facts, identical: true },
    } as const;
    const compared = {
      label: 'compared',
      text: `${tables(effect)}: identical in columns, types, constraints and indexes`,
    };
    const before = await nameBefore(scene, where, app, name);
    if (before !== undefined)
      return {
        ...told,
        notes: [renamedNote(app, before), compared],
        help: replaceHelp(app, name, before),
      };
    return {
      ...told,
      notes: [
        compared,
        ...others,
        ...(others.length > 0
          ? [
              {
                label: 'then',
                text: 'recording does not run these: do what they do by hand, where it was not done',
              },
            ]
          : []),
      ],
      help: `record it: ${migrateCommand(inspection, where, '--fake', app, effect.identicalTo)}`,
    };
  }
  const differing = effect.objects.filter((each) => each.exists);
  if (differing.length === 0) return undefined;
  return {
    code: 'DBB6075',
    message: `schema "${where}" does not record migration ${app}.${number}, and holds other objects of the names that it makes: ${what} exists already`,
    notes: [...differing.flatMap(differences), ...others],
    help: repair(effect, where, migrateCommand(inspection, where, '--fake', app, name)),
    facts: { ...facts, identical: false },
  };
}

/** 'table "x"' of 'relation "x" already exists'. */
function objectOf({ message }: Symptom): string {
  const [, what = message] = /^(.*?) already exists/.exec(message) ?? [];
  return what
    .replace(/^column "(.*)" of relation "(.*)"$/, 'column "$1" of table "$2"')
    .replace(/^relation /, 'table ');
}

function tables({ objects }: MigrationEffect): string {
  return objects.map(({ table }) => `"${table}"`).join(', ');
}

type Found = MigrationEffect['objects'][number];

function differences({ table, differences: all }: Found): { label: string; text: string }[] {
  return all.map(({ part, name, expected, actual }) => {
    const subject =
      part === 'column' || part === 'foreign key'
        ? `${part} "${name}" of "${table}"`
        : `${part} of "${table}"`;
    return {
      label: 'differs',
      text:
        actual === null
          ? `${subject} is missing: ${expected ?? ''}`
          : expected === null
            ? `${subject} is not the migration's: ${actual}`
            : `${subject} is ${actual}, and the migration makes it ${expected}`,
    };
  });
}

/** Tables that hold nothing are dropped and made again; else what differs is changed, and the migration recorded. */
function repair({ objects }: MigrationEffect, schema: string, record: string): string {
  const existing = objects.filter((each) => each.exists && each.made);
  if (existing.length > 0 && objects.every((each) => each.made && !each.rows)) {
    const drop = existing.map(({ table }) => `drop table ${qualified(schema, table)};`);
    return ['they hold no row: drop them in psql, and run again:', ...drop].join('\n');
  }
  const statements = objects.flatMap((each) =>
    each.differences.map((one) => statementFor(schema, each, one)),
  );
  if (statements.includes(undefined)) {
    return `make the tables as the migration would, by hand, then record it: ${record}`;
  }
  const path = `set search_path to ${quoteIdentifier(schema)}, public;`;
  return ['make them as the migration would, in psql, then record it:', path, ...statements, record].join(
    '\n',
  );
}

function statementFor(
  schema: string,
  { table, rows }: Found,
  { part, name, expected, actual }: Found['differences'][number],
): string | undefined {
  const alter = `alter table ${qualified(schema, table)}`;
  const column = quoteIdentifier(name);
  if (expected === null || (part !== 'column' && actual !== null)) return undefined;
  if (part === 'constraint') return `${alter} add ${expected};`;
  if (part === 'index') {
    const [, unique = '', how = ''] = /^(unique )?(.*)$/.exec(expected) ?? [];
    return `create ${unique}index on ${qualified(schema, table)} ${how};`;
  }
  if (part === 'foreign key') {
    const [, target = '', to = ''] = /^(.*) \((.*)\)$/.exec(expected) ?? [];
    const references = `${quoteIdentifier(target)} (${quoteIdentifier(to)})`;
    return `${alter} add foreign key (${column}) references ${references} deferrable initially deferred;`;
  }
  if (actual === null)
    return rows && expected.includes(' not null') ? undefined : `${alter} add column ${column} ${expected};`;
  const [type = '', wasType = ''] = [expected, actual].map((text) =>
    text.replace(/ (?:not null|default|identity).*$/, ''),
  );
  const [required, wasRequired] = [expected, actual].map((text) => text.includes(' not null'));
  if (expected.replace(/ not null/, '') !== type || actual.replace(/ not null/, '') !== wasType)
    return undefined;
  const changes = [
    ...(type === wasType ? [] : [`alter column ${column} type ${type} using ${column}::${type}`]),
    ...(required === wasRequired ? [] : [`alter column ${column} ${required ? 'set' : 'drop'} not null`]),
  ];
  return `${alter} ${changes.join(', ')};`;
}

/** A statement that makes something a second time. */
async function explainStatement(symptom: Symptom, { task, project }: Scene): Promise<Cause> {
  const [, kind = 'object', name = ''] = /^(\w+) (".*?")/.exec(symptom.message) ?? [];
  const word =
    /\bcreate\s+(?:unlogged\s+|temp(?:orary)?\s+|unique\s+)*(table|index|sequence|view|materialized view|schema|extension|type|role|database)\b/i
      .exec(symptom.statement ?? '')?.[1]
      ?.toLowerCase();
  const made = word ?? (kind === 'relation' ? 'table' : kind);
  const repeatable = ['table', 'index', 'sequence', 'schema', 'extension', 'materialized view'].includes(
    made,
  );
  const object = name.replaceAll('"', '');
  const history = symptom.migration === undefined ? undefined : await project?.history(object);
  if (symptom.migration !== undefined && history?.maker) {
    const maker = `${history.maker.app}.${history.maker.name}`;
    return {
      code: 'DBB5057',
      message: `migration ${symptom.migration} makes ${made} ${name} a second time: migration ${maker} has made it`,
      help: `take the statement out of ${symptom.migration}, or let it make ${made === 'index' ? 'an' : 'a'} ${made} of another name`,
      facts: { object, kind: made, migration: symptom.migration, maker },
    };
  }
  const who = whoMet(symptom, task);
  const facts = { object, kind: made };
  if (made === 'role') return { ...ofServer(who, quoteIdentifier(object)), facts };
  return {
    code: 'DBB5057',
    message: `${who} makes ${made} ${name} a second time: it exists already`,
    help: repeatable
      ? `write "create ${made} if not exists", so that the task can run again`
      : `ask the catalog before making it ("do $$ begin if not exists (…) then create ${made} …; end if; end $$"), so that the task can run again`,
    facts,
  };
}

/** A role: whoever made it may have done so for another database. */
function ofServer(who: string, role: string): Omit<Cause, 'facts'> {
  return {
    code: 'DBB5057',
    message: `${who} makes role ${role}, which the server has already: roles belong to all databases of a server`,
    notes: [
      { label: 'note', text: 'a run on another database of this server, or the one before, has made it' },
    ],
    help: `write "do $$ begin create role ${role} …; exception when duplicate_object then null; end $$", so that it can run for each database of the server`,
  };
}
