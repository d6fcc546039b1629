import type { Mutation } from './mutation.js';

const settings = 'wholesale/settings/base.py';

/** Faults in the settings of the Django project. */
export const inSettings: readonly Mutation[] = [
  {
    name: "Django's own engine",
    kind: 'settings',
    codes: ['DBB6048', 'DBB6032'],
    make: (project) =>
      project.replace(
        'wholesale/settings/database.py',
        'django_tenants.postgresql_backend',
        'django.db.backends.postgresql',
      ),
  },
  {
    name: 'django_tenants not installed',
    kind: 'settings',
    codes: ['DBB6048'],
    make: (project) => project.replace(settings, '    "django_tenants",\n', ''),
  },
  {
    name: 'no sync router',
    kind: 'settings',
    codes: ['DBB6048'],
    subject: () => ['DATABASE_ROUTERS'],
    make: (project) => project.replace(settings, '"django_tenants.routers.TenantSyncRouter"', ''),
  },
  {
    name: 'test settings without tenancy',
    kind: 'settings',
    codes: ['DBB6048', 'DBB6049'],
    make: (project) =>
      project.append(
        'wholesale/settings/test.py',
        'INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "django_tenants"]',
      ),
  },
  {
    name: 'a setting with a letter missing',
    kind: 'settings',
    codes: ['DBB6053'],
    subject: (pick) => [
      pick('setting', ['TENANT_LIMIT_SET_CALS', 'TENANT_COLOR_ADMIN_APP', 'TENANT_CREATION_FAKES_MIGRATION']),
    ],
    make: (project, pick) =>
      project.append(
        settings,
        `${pick('setting', ['TENANT_LIMIT_SET_CALS', 'TENANT_COLOR_ADMIN_APP', 'TENANT_CREATION_FAKES_MIGRATION'])} = True`,
      ),
  },
  {
    name: 'migrations faked without a base schema',
    kind: 'settings',
    codes: ['DBB6052'],
    make: (project) => project.append(settings, 'TENANT_CREATION_FAKES_MIGRATIONS = True'),
  },
  {
    name: 'a base schema that nobody copies',
    kind: 'settings',
    codes: ['DBB6052'],
    make: (project) => project.append(settings, 'TENANT_BASE_SCHEMA = "template"'),
  },
  {
    name: 'TENANT_MODEL names no model',
    kind: 'settings',
    codes: ['DBB6046'],
    subject: () => ['TENANT_MODEL'],
    make: (project) => project.replace(settings, '"tenants.Client"', '"tenants.Clients"'),
  },
  {
    name: 'TENANT_DOMAIN_MODEL is missing',
    kind: 'settings',
    codes: ['DBB6046'],
    subject: () => ['TENANT_DOMAIN_MODEL'],
    make: (project) => project.replace(settings, 'TENANT_DOMAIN_MODEL = "tenants.Domain"', ''),
  },
  {
    name: 'a database written into the settings',
    kind: 'settings',
    codes: ['DBB6005'],
    make: (project) =>
      project.replace('wholesale/settings/database.py', /"NAME": .*,/, '"NAME": "postgres",'),
  },
  {
    name: 'a syntax error in the settings',
    kind: 'settings',
    codes: ['DBB6003'],
    make: (project) => project.append(settings, 'DEBUG = = True'),
  },
  {
    name: 'settings that import what is not there',
    kind: 'settings',
    codes: ['DBB6003'],
    make: (project) => project.append(settings, 'import no_such_module'),
  },
  {
    name: 'a variable that is not set',
    kind: 'settings',
    codes: ['DBB6003'],
    subject: () => ['SHOP_TOKEN'],
    make: (project) => project.append(settings, 'SHOP_TOKEN = os.environ["SHOP_TOKEN"]'),
  },
  {
    name: 'an engine that does not exist',
    kind: 'settings',
    codes: ['DBB6032', 'DBB6048', 'DBB6030'],
    subject: () => ['DATABASES'],
    make: (project) =>
      project.replace(
        'wholesale/settings/database.py',
        'django_tenants.postgresql_backend',
        'django_tenants.postgres',
      ),
  },
  {
    name: 'types of tenants that are not listed',
    kind: 'settings',
    codes: ['DBB6046'],
    subject: () => ['TENANT_TYPES'],
    make: (project) =>
      project.append(settings, 'HAS_MULTI_TYPE_TENANTS = True\nMULTI_TYPE_DATABASE_FIELD = "name"'),
  },
  {
    name: 'production without an app',
    kind: 'settings',
    codes: ['DBB6049'],
    subject: () => ['wholesale.settings.production'],
    make: (project) => {
      project.write(
        'wholesale/wsgi.py',
        'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "wholesale.settings.production")\n',
      );
      project.write(
        'wholesale/settings/production.py',
        'from .base import *\n\nINSTALLED_APPS = [app for app in INSTALLED_APPS if app != "wholesale.contacts"]\nTENANT_APPS = [app for app in TENANT_APPS if app != "wholesale.contacts"]\n',
      );
      return undefined;
    },
  },
  {
    name: 'a port that nobody listens on',
    kind: 'settings',
    codes: ['DBB6005'],
    subject: () => ['DATABASES', '127.0.0.1 1 '],
    make: (project) => project.replace('wholesale/settings/database.py', /"PORT": .*,/, '"PORT": "1",'),
  },
];
