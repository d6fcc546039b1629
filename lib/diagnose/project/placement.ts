import type { AppFacts, Crossing, Preflight, SettingsFacts } from '../../django/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import { listed, placeAt, placeOfEntry, placeOfSetting, schemasOf, settingsRule } from './facts.js';

/** Where the lists of apps put tables: each somewhere, and where what they refer to can be seen. */
export const placement = settingsRule('app-placement', (settings, facts, evidence) => {
  if (facts.project?.tenancy !== true) return [];
  const found = { settings, facts, evidence };
  return [...nowhere(found), ...listedOnly(found), ...crossings(found), ...contentTypes(found)];
});

interface Found {
  readonly settings: SettingsFacts;
  readonly facts: Preflight;
  readonly evidence: Evidence;
}

/** Installed apps with tables or migrations that are on no list. */
function nowhere({ settings, facts, evidence }: Found): Diagnosis[] {
  const { multiType } = settings;
  const lists = multiType ? 'no type of TENANT_TYPES' : 'neither SHARED_APPS nor TENANT_APPS';
  const apps = facts.project?.apps ?? [];
  return apps
    .filter(
      ({ name, places, otherDatabase, tables, package: { migrations } }) =>
        places.length === 0 &&
        !otherDatabase &&
        tables.length + migrations > 0 &&
        // A router of the project's may allow a listed app in a few tenants alone.
        listsWith(settings, name).length === 0,
    )
    .map(({ label, name, tables }) => ({
      code: 'DBB6072',
      message: `the installed app "${label}" is in ${lists}: ${consequence(tables)}`,
      ...placeOfEntry(evidence, settings, name, 'INSTALLED_APPS'),
      subject: { app: label },
      expected: multiType
        ? 'the app among the "APPS" of at least one type'
        : 'the app in SHARED_APPS, TENANT_APPS or both',
      actual: `"${name}" is in INSTALLED_APPS alone`,
      evidence: [
        ...tables.map((table) => `missing in every schema: ${table}`),
        ...referencesTo(facts, label).map((text) => `refers to it: ${text}`),
        'its migrations would be recorded as applied all the same',
      ],
      help: multiType
        ? `add "${name}" to the "APPS" of the types that need it`
        : `add "${name}" to TENANT_APPS for a table in each tenant, or to SHARED_APPS for one table for all`,
    }));
}

function consequence({ length }: readonly string[]): string {
  if (length === 0) return 'its migrations do nothing in any schema';
  return `${length === 1 ? 'its table is' : 'its tables are'} made in no schema`;
}

function referencesTo({ project }: Preflight, label: string): readonly string[] {
  return (project?.crossings ?? [])
    .filter(({ targetApp }) => targetApp === label)
    .map(({ table, column, targetTable }) => `${table}.${column} → ${targetTable}`);
}

/** Entries of the lists that name no installed app. */
function listedOnly({ settings, facts, evidence }: Found): Diagnosis[] {
  return (facts.project?.notInstalled ?? []).map(({ setting, entry }) => ({
    code: 'DBB6050',
    message: `${setting} lists "${entry}", which is not in INSTALLED_APPS: Django does not know its models`,
    ...placeOfEntry(evidence, settings, entry, setting),
    subject: { setting, app: entry },
    expected: `every app of ${setting} in INSTALLED_APPS`,
    actual: `INSTALLED_APPS has no "${entry}"`,
    evidence: ['none of its tables is made in any schema'],
    help: `add "${entry}" to INSTALLED_APPS (INSTALLED_APPS = SHARED_APPS + [app for app in TENANT_APPS if app not in SHARED_APPS]), or take it out of ${setting}`,
  }));
}

/** Foreign keys whose target stands where they cannot see it; each schema sees itself and the public one. */
function crossings({ settings, facts, evidence }: Found): Diagnosis[] {
  return (facts.project?.crossings ?? [])
    .filter(({ targetSchemas }) => targetSchemas.length > 0)
    .map((crossing) => ({
      code: 'DBB6051',
      message: `${crossing.table}.${crossing.column} in ${schemasOf(crossing.schemas)} refers to ${crossing.targetTable}, which stands only in ${schemasOf(crossing.targetSchemas)}`,
      ...(crossing.at === null
        ? placeOfSetting(evidence, settings, ...lists(settings))
        : placeAt(evidence, crossing.at)),
      subject: {
        app: crossing.app,
        model: crossing.model,
        table: crossing.table,
        column: crossing.column,
        target: crossing.target,
      },
      expected: `${crossing.targetTable} in the same schema, or in the public one, which every schema sees`,
      actual: `app "${crossing.app}" has tables in ${schemasOf(crossing.schemas)}, app "${crossing.targetApp}" in ${schemasOf(crossing.targetSchemas)}`,
      evidence: [
        ...settingLines(settings, appsOf(facts, [crossing.app, crossing.targetApp])),
        `migrating ${schemasOf(crossing.schemas)} fails: relation "${crossing.targetTable}" does not exist`,
      ],
      help: repairOf(crossing, settings),
    }));
}

function repairOf(
  { app, model, target, targetApp, schemas }: Crossing,
  { multiType }: SettingsFacts,
): string {
  // Lists of apps put both into the same schemas: it is a router that does not.
  if (app === targetApp) return `let the routers allow ${model} and ${target} in the same schemas`;
  if (multiType)
    return `add the app "${targetApp}" to the "APPS" of ${listed(schemas.map((type) => `"${type}"`))} in TENANT_TYPES`;
  return `move the app "${app}" to TENANT_APPS, or the app "${targetApp}" to SHARED_APPS`;
}

function contentTypes({ settings, facts, evidence }: Found): Diagnosis[] {
  const { contentTypes: found } = facts.project ?? {};
  // Where the table cannot be seen at all, that is told of the foreign key.
  if (!found?.schemas.includes('public')) return [];
  const foreign = found.foreign.filter(({ schemas }) => schemas.length > 0);
  if (foreign.length === 0) return [];
  const schemas = [...new Set(foreign.flatMap((one) => one.schemas))];
  return [
    {
      code: 'DBB6056',
      severity: 'warning',
      message: `content types stand only in the public schema, and ${schemasOf(schemas)} refers to them from there`,
      ...placeOfSetting(evidence, settings, ...(settings.multiType ? ['TENANT_TYPES'] : ['TENANT_APPS'])),
      subject: { app: 'contenttypes', table: foreign[0]?.table ?? '' },
      expected: '"django.contrib.contenttypes" in both lists, as django-tenants documents it',
      actual: `django_content_type stands in ${schemasOf(found.schemas)}`,
      evidence: foreign.map(({ table, column }) => `${table}.${column} → public.django_content_type`),
      help: settings.multiType
        ? `add "django.contrib.contenttypes" to the "APPS" of ${listed(schemas.map((type) => `"${type}"`))} in TENANT_TYPES`
        : 'add "django.contrib.contenttypes" to TENANT_APPS as well',
    },
  ];
}

function lists({ multiType }: SettingsFacts): readonly string[] {
  return multiType ? ['TENANT_TYPES'] : ['SHARED_APPS', 'TENANT_APPS'];
}

/** Apps by their labels. */
function appsOf({ project }: Preflight, labels: readonly string[]): readonly AppFacts[] {
  return labels.flatMap((label) => project?.apps.find((app) => app.label === label) ?? []);
}

function settingLines(settings: SettingsFacts, apps: readonly AppFacts[]): readonly string[] {
  return apps.map(({ name }) => {
    const found = listsWith(settings, name);
    return `"${name}" is in ${found.length === 0 ? 'none of the lists' : listed(found)}`;
  });
}

/** The lists of apps that name an app. */
function listsWith(settings: SettingsFacts, name: string): readonly string[] {
  const lists = settings.multiType
    ? Object.entries(settings.types ?? {}).map(
        ([type, entries]) => [`TENANT_TYPES["${type}"]["APPS"]`, entries] as const,
      )
    : ([
        ['SHARED_APPS', settings.sharedApps],
        ['TENANT_APPS', settings.tenantApps],
      ] as const);
  return lists
    .filter(([, entries]) => entries?.some((entry) => entry.replace(/\.apps\.\w+$/, '') === name) === true)
    .map(([list]) => list);
}
