import type { Mutation, Pick } from './mutation.js';

const settings = 'wholesale/settings/base.py';
const apps = ['suppliers', 'customers', 'carriers', 'plants', 'contacts'] as const;
const appOf = (pick: Pick): (typeof apps)[number] => pick('app', apps);
// By app: a model, its last migration, and one in the middle.
const models = {
  suppliers: ['Supplier', '0004_indexes_and_constraints', '0002_supplier_country_lead_time'],
  customers: ['Customer', '0004_preferred_suppliers_email_once', '0002_customer_email_credit_limit'],
  carriers: ['Carrier', '0004_own_collection', '0002_carrier_tracking_url_max_weight_active'],
  plants: ['Plant', '0003_pickup', '0002_city_supplier_protected'],
  contacts: ['Contact', '0003_looked_after_by', '0002_contact_of_a_supplier'],
} as const;

/** Faults in the files of the Django project. */
export const inProject: readonly Mutation[] = [
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
    name: 'an app in neither list',
    kind: 'apps',
    codes: ['DBB6072', 'DBB6051'],
    subject: () => ['contacts'],
    make: (project) => {
      project.replace(settings, '    "wholesale.contacts",\n', '');
      project.append(settings, 'INSTALLED_APPS += ["wholesale.contacts"]');
    },
  },
  {
    name: 'an app that does not exist',
    kind: 'apps',
    codes: ['DBB6050', 'DBB6030', 'DBB6003'],
    make: (project) => project.replace(settings, '"wholesale.plants"', '"wholesale.plnats"'),
  },
  {
    name: 'content types in the public schema only',
    kind: 'apps',
    codes: ['DBB6051', 'DBB6056'],
    make: (project) =>
      project.replace(
        settings,
        /TENANT_APPS = \[\n {4}"django.contrib.contenttypes",\n/,
        'TENANT_APPS = [\n',
      ),
  },
  {
    name: 'a tenant app in the public schema',
    kind: 'apps',
    codes: ['DBB6051'],
    subject: () => ['carriers'],
    make: (project) => {
      project.replace(settings, '    "wholesale.carriers",\n', '');
      project.replace(
        settings,
        '    "wholesale.tenants",\n',
        '    "wholesale.tenants",\n    "wholesale.carriers",\n',
      );
    },
  },
  {
    name: 'a tenant model that is no TenantMixin',
    kind: 'models',
    codes: ['DBB6045'],
    subject: () => ['tenants.Client'],
    make: (project) =>
      project.replace(
        'wholesale/tenants/models.py',
        'class Client(TenantMixin):',
        'class Client(models.Model):\n    schema_name = models.CharField(max_length=63, unique=True)\n',
      ),
  },
  {
    name: 'a domain model that is no DomainMixin',
    kind: 'models',
    codes: ['DBB6047'],
    subject: () => ['tenants.Domain'],
    make: (project) =>
      project.replace(
        'wholesale/tenants/models.py',
        'class Domain(DomainMixin):',
        'class Domain(models.Model):\n    domain = models.CharField(max_length=253)\n    tenant = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="domains")\n    is_primary = models.BooleanField(default=True)\n',
      ),
  },
  {
    name: 'a field without its migration',
    kind: 'models',
    codes: ['DBB6006'],
    subject: (pick) => [appOf(pick)],
    make: (project, pick) =>
      project.replace(
        `wholesale/${appOf(pick)}/models.py`,
        new RegExp(`(class ${models[appOf(pick)][0]}\\(models.Model\\):\\n(?: {4}""".*?"""\\n)?)`),
        '$1\n    remark = models.TextField(null=True)\n',
      ),
  },
  {
    name: 'a field that is gone from the model',
    kind: 'models',
    codes: ['DBB6006'],
    subject: () => ['carriers'],
    make: (project) =>
      project.replace(
        'wholesale/carriers/models.py',
        /^ {4}(?:active|tracking_url|max_weight_kg) = .*\n/m,
        '',
      ),
  },
  {
    name: 'a key of another type',
    kind: 'models',
    codes: ['DBB6055', 'DBB6006'],
    subject: () => ['carriers'],
    make: (project) =>
      project.replace(
        'wholesale/carriers/models.py',
        '    code = models.CharField(max_length=20, unique=True)',
        '    id = models.UUIDField(primary_key=True)\n    code = models.CharField(max_length=20, unique=True)',
      ),
  },
  {
    name: 'two leaf nodes',
    kind: 'migrations',
    codes: ['DBB6007'],
    subject: (pick) => [appOf(pick)],
    make: (project, pick) =>
      project.write(
        `wholesale/${appOf(pick)}/migrations/0003_other.py`,
        migrationOn(appOf(pick), models[appOf(pick)][2]),
      ),
  },
  {
    name: 'a dependency that does not exist',
    kind: 'migrations',
    codes: ['DBB6026'],
    subject: (pick) => [appOf(pick)],
    make: (project, pick) =>
      project.write(
        `wholesale/${appOf(pick)}/migrations/0005_next.py`,
        migrationOn(appOf(pick), '0009_gone'),
      ),
  },
  {
    name: 'a migration in the middle is gone',
    kind: 'migrations',
    codes: ['DBB6026'],
    subject: (pick) => [appOf(pick)],
    make: (project, pick) =>
      project.remove(`wholesale/${appOf(pick)}/migrations/${models[appOf(pick)][2]}.py`),
  },
  {
    name: 'the migrations package is gone',
    kind: 'migrations',
    codes: ['DBB6054', 'DBB6026'],
    subject: (pick) => [appOf(pick)],
    make: (project, pick) => project.remove(`wholesale/${appOf(pick)}/migrations`),
  },
  {
    name: 'a syntax error in a migration',
    kind: 'migrations',
    codes: ['DBB6003', 'DBB6030', 'DBB6011'],
    subject: (pick) => [models[appOf(pick)][1]],
    make: (project, pick) =>
      project.append(`wholesale/${appOf(pick)}/migrations/${models[appOf(pick)][1]}.py`, 'def ('),
  },
];

function migrationOn(app: string, name: string): string {
  return `from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("${app}", "${name}")]\n    operations = []\n`;
}
