import type { ObjectMaker } from '../../django/index.js';
import type { Cause } from './cause.js';
import { extensionOf } from './extensions.js';
import { missingObject } from './missing-object.js';
import type { Project } from './project.js';
import { schemaOfCommand, type Scene } from './scene.js';
import type { Symptom } from './symptom.js';

type Found = Extract<ObjectMaker, { readonly kind: string }>;

/** A migration uses what another one makes, which was not applied before, because nothing says that it has to come first. */
export async function explainDependency(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const { migration } = symptom;
  const { project } = scene;
  if (!project || migration === undefined) return undefined;
  const missing = await missingObject(symptom);
  if (!missing) return undefined;
  const extensions = missing.objects.flatMap((each) => extensionOf(each.name) ?? []);
  const found = await project.maker(
    [...missing.objects, ...extensions.map((name) => ({ kind: 'extension', name }))],
    migration,
  );
  if (!found || found.maker === null) return undefined;
  const schema = symptom.schema ?? schemaOfCommand(scene.command);
  const waits = await isPending(project, found, schema);
  return waits ? causeOf(found, migration, schema) : undefined;
}

/** Whether the schema has still to apply the maker, and gets what it makes then: the router skips tables of other lists. */
async function isPending(project: Project, found: Found, schema: string | undefined): Promise<boolean> {
  const inspection = await project.inspection();
  if (!inspection) return false;
  const table = found.kind === 'table' ? found.name : found.table;
  const model = (await project.tables()).find((each) => each.table === table);
  if (inspection.tenancy && model && schema !== undefined) {
    if (!(schema === inspection.publicSchema ? model.shared : model.tenant)) return false;
  }
  const states = await project.states([schema ?? inspection.publicSchema]);
  return states.some(({ pending }) =>
    pending.some(({ app, name }) => app === found.maker.app && name === found.maker.name),
  );
}

function causeOf(found: Found, migration: string, schema: string | undefined): Cause {
  const { maker, table, kind } = found;
  const dependency = `${maker.app}.${maker.name}`;
  const what = `${kind} "${found.name}"${table === null || kind === 'extension' ? '' : ` of table "${table}"`}`;
  return {
    code: 'DBB6079',
    message: `migration ${migration} uses ${what}, which ${dependency} makes, and does not depend on it`,
    help: lineToAdd(found, migration),
    facts: {
      object: found.name,
      kind,
      migration,
      dependency,
      ...(kind === 'table' ? { table: found.name } : table === null ? {} : { table }),
      ...(schema === undefined ? {} : { schema }),
    },
  };
}

/** In the file that is the project's: of a package's migration, the project's own can say that it comes first. */
function lineToAdd({ maker, circle, userFile, makerFile }: Found, migration: string): string {
  const [app = '', name = ''] = migration.split('.');
  if (circle)
    return `move the operation of ${migration} into a new migration that depends on ${maker.app}.${maker.name}, which depends on ${migration}`;
  if (userFile !== null) return `add to "dependencies" in ${userFile}:\n('${maker.app}', '${maker.name}'),`;
  if (makerFile !== null) return `add to "run_before" in ${makerFile}:\n('${app}', '${name}'),`;
  return `migrate ${maker.app} first: python manage.py migrate ${maker.app} ${maker.name}`;
}
