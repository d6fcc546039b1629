import type { Preflight, SettingsFacts, StaticSettings } from '../../django/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import { placeAt, settingsRule, shownPlace } from './facts.js';

/** One question about tenancy that two settings modules answer differently. */
interface Difference {
  readonly setting: string;
  /** "the app django_tenants in INSTALLED_APPS". */
  readonly question: string;
  readonly ours: string;
  readonly theirs: string;
  /** Whether it decides if there are tenants at all. */
  readonly decisive: boolean;
}

/** The settings modules of a project (tests, production) make the same tables in the same schemas. */
export const settingsModules = settingsRule('settings-modules', (settings, facts, evidence): Diagnosis[] =>
  facts.others.flatMap((other) => {
    const differences = [
      ...decisive(settings, other),
      ...models(settings, other),
      ...apps(settings, facts, other),
    ];
    return differences.length === 0 ? [] : [diagnosisOf(differences, { settings, facts, other, evidence })];
  }),
);

function diagnosisOf(
  differences: readonly Difference[],
  found: {
    readonly settings: SettingsFacts;
    readonly facts: Preflight;
    readonly other: StaticSettings;
    readonly evidence: Evidence;
  },
): Diagnosis {
  const { settings, facts, other, evidence } = found;
  const ours = facts.settingsModule;
  const [first] = differences;
  // A module for another kind of database is meant to differ; what it hides is still worth a word.
  const engine = valueOf(other, 'DATABASES.default.ENGINE');
  const comparable = typeof engine !== 'string' || /postg/.test(engine);
  const severe = comparable && isProduction(other.module) && differences.some((one) => one.decisive);
  const at = (setting: string): string | null => other.values[setting]?.at ?? null;
  const mine = (setting: string): string | undefined =>
    settings.places[setting === 'DATABASES.default.ENGINE' ? 'DATABASES.ENGINE' : setting];
  return {
    code: 'DBB6049',
    ...(severe ? {} : { severity: 'warning' }),
    message: `${ours} and ${other.module} disagree on tenancy: their databases will not be the same`,
    ...placeAt(evidence, at(first?.setting ?? '') ?? `${other.file}:1`),
    subject: { settings: ours, other: other.module, setting: first?.setting ?? '' },
    expected: 'the same answer in both: whether there are tenants, and which tables stand in which schema',
    actual: `${first?.question ?? ''}: ${first?.ours ?? ''} in ${ours}, ${first?.theirs ?? ''} in ${other.module}`,
    evidence: [
      ...differences.map(
        (one) =>
          `${one.question}: ${one.ours} in ${ours}${shownPlace(evidence, mine(one.setting))}, ${one.theirs} in ${other.module}${shownPlace(evidence, at(one.setting))}`,
      ),
      ...(other.unsure.length === 0
        ? []
        : [`${other.module} was read, not run, and does not tell: ${other.unsure.join(', ')}`]),
    ],
    help: `let ${other.module} and ${ours} import ${[...new Set(differences.map(({ setting }) => setting.split('.')[0]))].join(', ')} from one module, and let neither change it`,
  };
}

/** A database that is made otherwise than production's is a wrong one; how developers work is theirs to say. */
function isProduction(module: string): boolean {
  return /(?:^|[._])(?:prod|production|live|stage|staging|settings)$/.test(module);
}

/** Whether there are tenants at all: the app, the engine and the router. */
function decisive(settings: SettingsFacts, other: StaticSettings): readonly Difference[] {
  const { installedApps, engine, routers, syncRouter } = settings;
  const isTenancy = (app: unknown): boolean => typeof app === 'string' && /^django_tenants(?:\.|$)/.test(app);
  const theirApps = listOf(other, 'INSTALLED_APPS');
  const theirRouters =
    listOf(other, 'DATABASE_ROUTERS') ?? (other.unsure.includes('DATABASE_ROUTERS') ? undefined : []);
  const theirEngine = valueOf(other, 'DATABASES.default.ENGINE');
  return [
    ...(theirApps && theirApps.some(isTenancy) !== installedApps.some(isTenancy)
      ? [yesOrNo('INSTALLED_APPS', '"django_tenants" in INSTALLED_APPS', installedApps.some(isTenancy))]
      : []),
    ...(typeof theirEngine === 'string' && isTenancy(theirEngine) !== isTenancy(engine)
      ? [
          {
            setting: 'DATABASES.default.ENGINE',
            question: 'ENGINE of the database',
            ours: `"${engine}"`,
            theirs: `"${theirEngine}"`,
            decisive: true,
          },
        ]
      : []),
    ...(theirRouters && theirRouters.includes(syncRouter) !== routers.includes(syncRouter)
      ? [yesOrNo('DATABASE_ROUTERS', `"${syncRouter}" in DATABASE_ROUTERS`, routers.includes(syncRouter))]
      : []),
  ];
}

function yesOrNo(setting: string, question: string, ours: boolean): Difference {
  return { setting, question, ours: ours ? 'yes' : 'no', theirs: ours ? 'no' : 'yes', decisive: true };
}

function models(settings: SettingsFacts, other: StaticSettings): readonly Difference[] {
  const pairs = [
    ['TENANT_MODEL', settings.tenantModel],
    ['TENANT_DOMAIN_MODEL', settings.domainModel],
  ] as const;
  return pairs.flatMap(([setting, ours]) => {
    const theirs = valueOf(other, setting);
    // Where only one of them names a model, the other has no tenants: that is said already.
    if (typeof theirs !== 'string' || ours === null || theirs === ours) return [];
    return [{ setting, question: setting, ours: `"${ours}"`, theirs: `"${theirs}"`, decisive: false }];
  });
}

/** Apps whose tables stand in other schemas. One that only one of the modules has counts where it is the project's own. */
function apps(settings: SettingsFacts, { project }: Preflight, other: StaticSettings): readonly Difference[] {
  const installed = listOf(other, 'INSTALLED_APPS');
  const theirs = listsOf(other, settings.publicSchema);
  if (!installed || !theirs) return [];
  const ours = settings.multiType
    ? (settings.types ?? {})
    : {
        ...(settings.sharedApps && { SHARED_APPS: settings.sharedApps }),
        ...(settings.tenantApps && { TENANT_APPS: settings.tenantApps }),
      };
  // Lists mean something only where there are tenants in both.
  const both = [settings.installedApps, installed].every((list) => list.includes('django_tenants'));
  const own = new Set([
    ...other.own.map(plainName),
    ...(project?.apps ?? []).filter((app) => app.own && app.tables.length > 0).map(({ name }) => name),
  ]);
  const names = new Set([...settings.installedApps, ...installed].map(plainName));
  return [...names].sort().flatMap((name) => {
    if (name === 'django_tenants') return [];
    const mine = placesOf(name, settings.installedApps, both ? ours : {});
    const other = placesOf(name, installed, both ? theirs : {});
    const onlyOne = mine === undefined || other === undefined;
    if (mine === other || (onlyOne && !own.has(name))) return [];
    const setting = onlyOne
      ? 'INSTALLED_APPS'
      : settings.multiType
        ? 'TENANT_TYPES'
        : other.includes('TENANT')
          ? 'TENANT_APPS'
          : 'SHARED_APPS';
    return [
      {
        setting,
        question: `app "${name}"`,
        ours: mine ?? 'not installed',
        theirs: other ?? 'not installed',
        decisive: false,
      },
    ];
  });
}

/** In which of the lists an app stands; undefined where it is not installed. */
function placesOf(
  name: string,
  installed: readonly string[],
  lists: Readonly<Record<string, readonly string[]>>,
): string | undefined {
  if (!installed.some((app) => plainName(app) === name)) return undefined;
  const found = Object.entries(lists).filter(([, apps]) => apps.some((app) => plainName(app) === name));
  return found.length === 0
    ? 'INSTALLED_APPS'
    : found
        .map(([list]) => list)
        .sort()
        .join(' and ');
}

/** The lists of the other module by name; undefined where its text does not tell them. */
function listsOf(
  other: StaticSettings,
  publicSchema: string,
): Readonly<Record<string, readonly string[]>> | undefined {
  if (
    ['SHARED_APPS', 'TENANT_APPS', 'TENANT_TYPES', 'HAS_MULTI_TYPE_TENANTS'].some((name) =>
      other.unsure.includes(name),
    )
  )
    return undefined;
  if (valueOf(other, 'HAS_MULTI_TYPE_TENANTS') === true) {
    const types = (valueOf(other, 'TENANT_TYPES') ?? {}) as Readonly<Record<string, readonly string[]>>;
    return publicSchema in types ? types : undefined;
  }
  const shared = listOf(other, 'SHARED_APPS');
  const tenant = listOf(other, 'TENANT_APPS');
  return { ...(shared && { SHARED_APPS: shared }), ...(tenant && { TENANT_APPS: tenant }) };
}

function plainName(app: string): string {
  return app.replace(/\.apps\.\w+$/, '');
}

function valueOf(other: StaticSettings, name: string): unknown {
  return other.values[name]?.value;
}

function listOf(other: StaticSettings, name: string): readonly string[] | undefined {
  const value = valueOf(other, name);
  return Array.isArray(value) ? (value as readonly string[]) : undefined;
}
