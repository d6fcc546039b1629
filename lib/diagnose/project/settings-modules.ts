import type { Preflight } from '../../django/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';
import { factsOf, placeAt, placeOfSetting, shownPlace } from './facts.js';
import { loadedSettings, type LoadedSettings } from './loaded-settings.js';
import { isForTests, onlySomeHaveTenants } from './tenancy-modules.js';
import { partsOf, usesTenants } from './tenancy-parts.js';

/** One question about tenancy that two settings modules answer differently. */
interface Difference {
  readonly setting: string;
  /** Its key among the places of settings. */
  readonly key: string;
  /** "the app django_tenants". */
  readonly question: string;
  readonly ours: string;
  readonly theirs: string;
  /** Whether it decides if there are tenants at all. */
  readonly decisive: boolean;
}

/** The settings modules that the project is started with make the same tables in the same schemas. */
export const settingsModules: Rule = {
  name: 'settings-modules',
  reads: ['host'],
  find: async (evidence) => {
    const facts = await factsOf(evidence);
    if (!facts) return [];
    const { ours, others, notExamined } = await loadedSettings(evidence, facts);
    if (!ours) return notExamined;
    const only = onlySomeHaveTenants([ours, ...others], facts, evidence);
    const pairs = others.flatMap((other) => {
      // With tenants and without them, lists of apps mean different things.
      if (usesTenants(ours.settings) !== usesTenants(other.settings)) return [];
      const differences = [...parts(ours, other), ...models(ours, other), ...apps(ours, other)];
      return differences.length === 0 ? [] : [diagnosisOf(differences, { ours, other, facts, evidence })];
    });
    return [...(only ? [only] : []), ...pairs, ...notExamined];
  },
};

function diagnosisOf(
  differences: readonly Difference[],
  found: {
    readonly ours: LoadedSettings;
    readonly other: LoadedSettings;
    readonly facts: Preflight;
    readonly evidence: Evidence;
  },
): Diagnosis {
  const { ours, other, evidence } = found;
  const [first] = differences;
  const severe = !isForTests(ours, [other]) && differences.some(({ decisive }) => decisive);
  const place = first && other.settings.places[first.key];
  const by = other.by === undefined ? [] : [`${other.module} is named by ${other.by}`];
  return {
    code: 'DBB6049',
    ...(severe ? {} : { severity: 'warning' }),
    message: `${ours.module} and ${other.module} disagree on tenancy: their databases will not be the same`,
    ...(place === undefined ? placeOfSetting(evidence, other.settings) : placeAt(evidence, place)),
    subject: { settings: ours.module, other: other.module, setting: first?.setting ?? '' },
    expected: 'the same answer in both: whether there are tenants, and which tables stand in which schema',
    actual: `${first?.question ?? ''}: ${first?.ours ?? ''} in ${ours.module}, ${first?.theirs ?? ''} in ${other.module}`,
    evidence: [
      ...differences.map(
        ({ question, key, ...one }) =>
          `${question}: ${one.ours} in ${ours.module}${shownPlace(evidence, ours.settings.places[key])}, ${one.theirs} in ${other.module}${shownPlace(evidence, other.settings.places[key])}`,
      ),
      ...by,
    ],
    help: `let ${other.module} and ${ours.module} import ${[...new Set(differences.map(({ setting }) => setting))].join(', ')} from one module, and let neither change it`,
  };
}

/** Parts of django_tenants that only one of two modules has, which both have some. */
function parts(ours: LoadedSettings, other: LoadedSettings): readonly Difference[] {
  const theirs = partsOf(other.settings);
  return partsOf(ours.settings).flatMap(({ setting, key, what, set }, index) => {
    if (setting === 'MIDDLEWARE' || theirs[index]?.set === set) return [];
    return [
      {
        setting,
        key,
        question: what,
        ours: set ? 'yes' : 'no',
        theirs: set ? 'no' : 'yes',
        decisive: true,
      },
    ];
  });
}

function models(ours: LoadedSettings, other: LoadedSettings): readonly Difference[] {
  const pairs = [
    ['TENANT_MODEL', 'tenantModel'],
    ['TENANT_DOMAIN_MODEL', 'domainModel'],
  ] as const;
  return pairs.flatMap(([setting, name]) => {
    const [mine, theirs] = [ours.settings[name], other.settings[name]];
    if (!usesTenants(ours.settings) || mine === null || theirs === null || theirs === mine) return [];
    return [
      {
        setting,
        key: setting,
        question: setting,
        ours: `"${mine}"`,
        theirs: `"${theirs}"`,
        decisive: false,
      },
    ];
  });
}

/** Apps whose tables stand in other schemas. One that only one of the modules has counts where it is the project's own. */
function apps(ours: LoadedSettings, other: LoadedSettings): readonly Difference[] {
  const installed = [ours, other].map(({ settings }) => settings.installedApps);
  const [mine = {}, theirs = {}] = usesTenants(ours.settings) ? [listsOf(ours), listsOf(other)] : [];
  const own = new Set([...ours.own, ...other.own].map(plainName));
  const names = new Set(installed.flat().map(plainName));
  return [...names].sort().flatMap((name) => {
    if (name === 'django_tenants') return [];
    const here = placesOf(name, ours.settings.installedApps, mine);
    const there = placesOf(name, other.settings.installedApps, theirs);
    const onlyOne = here === undefined || there === undefined;
    if (here === there || (onlyOne && !own.has(name))) return [];
    const setting = onlyOne
      ? 'INSTALLED_APPS'
      : ours.settings.multiType
        ? 'TENANT_TYPES'
        : there.includes('TENANT')
          ? 'TENANT_APPS'
          : 'SHARED_APPS';
    return [
      {
        setting,
        key: setting,
        question: `app "${name}"`,
        ours: here ?? 'not installed',
        theirs: there ?? 'not installed',
        decisive: false,
      },
    ];
  });
}

/** The lists of apps by name. */
function listsOf({ settings }: LoadedSettings): Readonly<Record<string, readonly string[]>> {
  const { multiType, types, sharedApps, tenantApps } = settings;
  if (multiType) return types ?? {};
  return { ...(sharedApps && { SHARED_APPS: sharedApps }), ...(tenantApps && { TENANT_APPS: tenantApps }) };
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

function plainName(app: string): string {
  return app.replace(/\.apps\.\w+$/, '');
}
