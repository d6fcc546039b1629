import type { Preflight } from '../../django/index.js';
import type { ErrorCode } from '../../errors/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import { listed, placeOfEntry, shownPlace } from './facts.js';
import type { LoadedSettings } from './loaded-settings.js';
import { partsOf, usesTenants } from './tenancy-parts.js';
import { repair } from './tenancy-settings.js';

/** The finding that only some of the settings modules install django_tenants; undefined if all or none do. */
export function onlySomeHaveTenants(
  modules: readonly LoadedSettings[],
  facts: Preflight,
  evidence: Evidence,
): Diagnosis | undefined {
  const withTenants = modules.filter(({ settings }) => usesTenants(settings));
  const without = modules.filter(({ settings }) => !usesTenants(settings));
  const [one] = withTenants;
  const [other] = without;
  if (!one || !other) return undefined;
  const removes = isWithoutMeant(facts, withTenants);
  const ways = [
    `take django_tenants out of ${namesOf(withTenants)}: ${takenOut(one)}`,
    `install django_tenants in ${namesOf(without)} as ${one.module} does${modelRepair(facts)}`,
  ];
  if (!removes) ways.reverse();
  const change = removes ? one : other;
  return {
    code: 'DBB6049',
    ...(isForTests(one, without) ? { severity: 'warning' } : {}),
    message: `only ${namesOf(withTenants)} ${withTenants.length === 1 ? 'makes' : 'make'} this a django-tenants project`,
    ...placeOfEntry(evidence, change.settings, 'django_tenants', 'INSTALLED_APPS'),
    subject: { settings: facts.settingsModule, other: otherOf(modules), setting: 'INSTALLED_APPS' },
    expected: 'the same answer in every settings module: whether there are tenants',
    actual: `${namesOf(withTenants)} ${has(withTenants)} tenants, ${namesOf(without)} ${has(without)} none`,
    evidence: [
      ...[...withTenants, ...without].map((module) => partsLine(module, evidence)),
      ...modelLine(facts, evidence),
    ],
    help: `${ways[0] ?? ''}; or ${ways[1] ?? ''}`,
    explains: removes ? ofTenants : ['DBB6048'],
  };
}

/** Codes that are not reported separately if the project is not meant to have tenants. */
const ofTenants: readonly ErrorCode[] = [
  'DBB6045',
  'DBB6046',
  'DBB6047',
  'DBB6048',
  'DBB6050',
  'DBB6051',
  'DBB6052',
  'DBB6056',
  'DBB6057',
  'DBB6072',
];

/** Whether the project is meant to have no tenants: the tenant model decides, or the production settings if the project does not load. */
function isWithoutMeant({ project, settings }: Preflight, withTenants: readonly LoadedSettings[]): boolean {
  const model = project?.tenantModel?.model;
  if (model) return !model.mixin;
  // The project loaded without django_tenants, so its models do not import it.
  if (project && settings && !usesTenants(settings)) return true;
  return !withTenants.some(({ module }) => isProduction(module));
}

/** Whether a settings module is named as one for production: its choice is the intended one. */
export function isProduction(module: string): boolean {
  return /(?:^|[._])(?:prod|production|live|stage|staging|settings)$/.test(module);
}

/** Whether modules may differ on purpose: those without tenants are for developers, or one of all is for another database engine. */
export function isForTests(ours: LoadedSettings, others: readonly LoadedSettings[]): boolean {
  return [ours, ...others].some(({ settings }) => !isPostgres(settings.engine)) || others.every(isLocal);
}

function isLocal({ module }: LoadedSettings): boolean {
  return /(?:^|[._])(?:local|dev|develop|development)$/.test(module);
}

function isPostgres(engine: string): boolean {
  return /postg/.test(engine) || !engine.startsWith('django.');
}

function takenOut({ settings }: LoadedSettings): string {
  return partsOf(settings)
    .filter(({ set }) => set)
    .map((part) => repair(part, settings, false))
    .join('; ');
}

function modelRepair({ project }: Preflight): string {
  const model = project?.tenantModel?.model;
  return model?.mixin === false ? `, and let ${model.class} inherit TenantMixin` : '';
}

function partsLine({ module, settings, by }: LoadedSettings, evidence: Evidence): string {
  const parts = partsOf(settings);
  const set = parts.filter((part) => part.set);
  const told = set.map(({ what, key }) => `${what}${shownPlace(evidence, settings.places[key])}`);
  const namedBy = by === undefined ? '' : ` (named by ${by})`;
  const unread = ['TENANT_MODEL', 'SHARED_APPS', 'TENANT_APPS'].filter((name) => name in settings.places);
  const lists =
    usesTenants(settings) || unread.length === 0
      ? ''
      : `; it sets ${listed(unread)}${shownPlace(evidence, settings.places[unread[0] ?? ''])}, which only django_tenants reads`;
  return `${module}${namedBy} has ${told.length === 0 ? 'nothing of django_tenants' : listed(told)}${lists}`;
}

function modelLine({ project }: Preflight, evidence: Evidence): readonly string[] {
  const model = project?.tenantModel?.model;
  if (!model) return [];
  return [
    `the tenant model ${model.class}${shownPlace(evidence, model.at)} inherits ${listed(model.bases)}: it is ${model.mixin ? 'a' : 'no'} TenantMixin`,
  ];
}

function namesOf(modules: readonly LoadedSettings[]): string {
  return listed(modules.map(({ module }) => module));
}

function has({ length }: readonly LoadedSettings[]): string {
  return length === 1 ? 'has' : 'have';
}

/** For machine-readable output: the first module that disagrees with the active module, which is the first in the list. */
function otherOf([ours, ...others]: readonly LoadedSettings[]): string {
  const side = ours && usesTenants(ours.settings);
  return others.find(({ settings }) => usesTenants(settings) !== side)?.module ?? '';
}
