import {
  migrationAdvice,
  packageAdvice,
  type AppFacts,
  type MigrationFacts,
  type PackageFault,
  type ProjectFacts,
} from '../../django/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import { listed, placeAt, placeOfSetting, schemasOf, settingsRule, shownPlace } from './facts.js';
import { counted, nearest } from '../../text/index.js';

/** The migrations on disk: there for every app with models, in one piece, and saying the same as the models. */
export const migrationFiles = settingsRule('migration-files', (settings, { project }, evidence) => {
  if (!project) return [];
  const { missing, conflicts, changes, keys } = project.migrations;
  const packages = project.apps.filter(({ package: { fault } }) => fault !== null);
  const without = new Set(packages.map(({ label }) => label));
  return [
    ...packages.map((app) => ({
      ...withoutPackage(app),
      ...(app.package.explicit ? {} : repairOf(app.label, 'package', project)),
      ...(app.package.explicit
        ? placeOfSetting(evidence, settings, 'MIGRATION_MODULES')
        : folderOf(app, evidence)),
    })),
    ...missing
      .filter(({ dependsOn }) => !without.has(dependsOn.app))
      .map((one) => ({ ...missingDependency(one, evidence), ...repairOf(one.app, 'dependency', project) })),
    ...conflicts.map((one) => ({ ...conflict(one, evidence), ...repairOf(one.app, 'conflict', project) })),
    // What a run writes itself is no fault before it has.
    ...(writesMigrations(evidence) ? [] : changes)
      .filter(({ app }) => !without.has(app))
      .map((one) => ({
        ...difference(one, evidence),
        ...repairOf(one.app, one.operations.every(isKey) ? 'keys' : 'difference', project),
        ...(mustAgree(one.app, project, evidence) ? {} : { severity: 'warning' as const }),
      })),
    ...keys.map((one) => keyChange(one, evidence)),
  ];
});

/** Django would give the key another type: the app says none, and DEFAULT_AUTO_FIELD is the project's. */
function isKey(operation: string): boolean {
  return /^Alter field id on /i.test(operation);
}

/** The repair for an app that is not the project's own; nothing for its own. */
function repairOf(
  label: string,
  fault: keyof typeof packageAdvice,
  { apps }: ProjectFacts,
): { readonly help?: string } {
  const app = apps.find((each) => each.label === label);
  return app?.own === false && !(app.package.explicit && app.package.fault === null)
    ? { help: packageAdvice[fault](label) }
    : {};
}

const faults: Record<PackageFault, (app: AppFacts) => readonly [actual: string, help: string]> = {
  disabled: ({ label }) => [
    `MIGRATION_MODULES["${label}"] is None`,
    `take "${label}" out of MIGRATION_MODULES`,
  ],
  missing: ({ label, package: { name, folder } }) => [
    `${folder ?? name ?? 'the package'} does not exist`,
    `run "python manage.py makemigrations ${label}" and commit the files`,
  ],
  unimportable: ({ label, package: { name } }) => [
    `MIGRATION_MODULES["${label}"] is "${name}", which cannot be imported`,
    `correct MIGRATION_MODULES["${label}"], or take it out`,
  ],
  'no-init': ({ package: { name, folder } }) => [
    `${folder ?? name ?? 'the folder'} has no __init__.py: Django looks for no migrations in it`,
    `add an empty ${folder ?? 'file'}/__init__.py`,
  ],
};

function withoutPackage(app: AppFacts): Diagnosis {
  const {
    label,
    own,
    tables,
    package: { fault },
  } = app;
  const [actual, help] = faults[fault ?? 'missing'](app);
  return {
    code: 'DBB6054',
    // What is installed without migrations may do without its tables.
    ...(own || fault === 'unimportable' ? {} : { severity: 'warning' }),
    message: `Django finds no migrations of the app "${label}": ${tables.length === 1 ? 'its table is' : 'its tables are'} made in no schema`,
    subject: { app: label },
    expected: `a package of migrations for the app "${label}", which has models`,
    actual,
    evidence: tables.map((table) => `missing: ${table}`),
    help,
    // Django stops loading migrations at such a name.
    ...(fault === 'unimportable' ? { explains: ['DBB6030'] } : {}),
  };
}

function folderOf({ package: { folder } }: AppFacts, evidence: Evidence): Pick<Diagnosis, 'place'> {
  if (folder === null) return {};
  const { place } = placeAt(evidence, `${folder}:1`);
  return place ? { place: { file: place.file } } : {};
}

function missingDependency(
  { app, migration, at, dependsOn, installed, existing }: MigrationFacts['missing'][number],
  evidence: Evidence,
): Diagnosis {
  const name = `${dependsOn.app}.${dependsOn.name}`;
  const near =
    nearest(dependsOn.name, existing) ??
    existing.find((other) => other.slice(0, 4) === dependsOn.name.slice(0, 4));
  return {
    code: 'DBB6026',
    message: `migration ${app}.${migration} depends on ${name}, which does not exist`,
    ...placeAt(evidence, at),
    subject: { app, migration, dependency: name },
    expected: `a migration ${name}`,
    actual: installed
      ? `the app "${dependsOn.app}" has ${existing.length === 0 ? 'no migrations' : listed(existing.slice(-5))}`
      : `no installed app has the label "${dependsOn.app}"`,
    evidence: ['Django refuses to migrate anything while it is missing'],
    help:
      near !== undefined
        ? `restore the file of ${name}, or let it depend on "${near}"`
        : installed
          ? `restore the file of ${name}, or correct "dependencies"`
          : `add the app "${dependsOn.app}" to INSTALLED_APPS, or correct "dependencies"`,
  };
}

function conflict({ app, leaves, at }: MigrationFacts['conflicts'][number], evidence: Evidence): Diagnosis {
  return {
    code: 'DBB6007',
    message: `the migrations of the app "${app}" end in ${String(leaves.length)} leaf nodes: ${listed(leaves)}`,
    ...placeAt(evidence, at.at(-1)),
    subject: { app, leaves: leaves.join(' ') },
    expected: 'one leaf node',
    actual: listed(leaves),
    evidence: leaves.map((leaf, index) => `${leaf}${shownPlace(evidence, at[index])}`),
    help: migrationAdvice('conflict', [{ app, own: true }]),
  };
}

function difference(
  { app, operations, at }: MigrationFacts['changes'][number],
  evidence: Evidence,
): Diagnosis {
  return {
    code: 'DBB6006',
    message: `models and migrations of the app "${app}" differ: ${operations[0] ?? ''}${operations.length > 1 ? `, and ${String(operations.length - 1)} more` : ''}`,
    ...placeAt(evidence, at),
    subject: { app },
    expected: 'migrations that make what the models say',
    actual: `${counted(operations.length, 'operation is', 'operations are')} in no migration`,
    evidence: operations,
    help: migrationAdvice('difference', [{ app, own: true }]),
  };
}

function keyChange(
  {
    app,
    migration,
    at,
    key,
    keyType,
    column,
    columnType,
    columnApp,
    schemas,
  }: MigrationFacts['keys'][number],
  evidence: Evidence,
): Diagnosis {
  return {
    code: 'DBB6055',
    message: `migration ${app}.${migration} makes ${key} ${keyType}, and ${column} in ${schemasOf(schemas)} stays ${columnType}`,
    ...placeAt(evidence, at),
    subject: { app, migration, key, column, columnApp },
    expected: `${key} and ${column} of one type`,
    actual: `${key} is ${keyType}, ${column} is ${columnType}`,
    evidence: [
      'Django alters a key together with the columns that refer to it, in the schema that it migrates',
      `the app "${app}" stands in the public schema alone: for the schemas of tenants the migration does nothing`,
    ],
    help: `add a migration to the app "${columnApp}" that depends on ${app}.${migration} and alters ${column} to ${keyType}`,
  };
}

/** Whether a difference ends a run: not in an app of somebody else's, nor where the config leaves the app, or all, unexamined. */
function mustAgree(label: string, { apps }: ProjectFacts, { workflow }: Evidence): boolean {
  const tasks = [...(workflow?.tasks.values() ?? [])].filter(({ use }) => use === 'makemigrations');
  const examined = tasks.filter(({ enabled, options }) => {
    const { apps: named } = (options ?? {}) as { readonly apps?: readonly string[] };
    return enabled && (named === undefined || named.includes(label));
  });
  const own = apps.some((app) => app.label === label && app.own);
  return own && (tasks.length === 0 || examined.length > 0);
}

/** Whether the workflow makes migrations itself. */
function writesMigrations({ workflow }: Evidence): boolean {
  return [...(workflow?.tasks.values() ?? [])].some(({ enabled, use, options }) => {
    const { write, run } = (options ?? {}) as { readonly write?: unknown; readonly run?: unknown };
    if (!enabled) return false;
    const command = Array.isArray(run) ? run.join(' ') : run;
    return (
      (use === 'makemigrations' && write === true) ||
      (typeof command === 'string' && /\bmakemigrations\b(?!.*--(?:check|dry-run))/.test(command))
    );
  });
}
