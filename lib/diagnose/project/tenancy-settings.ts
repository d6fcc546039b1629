import type { Preflight, SettingsFacts } from '../../django/index.js';
import type { ErrorCode } from '../../errors/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import { listed, placeOfSetting, settingsRule, shownPlace } from './facts.js';

const tenantEngine = 'django_tenants.postgresql_backend';
const plainEngine = 'django.db.backends.postgresql';

/** One of the four settings that have to agree on whether there are tenants. */
interface Part {
  readonly setting: 'INSTALLED_APPS' | 'DATABASES' | 'DATABASE_ROUTERS' | 'MIDDLEWARE';
  /** What it has, or lacks. */
  readonly what: string;
  readonly set: boolean;
  /** The value in force. */
  readonly value: string;
}

/** django_tenants as an app, its database engine, its router and its middleware: all of them, or none. */
export const tenancySettings = settingsRule('tenancy-settings', (settings, facts, evidence) => {
  const parts = partsOf(settings);
  const needed = parts.filter(({ setting }) => setting !== 'MIDDLEWARE');
  // Without the middleware a project may still have tenants: workers and scripts choose the schema themselves.
  if (needed.every(({ set }) => set) || parts.every(({ set }) => !set)) return [];
  const wanted = wantsTenants(settings, parts);
  const wrong = wanted ? needed.filter(({ set }) => !set) : parts.filter(({ set }) => set);
  return [diagnosisOf({ settings, facts, evidence, parts, wanted, wrong })];
});

function diagnosisOf(found: {
  readonly settings: SettingsFacts;
  readonly facts: Preflight;
  readonly evidence: Evidence;
  readonly parts: readonly Part[];
  readonly wanted: boolean;
  readonly wrong: readonly Part[];
}): Diagnosis {
  const { settings, facts, evidence, parts, wanted, wrong } = found;
  const names = (set: boolean): string =>
    listed(parts.filter((part) => part.set === set).map(({ what }) => what));
  const key = (part: Part | undefined): string =>
    part?.setting === 'DATABASES' ? 'DATABASES.ENGINE' : (part?.setting ?? '');
  return {
    code: 'DBB6048',
    message: `the settings are half those of a project with tenants: ${names(true)} ${parts.filter(({ set }) => set).length === 1 ? 'is' : 'are'} set, ${names(false)} ${parts.filter(({ set }) => !set).length === 1 ? 'is' : 'are'} not`,
    ...placeOfSetting(evidence, settings, ...wrong.map(key), 'INSTALLED_APPS'),
    subject: { setting: wrong[0]?.setting ?? 'INSTALLED_APPS', settings: facts.settingsModule },
    expected:
      'the app, the engine and the router of django_tenants together (and usually its middleware), or none of the four',
    actual: parts.map(({ setting, set }) => `${setting}: ${set ? 'set' : 'not set'}`).join(', '),
    evidence: [
      ...parts.map(
        (part) =>
          `${part.set ? 'set    ' : 'not set'}  ${part.what}: ${part.value}${shownPlace(evidence, settings.places[key(part)])}`,
      ),
      `with tenants: ${waysOut.with}`,
      `without tenants: ${waysOut.without}`,
      ...(facts.failure ? [`Django says: ${facts.failure.message}`] : []),
    ],
    help: `${wanted ? 'complete' : 'remove'} it: ${wrong.map((part) => repair(part, settings, wanted)).join('; ')}`,
    explains: explained(facts),
  };
}

const waysOut = {
  with: `"django_tenants" in INSTALLED_APPS and SHARED_APPS, ENGINE "${tenantEngine}", "django_tenants.routers.TenantSyncRouter" in DATABASE_ROUTERS, a middleware of django_tenants first in MIDDLEWARE`,
  without: `none of them, and ENGINE "${plainEngine}"`,
};

function partsOf({ installedApps, engine, routers, syncRouter, middleware }: SettingsFacts): Part[] {
  const tenantMiddleware = middleware.filter((path) => path.startsWith('django_tenants.'));
  return [
    {
      setting: 'INSTALLED_APPS',
      what: 'the app django_tenants',
      set: installedApps.some((app) => /^django_tenants(?:\.|$)/.test(app)),
      value: `INSTALLED_APPS of ${String(installedApps.length)} apps`,
    },
    {
      setting: 'DATABASES',
      what: 'its database engine',
      // An engine of somebody else's may be built on either: only what is known to have no tenants speaks against them.
      set:
        engine.startsWith('django_tenants.') || (!/^django\./.test(engine) && routers.includes(syncRouter)),
      value: `ENGINE "${engine}"`,
    },
    {
      setting: 'DATABASE_ROUTERS',
      what: 'its router',
      set: routers.includes(syncRouter),
      value: `DATABASE_ROUTERS [${routers.join(', ')}]`,
    },
    {
      setting: 'MIDDLEWARE',
      what: 'its middleware',
      set: tenantMiddleware.length > 0,
      value: tenantMiddleware.length > 0 ? tenantMiddleware.join(', ') : 'none in MIDDLEWARE',
    },
  ];
}

/** What most of the settings say; those that mean nothing without tenants have a say too. */
function wantsTenants({ tenantModel, tenantApps, types }: SettingsFacts, parts: readonly Part[]): boolean {
  const signs = [...parts.map(({ set }) => set), tenantModel !== null, tenantApps !== null || types !== null];
  return signs.filter(Boolean).length * 2 >= signs.length;
}

function repair({ setting }: Part, { syncRouter, middleware }: SettingsFacts, wanted: boolean): string {
  switch (setting) {
    case 'INSTALLED_APPS':
      return wanted
        ? 'add "django_tenants" to INSTALLED_APPS and SHARED_APPS'
        : 'take "django_tenants" out of INSTALLED_APPS';
    case 'DATABASES':
      return `set ENGINE to "${wanted ? tenantEngine : plainEngine}"`;
    case 'DATABASE_ROUTERS':
      return wanted
        ? `add "${syncRouter}" to DATABASE_ROUTERS`
        : `take "${syncRouter}" out of DATABASE_ROUTERS`;
    case 'MIDDLEWARE':
      return `take ${listed(middleware.filter((path) => path.startsWith('django_tenants.')).map((path) => `"${path}"`))} out of MIDDLEWARE`;
  }
}

/** What Django stumbles over because of it. */
function explained({ failure }: Preflight): readonly ErrorCode[] {
  if (failure === null) return [];
  if (failure.kind === 'engine') return ['DBB6032'];
  const ours = /DATABASE_ROUTERS setting must contain|contenttypes|ContentType|django_tenants/;
  return failure.kind === 'setup' && ours.test(failure.message) ? ['DBB6030'] : [];
}
