import { quoteIdentifier } from '../../postgres/index.js';
import type { Cause } from './cause.js';
import { migrateCommand, qualified } from './commands.js';
import { missingObject } from './missing-object.js';
import { relationKinds } from './relation-kinds.js';
import { schemaOfCommand, type Scene } from './scene.js';
import { searchPath } from './search-path.js';
import type { ParsedStatement } from './statement.js';
import type { Symptom } from './symptom.js';

type Renames = NonNullable<ParsedStatement['renames']>;

/** A statement gives something a name that it has already, so that nothing of the old name exists. */
export async function explainRenamed(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const renames = (await missingObject(symptom))?.statement?.renames;
  if (!renames) return undefined;
  const known = symptom.schema ?? schemaOfCommand(scene.command);
  const holding = await schemasWith(scene, renames);
  const schema = known === undefined ? holding[0] : holding.find((each) => each === known);
  if (schema === undefined) return undefined;
  const { kind, to, table } = renames;
  const what = `${kind} "${to}"${table === undefined ? '' : ` of table "${table}"`}`;
  const facts = { schema, object: what, kind };
  const { migration } = symptom;
  const inspection = await scene.project?.inspection();
  const effect = migration === undefined ? undefined : await scene.project?.effect(migration, known);
  if (migration === undefined || !inspection || !effect)
    return {
      code: 'DBB5057',
      message: `task "${scene.task.name}" renames ${kind} "${renames.from}" a second time: ${what} exists already`,
      help: repeatable(renames),
      facts,
    };
  const [app = '', name = ''] = migration.split('.');
  return {
    code: 'DBB6074',
    message: `schema "${schema}" holds what migration ${migration} makes, and does not record it: ${what} exists already`,
    help:
      effect.operations === 1
        ? `record it: ${migrateCommand(inspection, schema, '--fake', app, name)}`
        : `give it the old name, in psql, and run again, since the migration does more than that:\n${renamedBack(renames, schema)}`,
    facts: { ...facts, migration },
  };
}

/** The schemas that hold the new name. */
async function schemasWith({ database }: Scene, { kind, to, table }: Renames): Promise<readonly string[]> {
  const rows = await database.query<{ schema: string }>(
    `select n.nspname::text as schema from pg_catalog.pg_namespace n
      where n.nspname !~ '^pg_' and case $1
        when 'column' then exists (select from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
          where c.relnamespace = n.oid and c.relname = $3 and a.attname = $2 and not a.attisdropped)
        when 'constraint' then exists (select from pg_catalog.pg_class c join pg_catalog.pg_constraint k on k.conrelid = c.oid
          where c.relnamespace = n.oid and c.relname = $3 and k.conname = $2)
        when 'type' then exists (select from pg_catalog.pg_type t where t.typnamespace = n.oid and t.typname = $2)
        when 'function' then exists (select from pg_catalog.pg_proc p where p.pronamespace = n.oid and p.proname = $2)
        else exists (select from pg_catalog.pg_class c
          where c.relnamespace = n.oid and c.relname = $2 and c.relkind::text = any ($4)) end
      order by n.nspname = any ($5) desc, 1`,
    [kind, to, table ?? null, relationKinds(kind), await searchPath({ database })],
  );
  return rows.map(({ schema }) => schema);
}

function renamedBack({ kind, from, to, table }: Renames, schema: string): string {
  const [old, now] = [quoteIdentifier(from), quoteIdentifier(to)];
  return table === undefined
    ? `alter ${kind} ${qualified(schema, to)} rename to ${old};`
    : `alter table ${qualified(schema, table)} rename ${kind} ${now} to ${old};`;
}

function repeatable({ kind, from, to, table }: Renames): string {
  if (table === undefined && !['type', 'function'].includes(kind))
    return `write "alter ${kind} if exists ${quoteIdentifier(from)} rename to ${quoteIdentifier(to)}", so that the task can run again`;
  return `ask the catalog before renaming it ("do $$ begin if exists (…) then alter …; end if; end $$"), so that the task can run again`;
}
