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

/** Faults of apps, models and migrations. */
export const inProject: readonly Mutation[] = [
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
    name: 'a tenant app that moves to the public schema',
    kind: 'apps',
    codes: ['DBB6096'],
    subject: () => ['carriers', 'SHARED_APPS'],
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
  {
    name: 'a shared app that refers to a tenant app',
    kind: 'apps',
    codes: ['DBB6051'],
    subject: () => ['contacts'],
    make: (project) => {
      project.replace(settings, '    "wholesale.contacts",\n', '');
      project.replace(
        settings,
        '    "wholesale.tenants",\n',
        '    "wholesale.tenants",\n    "wholesale.contacts",\n',
      );
    },
  },
  {
    name: 'the app of the tenants among the tenant apps',
    kind: 'apps',
    codes: ['DBB6057'],
    subject: () => ['tenants'],
    make: (project) =>
      project.replace(settings, 'TENANT_APPS = [\n', 'TENANT_APPS = [\n    "wholesale.tenants",\n'),
  },
  {
    name: 'a unique rule without its migration',
    kind: 'models',
    codes: ['DBB6006'],
    subject: () => ['contacts'],
    make: (project) =>
      project.append('wholesale/contacts/models.py', 'Contact._meta.get_field("name")._unique = True'),
  },
  {
    name: 'a model that is renamed',
    kind: 'models',
    codes: ['DBB6006'],
    subject: () => ['plants'],
    make: (project) => project.replace('wholesale/plants/models.py', 'class Pickup(', 'class Collection('),
  },
  {
    name: 'models that do not import',
    kind: 'models',
    codes: ['DBB6030'],
    subject: (pick) => [appOf(pick)],
    make: (project, pick) =>
      project.append(`wholesale/${appOf(pick)}/models.py`, 'from .nowhere import nothing'),
  },
  {
    name: 'migrations in a circle',
    kind: 'migrations',
    codes: ['DBB6030'],
    subject: () => ['carriers'],
    make: (project) => {
      project.write(
        'wholesale/carriers/migrations/0005_round.py',
        migrationOn('carriers', '0004_own_collection'),
      );
      project.replace(
        'wholesale/carriers/migrations/0001_initial.py',
        'dependencies = []',
        'dependencies = [("carriers", "0005_round")]',
      );
    },
  },
  {
    name: 'a migration file without a migration',
    kind: 'migrations',
    codes: ['DBB6030', 'DBB6003', 'DBB6011'],
    subject: () => ['0005_empty'],
    make: (project) => project.write('wholesale/carriers/migrations/0005_empty.py', 'x = 1\n'),
  },
  {
    name: 'a migration that fails in every tenant',
    kind: 'migrations',
    codes: ['DBB5057', 'DBB6075', 'DBB6074', 'DBB6011'],
    subject: () => ['0005_again'],
    make: (project) =>
      project.write(
        'wholesale/carriers/migrations/0005_again.py',
        migrationOn('carriers', '0004_own_collection').replace(
          'operations = []',
          'operations = [migrations.RunSQL("create table carriers_rate (id integer)", migrations.RunSQL.noop)]',
        ),
      ),
  },
];

function migrationOn(app: string, name: string): string {
  return `from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("${app}", "${name}")]\n    operations = []\n`;
}
