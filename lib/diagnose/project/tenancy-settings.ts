import type { Preflight, SettingsFacts } from '../../django/index.js';
import type { ErrorCode } from '../../errors/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import { listed, placeOfSetting, settingsRule, shownPlace } from './facts.js';
import { partsOf, usesTenants, type Part } from './tenancy-parts.js';

const tenantEngine = 'django_tenants.postgresql_backend';
const plainEngine = 'django.db.backends.postgresql';

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
  const names = (set: boolean): string => {
    const some = parts.filter((part) => part.set === set);
    return `${listed(some.map(({ what }) => what))} ${some.length === 1 ? 'is' : 'are'}`;
  };
  return {
    code: 'DBB6048',
    message: `the settings are half those of a project with tenants: ${names(true)} set, ${names(false)} not`,
    ...placeOfSetting(evidence, settings, ...wrong.map(({ key }) => key), 'INSTALLED_APPS'),
    subject: { setting: wrong[0]?.setting ?? 'INSTALLED_APPS', settings: facts.settingsModule },
    expected:
      'the app, the engine and the router of django_tenants together (and usually its middleware), or none of the four',
    actual: parts.map(({ setting, set }) => `${setting}: ${set ? 'set' : 'not set'}`).join(', '),
    evidence: [
      ...parts.map(
        ({ set, what, value, key }) =>
          `${set ? 'set    ' : 'not set'}  ${what}: ${value}${shownPlace(evidence, settings.places[key])}`,
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

/** Whether the settings intend tenants: they set TENANT_MODEL, or they install django_tenants with its engine or router. */
function wantsTenants(settings: SettingsFacts, parts: readonly Part[]): boolean {
  // A middleware alone is a remainder of a project that gave up tenants.
  if (!usesTenants(settings)) return false;
  const [app, engine, router] = parts;
  return (
    settings.tenantModel !== null || (app?.set === true && (engine?.set === true || router?.set === true))
  );
}

/** The repair that completes a part of the tenancy settings (`wanted`), or removes it. */
export function repair(
  { setting }: Part,
  { syncRouter, middleware }: SettingsFacts,
  wanted: boolean,
): string {
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
