import type { SettingsFacts } from '../../django/index.js';

/** One of the four settings that have to agree on whether there are tenants. */
export interface Part {
  readonly setting: 'INSTALLED_APPS' | 'DATABASES' | 'DATABASE_ROUTERS' | 'MIDDLEWARE';
  /** Its key among the places of settings. */
  readonly key: string;
  /** What it has, or lacks. */
  readonly what: string;
  readonly set: boolean;
  /** The value in force. */
  readonly value: string;
}

/** django_tenants as an app, its database engine, its router and its middleware, in this order. */
export function partsOf({
  installedApps,
  engine,
  routers,
  syncRouter,
  middleware,
}: SettingsFacts): readonly Part[] {
  const tenantMiddleware = middleware.filter((path) => path.startsWith('django_tenants.'));
  return [
    {
      setting: 'INSTALLED_APPS',
      key: 'INSTALLED_APPS',
      what: 'the app django_tenants',
      set: installedApps.some((app) => /^django_tenants(?:\.|$)/.test(app)),
      value: `INSTALLED_APPS of ${String(installedApps.length)} apps`,
    },
    {
      setting: 'DATABASES',
      key: 'DATABASES.ENGINE',
      what: 'its database engine',
      // An engine of somebody else's may be built on either: only what is known to have no tenants speaks against them.
      set:
        engine.startsWith('django_tenants.') || (!/^django\./.test(engine) && routers.includes(syncRouter)),
      value: `ENGINE "${engine}"`,
    },
    {
      setting: 'DATABASE_ROUTERS',
      key: 'DATABASE_ROUTERS',
      what: 'its router',
      set: routers.includes(syncRouter),
      value: `DATABASE_ROUTERS [${routers.join(', ')}]`,
    },
    {
      setting: 'MIDDLEWARE',
      key: 'MIDDLEWARE',
      what: 'its middleware',
      set: tenantMiddleware.length > 0,
      value: tenantMiddleware.length > 0 ? tenantMiddleware.join(', ') : 'none in MIDDLEWARE',
    },
  ];
}

/** What makes a project one with tenants: the app, the engine, the router. A middleware alone makes none. */
export function usesTenants(settings: SettingsFacts): boolean {
  return partsOf(settings).some(({ setting, set }) => set && setting !== 'MIDDLEWARE');
}
