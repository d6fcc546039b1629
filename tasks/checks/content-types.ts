import * as z from 'zod/mini';
import {
  defineTask,
  type Finding,
  type Repair,
  type TaskClient,
  type TaskContext,
  type TaskResult,
} from '../../config/define.js';
import { expectedRules, type ExpectedContentTypes, type ExpectedRules } from '../../lib/django/index.js';
import { amount, findContentTypeFaults, labelOf, type ContentTypeFaults } from './content-type-rows.js';
import { limitFindings } from './limit.js';
import { findPlaces } from './places.js';
import { qualified } from './words.js';
import { counted, visible } from '../../lib/text/index.js';

const options = z.strictObject({});

type Context = TaskContext<z.output<typeof options>>;

/** Every model has its content type and its permissions, once, in each schema that keeps them. */
export const checkContentTypes = defineTask({
  kind: 'check-content-types',
  description: 'Every model has its content type and permissions, once, in each schema that keeps them.',
  options,
  host: true,
  check: true,
  run,
  fix,
});

async function run({ database, host }: Context): Promise<TaskResult> {
  const rules = await expectedRules(host);
  const expected = rules.contentTypes;
  if (!expected) return { changed: false, summary: 'the project keeps no content types' };
  const { faults, schemas } = await findContentTypeFaults(
    database,
    expected,
    await findPlaces({ database, host }, rules),
  );
  return {
    changed: false,
    summary:
      faults.length === 0
        ? `content types and permissions are complete in ${counted(schemas, 'schema')}`
        : `content types or permissions are wrong in ${String(faults.length)} of ${counted(schemas, 'schema')}`,
    findings: limitFindings(
      faults.flatMap((fault) => findingsOf(fault, expected)),
      'contentTypes',
    ),
  };
}

function findingsOf(faults: ContentTypeFaults, { table, permissions }: ExpectedContentTypes): Finding[] {
  const { schema } = faults;
  const help = 'run "db-bootstrap check --fix --only content-types"';
  return [
    ...faults.missing.map((model): Finding => ({
      code: 'DBB6082',
      message: `schema "${schema}" has no content type "${labelOf(model)}"`,
      help,
      facts: { schema },
      subject: { schema, contentType: labelOf(model) },
      repair: 'safe',
    })),
    ...faults.missingPermissions.map(({ model, codename }): Finding => ({
      code: 'DBB6082',
      message: `schema "${schema}" has no permission "${model.app}.${codename}"`,
      help,
      facts: { schema },
      subject: { schema, permission: `${model.app}.${codename}` },
      repair: 'safe',
    })),
    ...faults.duplicates.map(({ kind, label, times }): Finding => ({
      code: 'DBB6083',
      message: `schema "${schema}" has the ${kind} "${visible(label)}" ${String(times)} times`,
      help: `let everything refer to the one with the lowest id, then delete the others from ${qualified(schema, kind === 'permission' ? (permissions?.table ?? '') : table)}`,
      facts: { schema },
      subject: { schema, [kind === 'permission' ? 'permission' : 'contentType']: label },
    })),
    ...faults.dangling.map(({ codename, contentType }): Finding => ({
      code: 'DBB6084',
      message: `permission "${visible(codename)}" in schema "${schema}" belongs to content type ${contentType}, which does not exist`,
      help: `if nobody has it, run: delete from ${qualified(schema, permissions?.table ?? '')} where content_type_id = ${contentType};`,
      facts: { schema },
      subject: { schema, permission: codename },
    })),
  ];
}

/** One transaction a schema: each is whole by itself. */
async function fix({ database, host }: Context): Promise<readonly Repair[]> {
  const rules: ExpectedRules = await expectedRules(host);
  const expected = rules.contentTypes;
  if (!expected) return [];
  const { faults } = await findContentTypeFaults(
    database,
    expected,
    await findPlaces({ database, host }, rules),
  );
  const repairs: Repair[] = [];
  for (const fault of faults) {
    const repair = await database.transaction((client) => addMissing(client, fault, expected));
    if (repair) repairs.push(repair);
  }
  return repairs;
}

/** By natural key: ids differ from schema to schema. */
async function addMissing(
  client: TaskClient,
  { schema, missing, missingPermissions }: ContentTypeFaults,
  { table, permissions }: ExpectedContentTypes,
): Promise<Repair | undefined> {
  const types = qualified(schema, table);
  const added = await client.query(
    `insert into ${types} (app_label, model)
     select e.app, e.model from unnest($1::text[], $2::text[]) with ordinality as e (app, model, position)
      where not exists (select from ${types} c where c.app_label = e.app and c.model = e.model) order by position returning 1`,
    [missing.map(({ app }) => app), missing.map(({ model }) => model)],
  );
  const wanted = [
    ...missing.flatMap((model) => model.permissions.map((permission) => ({ model, ...permission }))),
    ...missingPermissions,
  ];
  const granted =
    permissions === null
      ? []
      : await client.query(
          `insert into ${qualified(schema, permissions.table)} (name, content_type_id, codename)
           select e.name, c.id, e.codename
             from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as e (app, model, codename, name, position)
             join lateral (select min(id) as id from ${types} t where t.app_label = e.app and t.model = e.model) c on c.id is not null
            where not exists (select from ${qualified(schema, permissions.table)} p
                              where p.content_type_id = c.id and p.codename = e.codename)
            order by position returning 1`,
          [
            wanted.map(({ model }) => model.app),
            wanted.map(({ model }) => model.model),
            wanted.map(({ codename }) => codename),
            wanted.map(({ name }) => name),
          ],
        );
  if (added.length + granted.length === 0) return undefined;
  return {
    message: `${amount(added.length, granted.length)} added to schema "${schema}"`,
    subject: { schema, contentTypes: missing.map(labelOf).join(', ') },
  };
}
