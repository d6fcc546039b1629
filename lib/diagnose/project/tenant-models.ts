import type { Preflight, SettingsFacts, TenantModelFacts } from '../../django/index.js';
import { type ErrorCode } from '../../errors/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import { listed, placeAt, placeOfSetting, schemasOf, settingsRule } from './facts.js';
import { nearest } from '../../text/index.js';

type Model = NonNullable<TenantModelFacts['model']>;

/** The models of tenants and of domains: named, there, of the right kind, and in the public schema. */
export const tenantModels = settingsRule('tenant-models', (settings, facts, evidence) => {
  if (!settings.installedApps.some((app) => /^django_tenants(?:\.|$)/.test(app))) return [];
  const named = [facts.project?.tenantModel, facts.project?.domainModel].filter((model) => model != null);
  const models = named.flatMap(({ model, setting }) => (model ? [{ model, setting }] : []));
  return [
    ...missingSettings(settings, facts, evidence),
    ...named
      .filter(({ model, name }) => !model && name !== null)
      .map((model) => ({
        ...namesNothing(model, { settings, evidence }),
        // The foreign key of domains leads to what TENANT_MODEL names.
        explains: [
          { code: 'DBB6006' as const, subject: { app: facts.project?.domainModel?.model?.app ?? '' } },
        ],
      })),
    ...models
      .filter(({ model }) => !model.mixin)
      .map(({ model, setting }) => notMixed(model, setting, evidence)),
    ...models
      .filter(
        ({ model }, index) =>
          !model.public && models.findIndex((one) => one.model.app === model.app) === index,
      )
      .map(({ model, setting }) => notPublic(model, setting, { settings, evidence })),
    ...models
      .filter(({ model }) => model.mixin && model.public && model.elsewhere.length > 0)
      .slice(0, 1)
      .map(({ model, setting }) => copied(model, setting, { settings, evidence })),
  ];
});

/** Settings without which django_tenants does not work, where its app is installed. */
function missingSettings(
  settings: SettingsFacts,
  facts: Preflight,
  evidence: Evidence,
): readonly Diagnosis[] {
  const { multiType, tenantApps, types, typeField, publicSchema, tenantModel, domainModel } = settings;
  const model = facts.project?.tenantModel?.model;
  const missing: readonly (readonly [string, string, string])[] = [
    ...(!multiType && !tenantApps?.length
      ? [
          [
            'TENANT_APPS',
            'no app is listed for the schemas of tenants',
            'list the apps whose tables each tenant has in TENANT_APPS',
          ] as const,
        ]
      : []),
    ...(multiType && types === null
      ? [
          [
            'TENANT_TYPES',
            'the apps of each type of tenants are not listed',
            'set TENANT_TYPES, or take HAS_MULTI_TYPE_TENANTS out',
          ] as const,
        ]
      : []),
    ...(multiType && types !== null && !(publicSchema in types)
      ? [
          [
            'TENANT_TYPES',
            `it has no entry "${publicSchema}" for the public schema`,
            `add "${publicSchema}" with its "APPS" to TENANT_TYPES`,
          ] as const,
        ]
      : []),
    ...(multiType && typeField === null
      ? [
          [
            'MULTI_TYPE_DATABASE_FIELD',
            'no field of the tenant model tells its type',
            'set MULTI_TYPE_DATABASE_FIELD to the name of the field that holds the type',
          ] as const,
        ]
      : []),
    ...(multiType && typeField !== null && model?.typeField === false
      ? [
          [
            'MULTI_TYPE_DATABASE_FIELD',
            `${model.label} has no "${typeField}"`,
            `set MULTI_TYPE_DATABASE_FIELD to the field of ${model.label} that holds the type: ${listed(model.fields.map(({ name }) => `"${name}"`))}`,
          ] as const,
        ]
      : []),
    ...(tenantModel === null
      ? [
          [
            'TENANT_MODEL',
            'no model is named for tenants',
            `set TENANT_MODEL to ${suggestion(facts, 'tenantModel')}`,
          ] as const,
        ]
      : []),
    ...(domainModel === null
      ? [
          [
            'TENANT_DOMAIN_MODEL',
            'no model is named for domains',
            `set TENANT_DOMAIN_MODEL to ${suggestion(facts, 'domainModel')}`,
          ] as const,
        ]
      : []),
  ];
  return missing.map(([setting, why, help]) => ({
    code: 'DBB6046',
    message: `django-tenants needs ${setting}: ${why}`,
    ...placeOfSetting(evidence, settings, setting),
    subject: { setting, settings: facts.settingsModule },
    expected: `${setting} of a project with django_tenants in INSTALLED_APPS`,
    actual: settings.places[setting] === undefined ? 'it is not set' : why,
    evidence: facts.failure ? [`Django says: ${facts.failure.message}`] : [],
    help,
    explains: explained(facts, setting),
  }));
}

function namesNothing(
  { setting, name, candidates = [] }: TenantModelFacts,
  { settings, evidence }: { readonly settings: SettingsFacts; readonly evidence: Evidence },
): Diagnosis {
  const near = nearest(name ?? '', candidates) ?? (candidates.length === 1 ? candidates[0] : undefined);
  return {
    code: 'DBB6046',
    message: `${setting} is "${name}", and the installed apps have no such model`,
    ...placeOfSetting(evidence, settings, setting),
    subject: { setting, model: name ?? '' },
    expected: '"app_label.Model" of a model in an installed app',
    actual: `"${name}"`,
    evidence: [
      candidates.length === 0
        ? `no installed app has a model that inherits ${mixins[setting]?.mixin ?? 'the mixin'}`
        : `models that inherit ${mixins[setting]?.mixin ?? 'the mixin'}: ${candidates.join(', ')}`,
    ],
    help:
      near === undefined
        ? `install the app of the model, or correct ${setting}`
        : `set ${setting} to "${near}"`,
  };
}

const mixins: Partial<
  Record<
    string,
    { readonly code: ErrorCode; readonly mixin: string; readonly what: string; readonly lacks: string }
  >
> = {
  TENANT_MODEL: {
    code: 'DBB6045',
    mixin: 'django_tenants.models.TenantMixin',
    what: 'tenant model',
    lacks: 'django_tenants creates no schema for its rows',
  },
  TENANT_DOMAIN_MODEL: {
    code: 'DBB6047',
    mixin: 'django_tenants.models.DomainMixin',
    what: 'domain model',
    lacks: 'django_tenants expects one',
  },
};

function notMixed(model: Model, setting: string, evidence: Evidence): Diagnosis {
  const { code = 'DBB6045', mixin = '', what = '', lacks = '' } = mixins[setting] ?? {};
  const name = mixin.split('.').at(-1) ?? '';
  return {
    code,
    message: `the ${what} ${model.class} is not a ${name}: ${lacks}`,
    ...placeAt(evidence, model.at),
    subject: { setting, model: model.label, class: model.class },
    expected: `a model that inherits ${mixin}`,
    actual: `${model.class} inherits ${listed(model.bases)}`,
    evidence: [`${setting} = "${model.label}"`],
    help:
      model.at === null
        ? `name a model of the project that inherits ${mixin} in ${setting}: ${model.class} is an installed package's`
        : `let ${model.class} inherit ${mixin}, and run "python manage.py makemigrations ${model.app}"`,
  };
}

function notPublic(
  model: Model,
  setting: string,
  { settings, evidence }: { readonly settings: SettingsFacts; readonly evidence: Evidence },
): Diagnosis {
  const list = settings.multiType ? `the apps of "${settings.publicSchema}" in TENANT_TYPES` : 'SHARED_APPS';
  return {
    code: 'DBB6057',
    message: `the table of ${model.label} will not stand in the public schema: its app "${model.app}" is not in ${list}`,
    ...placeOfSetting(evidence, settings, settings.multiType ? 'TENANT_TYPES' : 'SHARED_APPS'),
    subject: { setting, model: model.label, app: model.app },
    expected: `the app of ${setting} in ${list}: the public schema says which tenants there are`,
    actual: `"${model.app}" is not in ${list}`,
    evidence: [`${setting} = "${model.label}"`],
    help: `put the app of ${model.label} into ${list}`,
  };
}

function copied(
  model: Model,
  setting: string,
  { settings, evidence }: { readonly settings: SettingsFacts; readonly evidence: Evidence },
): Diagnosis {
  const list = settings.multiType ? 'TENANT_TYPES' : 'TENANT_APPS';
  return {
    code: 'DBB6057',
    severity: 'warning',
    message: `the table of ${model.label} also stands in ${schemasOf(model.elsewhere)}, where it hides the one that lists the tenants`,
    ...placeOfSetting(evidence, settings, list),
    subject: { setting, model: model.label, app: model.app },
    expected: `the app of ${setting} in the public schema alone`,
    actual: `"${model.app}" is in ${list} as well`,
    evidence: [`in a tenant's schema, ${model.label} reads that tenant's own table, which is empty`],
    help: `take the app of ${model.label} out of ${settings.multiType ? 'the "APPS" of all types but the public one' : 'TENANT_APPS'}`,
  };
}

function suggestion({ project }: Preflight, which: 'tenantModel' | 'domainModel'): string {
  const [candidate] = project?.[which]?.candidates ?? [];
  const example = which === 'tenantModel' ? 'accounts.Client' : 'accounts.Domain';
  return candidate === undefined ? `"app_label.Model", such as "${example}"` : `"${candidate}"`;
}

/** What Django stumbles over because of it: it names the setting. */
function explained({ failure }: Preflight, setting: string): readonly ErrorCode[] {
  return failure?.message.includes(setting) === true ||
    (setting === 'TENANT_TYPES' && failure?.message.includes('as a key in TENANTS') === true)
    ? ['DBB6030']
    : [];
}
