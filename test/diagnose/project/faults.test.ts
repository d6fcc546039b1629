import assert from 'node:assert/strict';
import type { ErrorCode } from '../../../lib/errors/index.js';
import { projectRules } from '../../../lib/diagnose/project/index.js';
import { examineProject, type Kind, type ProjectFiles } from '../../support/django-project.js';

const base = 'shop/settings/base.py';
const test = 'shop/settings/test.py';
const migration = (dependencies: string, operations = ''): string =>
  `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [${dependencies}]
    operations = [${operations}]
`;

/** Lets a migration change the key of the shared products, to which orders of tenants refer. */
const withOtherKey = (
  files: ProjectFiles,
  name: string,
  key: { readonly model: string; readonly altered: string },
): ProjectFiles =>
  files
    .edit(
      'catalog/models.py',
      'class Product(models.Model):\n',
      `class Product(models.Model):\n    id = ${key.model}\n`,
    )
    .edit(
      'catalog/models.py',
      'from django.db import models\n',
      'import uuid\n\nfrom django.db import models\n',
    )
    .edit(
      'orders/migrations/0001_initial.py',
      'initial = True',
      `run_before = [("catalog", "${name}")]\n    initial = True`,
    )
    .write(
      `catalog/migrations/${name}.py`,
      migration(
        '("catalog", "0001_initial")',
        `\n        migrations.AlterField("product", "id", ${key.altered}),\n    `,
      ).replace('from django', 'import uuid\n\nfrom django'),
    );

/** A fault of a project that is healthy otherwise, and what has to be said about it, and nothing else. */
interface Fault {
  readonly name: string;
  readonly kind?: Kind;
  /** With both sets of Python packages, where they may differ. */
  readonly both?: boolean;
  readonly fault: (files: ProjectFiles) => unknown;
  readonly code: ErrorCode;
  readonly severity?: 'warning';
  readonly subject: Readonly<Record<string, string>>;
  readonly message: RegExp;
  readonly help: RegExp;
  readonly at?: RegExp;
  /** The text of the line that is shown. */
  readonly line?: RegExp;
  readonly evidence?: RegExp;
}

const faults: readonly Fault[] = [
  {
    name: 'a tenant model that is no TenantMixin',
    both: true,
    fault: (files) =>
      files
        .edit('accounts/models.py', 'class Client(TenantMixin):', 'class Client(models.Model):')
        .edit('accounts/models.py', 'DomainMixin, TenantMixin', 'DomainMixin')
        .edit(
          'accounts/migrations/0001_initial.py',
          '                ("schema_name", models.CharField(db_index=True, max_length=63, unique=True, validators=[django_tenants.postgresql_backend.base._check_schema_name])),\n',
          '',
        ),
    code: 'DBB6045',
    subject: { setting: 'TENANT_MODEL', model: 'accounts.Client', class: 'accounts.models.Client' },
    message:
      /^the tenant model accounts\.models\.Client is not a TenantMixin: django_tenants creates no schema for its rows$/,
    help: /^let accounts\.models\.Client inherit django_tenants\.models\.TenantMixin/,
    at: /^accounts\/models\.py:5$/,
    line: /^class Client\(models\.Model\):/,
  },
  {
    name: 'a domain model that is no DomainMixin',
    fault: (files) =>
      files
        .edit(
          'accounts/models.py',
          'class Domain(DomainMixin):\n    pass',
          'class Domain(models.Model):\n    domain = models.CharField(max_length=253, unique=True, db_index=True)\n    is_primary = models.BooleanField(default=True, db_index=True)\n    tenant = models.ForeignKey("accounts.Client", models.CASCADE, related_name="domains", db_index=True)',
        )
        .edit('accounts/models.py', 'DomainMixin, TenantMixin', 'TenantMixin'),
    code: 'DBB6047',
    subject: { setting: 'TENANT_DOMAIN_MODEL', model: 'accounts.Domain', class: 'accounts.models.Domain' },
    message: /^the domain model accounts\.models\.Domain is not a DomainMixin: django_tenants expects one$/,
    help: /^let accounts\.models\.Domain inherit django_tenants\.models\.DomainMixin/,
    line: /^class Domain\(models\.Model\):/,
  },
  {
    name: 'no TENANT_MODEL',
    both: true,
    fault: (files) => files.edit(base, 'TENANT_MODEL = "accounts.Client"\n', ''),
    code: 'DBB6046',
    subject: { setting: 'TENANT_MODEL', settings: 'shop.settings.test' },
    message: /^django-tenants needs TENANT_MODEL: no model is named for tenants$/,
    help: /^set TENANT_MODEL to "app_label\.Model"/,
  },
  {
    name: 'no TENANT_DOMAIN_MODEL',
    both: true,
    fault: (files) => files.edit(base, 'TENANT_DOMAIN_MODEL = "accounts.Domain"\n', ''),
    code: 'DBB6046',
    subject: { setting: 'TENANT_DOMAIN_MODEL', settings: 'shop.settings.test' },
    message: /^django-tenants needs TENANT_DOMAIN_MODEL/,
    help: /^set TENANT_DOMAIN_MODEL to "accounts\.Domain"$/,
  },
  {
    name: 'TENANT_MODEL that names no model',
    both: true,
    fault: (files) =>
      files.edit(base, 'TENANT_MODEL = "accounts.Client"', 'TENANT_MODEL = "accounts.Cilent"'),
    code: 'DBB6046',
    subject: { setting: 'TENANT_MODEL', model: 'accounts.Cilent' },
    message: /^TENANT_MODEL is "accounts\.Cilent", and the installed apps have no such model$/,
    help: /^set TENANT_MODEL to "accounts\.Client"$/,
    line: /^TENANT_MODEL = "accounts\.Cilent"/,
  },
  {
    name: 'no TENANT_APPS',
    both: true,
    fault: (files) => files.append(base, '\nTENANT_APPS = []\n'),
    code: 'DBB6046',
    subject: { setting: 'TENANT_APPS', settings: 'shop.settings.test' },
    message: /^django-tenants needs TENANT_APPS/,
    help: /^list the apps whose tables each tenant has in TENANT_APPS$/,
    line: /^TENANT_APPS = \[\]/,
  },
  {
    name: 'types of tenants without the field that tells them',
    kind: 'types',
    fault: (files) => files.edit(base, 'MULTI_TYPE_DATABASE_FIELD = "kind"\n', ''),
    code: 'DBB6046',
    subject: { setting: 'MULTI_TYPE_DATABASE_FIELD', settings: 'shop.settings.test' },
    message: /^django-tenants needs MULTI_TYPE_DATABASE_FIELD/,
    help: /^set MULTI_TYPE_DATABASE_FIELD/,
  },
  {
    name: 'types of tenants in a field that is none',
    kind: 'types',
    fault: (files) =>
      files.edit(base, 'MULTI_TYPE_DATABASE_FIELD = "kind"', 'MULTI_TYPE_DATABASE_FIELD = "type"'),
    code: 'DBB6046',
    subject: { setting: 'MULTI_TYPE_DATABASE_FIELD', settings: 'shop.settings.test' },
    message: /^django-tenants needs MULTI_TYPE_DATABASE_FIELD: accounts\.Client has no "type"$/,
    help: /^set MULTI_TYPE_DATABASE_FIELD to the field of accounts\.Client that holds the type: .*"kind"/,
    line: /^MULTI_TYPE_DATABASE_FIELD = "type"/,
  },
  {
    name: 'types of tenants without one for the public schema',
    kind: 'types',
    both: true,
    fault: (files) => files.append(base, '\nPUBLIC_SCHEMA_NAME = "shared"\n'),
    code: 'DBB6046',
    subject: { setting: 'TENANT_TYPES', settings: 'shop.settings.test' },
    message: /it has no entry "shared" for the public schema$/,
    help: /^add "shared"/,
  },
  {
    name: 'a tenant model outside of the public schema',
    fault: (files) =>
      files
        .edit(base, '    "accounts",\n', '')
        .edit(base, '    "carriers",\n', '    "carriers",\n    "accounts",\n'),
    code: 'DBB6057',
    subject: { setting: 'TENANT_MODEL', model: 'accounts.Client', app: 'accounts' },
    message: /^the table of accounts\.Client will not stand in the public schema/,
    help: /^put the app of accounts\.Client into SHARED_APPS$/,
  },
  {
    name: 'a tenant model in the schemas of tenants as well',
    fault: (files) => files.edit(base, '    "carriers",\n', '    "carriers",\n    "accounts",\n'),
    code: 'DBB6057',
    severity: 'warning',
    subject: { setting: 'TENANT_MODEL', model: 'accounts.Client', app: 'accounts' },
    message: /^the table of accounts\.Client also stands in every tenant's schema/,
    help: /^take the app of accounts\.Client out of TENANT_APPS$/,
    line: /^TENANT_APPS = \[/,
  },
  {
    name: 'fakes without a base schema',
    both: true,
    fault: (files) => files.append(test, 'TENANT_CREATION_FAKES_MIGRATIONS = True\n'),
    code: 'DBB6052',
    subject: { setting: 'TENANT_BASE_SCHEMA', settings: 'shop.settings.test' },
    message: /^TENANT_CREATION_FAKES_MIGRATIONS is set and TENANT_BASE_SCHEMA is not/,
    help: /^set TENANT_BASE_SCHEMA to the schema that is copied/,
    line: /^TENANT_CREATION_FAKES_MIGRATIONS = True/,
    at: /^shop\/settings\/test\.py:\d+$/,
  },
  {
    name: 'a base schema without fakes',
    both: true,
    fault: (files) => files.append(test, 'TENANT_BASE_SCHEMA = "template"\n'),
    code: 'DBB6052',
    subject: { setting: 'TENANT_CREATION_FAKES_MIGRATIONS', settings: 'shop.settings.test' },
    message: /^TENANT_BASE_SCHEMA is set and TENANT_CREATION_FAKES_MIGRATIONS is not/,
    help: /^set TENANT_CREATION_FAKES_MIGRATIONS = True/,
  },
  {
    name: 'a setting with a slip in its name',
    fault: (files) => files.append(base, '\nTENANT_LIMIT_SETCALLS = True\n'),
    code: 'DBB6053',
    severity: 'warning',
    subject: { setting: 'TENANT_LIMIT_SETCALLS', settings: 'shop.settings.test' },
    message: /^django-tenants knows no setting TENANT_LIMIT_SETCALLS, and never reads it$/,
    help: /^rename it to TENANT_LIMIT_SET_CALLS$/,
    line: /^TENANT_LIMIT_SETCALLS = True/,
  },
  {
    name: 'an app on neither list',
    fault: (files) =>
      files.edit(base, '    "catalog",\n', '').append(base, '\nINSTALLED_APPS += ["catalog"]\n'),
    code: 'DBB6072',
    subject: { app: 'catalog' },
    message:
      /^the installed app "catalog" is in neither SHARED_APPS nor TENANT_APPS: its table is made in no schema$/,
    help: /^add "catalog" to TENANT_APPS for a table in each tenant, or to SHARED_APPS/,
    line: /^INSTALLED_APPS \+= \["catalog"\]/,
    evidence:
      /missing in every schema: catalog_product[^]*refers to it: orders_order\.product_id → catalog_product/,
  },
  {
    name: 'an app of no type of tenants',
    kind: 'types',
    fault: (files) =>
      files
        .edit(base, '"accounts", "catalog", ', '"accounts", ')
        .append(base, '\nINSTALLED_APPS += ["catalog"]\n'),
    code: 'DBB6072',
    subject: { app: 'catalog' },
    message: /^the installed app "catalog" is in no type of TENANT_TYPES/,
    help: /^add "catalog" to the "APPS" of the types that need it$/,
  },
  {
    name: 'an app with nothing but migrations on neither list',
    fault: (files) =>
      files
        .write('seeds/__init__.py', '')
        .write('seeds/migrations/__init__.py', '')
        .write('seeds/migrations/0001_rows.py', migration(''))
        .append(base, '\nINSTALLED_APPS += ["seeds"]\n'),
    code: 'DBB6072',
    subject: { app: 'seeds' },
    message: /its migrations do nothing in any schema$/,
    help: /^add "seeds" to TENANT_APPS/,
  },
  {
    name: 'an app that is listed and not installed',
    fault: (files) =>
      files
        .write('audit/__init__.py', '')
        .edit(base, '    "carriers",\n', '    "carriers",\n    "audit",\n')
        .append(base, '\nINSTALLED_APPS.remove("audit")\n'),
    code: 'DBB6050',
    subject: { setting: 'TENANT_APPS', app: 'audit' },
    message: /^TENANT_APPS lists "audit", which is not in INSTALLED_APPS/,
    help: /^add "audit" to INSTALLED_APPS/,
    line: /^ {4}"audit",$/,
  },
  {
    name: 'a foreign key from a shared app to an app of tenants',
    fault: (files) =>
      files
        .edit(base, '    "carriers",\n    "orders",\n', '    "carriers",\n')
        .edit(base, '    "catalog",\n', '    "catalog",\n    "orders",\n'),
    code: 'DBB6051',
    subject: {
      app: 'orders',
      model: 'orders.Order',
      table: 'orders_order',
      column: 'carrier_id',
      target: 'carriers.Carrier',
    },
    message:
      /^orders_order\.carrier_id in the public schema refers to carriers_carrier, which stands only in every tenant's schema$/,
    help: /^move the app "orders" to TENANT_APPS, or the app "carriers" to SHARED_APPS$/,
    line: /carrier = models\.ForeignKey\("carriers\.Carrier"/,
    evidence: /"orders" is in SHARED_APPS[^]*"carriers" is in TENANT_APPS/,
  },
  {
    name: 'a foreign key between apps of which one type of tenants has one',
    kind: 'types',
    fault: (files) =>
      files.edit(base, '"django.contrib.auth", "carriers", "orders"]', '"django.contrib.auth", "orders"]'),
    code: 'DBB6051',
    subject: {
      app: 'orders',
      model: 'orders.Order',
      table: 'orders_order',
      column: 'carrier_id',
      target: 'carriers.Carrier',
    },
    message:
      /in the schema of every tenant of type "large" refers to carriers_carrier, which stands only in the schema of every tenant of type "small"$/,
    help: /^add the app "carriers" to the "APPS" of "large" in TENANT_TYPES$/,
  },
  {
    name: 'content types in the public schema alone',
    fault: (files) =>
      files.edit(base, 'TENANT_APPS = [\n    "django.contrib.contenttypes",\n', 'TENANT_APPS = [\n'),
    code: 'DBB6056',
    severity: 'warning',
    subject: { app: 'contenttypes', table: 'auth_permission' },
    message:
      /^content types stand only in the public schema, and every tenant's schema refers to them from there$/,
    help: /^add "django\.contrib\.contenttypes" to TENANT_APPS as well$/,
    line: /^TENANT_APPS = \[/,
  },
  {
    name: 'a model that says more than the migrations',
    both: true,
    fault: (files) =>
      files.append('carriers/models.py', '    code = models.CharField(max_length=8, default="")\n'),
    code: 'DBB6006',
    subject: { app: 'carriers' },
    message: /^models and migrations of the app "carriers" differ: Add field code to carrier$/,
    help: /^run "python manage\.py makemigrations carriers" and commit the file$/,
    line: /^class Carrier\(models\.Model\):/,
  },
  {
    name: 'a plain project whose model says more',
    kind: 'plain',
    fault: (files) =>
      files.append('carriers/models.py', '    code = models.CharField(max_length=8, default="")\n'),
    code: 'DBB6006',
    subject: { app: 'carriers' },
    message: /Add field code to carrier/,
    help: /makemigrations carriers/,
  },
  {
    name: 'two leaf nodes',
    both: true,
    fault: (files) =>
      files
        .write('carriers/migrations/0002_a.py', migration('("carriers", "0001_initial")'))
        .write('carriers/migrations/0002_b.py', migration('("carriers", "0001_initial")')),
    code: 'DBB6007',
    subject: { app: 'carriers', leaves: '0002_a 0002_b' },
    message: /^the migrations of the app "carriers" end in 2 leaf nodes: 0002_a and 0002_b$/,
    help: /^run "python manage\.py makemigrations --merge carriers"/,
    at: /^carriers\/migrations\/0002_b\.py:5$/,
    evidence: /0002_a \(carriers\/migrations\/0002_a\.py:5\)/,
  },
  {
    name: 'a dependency on a migration that is not there',
    both: true,
    fault: (files) =>
      files.write(
        'orders/migrations/0002_more.py',
        migration('("orders", "0001_initial"), ("carriers", "0002_gone")'),
      ),
    code: 'DBB6026',
    subject: { app: 'orders', migration: '0002_more', dependency: 'carriers.0002_gone' },
    message: /^migration orders\.0002_more depends on carriers\.0002_gone, which does not exist$/,
    help: /^restore the file of carriers\.0002_gone, or correct "dependencies"$/,
    at: /^orders\/migrations\/0002_more\.py:5$/,
    evidence: /refuses to migrate/,
  },
  {
    name: 'a dependency on a migration that has another name',
    fault: (files) =>
      files.write(
        'orders/migrations/0002_more.py',
        migration('("orders", "0001_initial"), ("carriers", "0001_init")'),
      ),
    code: 'DBB6026',
    subject: { app: 'orders', migration: '0002_more', dependency: 'carriers.0001_init' },
    message: /depends on carriers\.0001_init/,
    help: /or let it depend on "0001_initial"$/,
  },
  {
    name: 'an app that left the settings, on which migrations depend',
    kind: 'plain',
    fault: (files) => files.edit(base, '"catalog", "carriers"', '"carriers"'),
    code: 'DBB6026',
    subject: { app: 'orders', migration: '0001_initial', dependency: 'catalog.0001_initial' },
    message: /^migration orders\.0001_initial depends on catalog\.0001_initial/,
    help: /^add the app "catalog" to INSTALLED_APPS/,
    line: /\("catalog", "0001_initial"\)/,
  },
  {
    name: 'models without migrations',
    fault: (files) =>
      files
        .write('audit/__init__.py', '')
        .write(
          'audit/models.py',
          'from django.db import models\n\n\nclass Entry(models.Model):\n    text = models.TextField()\n',
        )
        .edit(base, '    "carriers",\n', '    "carriers",\n    "audit",\n'),
    code: 'DBB6054',
    subject: { app: 'audit' },
    message: /^Django finds no migrations of the app "audit": its table is made in no schema$/,
    help: /^run "python manage\.py makemigrations audit"/,
    evidence: /missing: audit_entry/,
  },
  {
    name: 'a folder of migrations without __init__.py',
    both: true,
    fault: (files) => files.remove('orders/migrations/__init__.py'),
    code: 'DBB6054',
    subject: { app: 'orders' },
    message: /^Django finds no migrations of the app "orders"/,
    help: /^add an empty orders\/migrations\/__init__\.py$/,
  },
  {
    name: 'a folder of migrations without __init__.py, on which others depend',
    fault: (files) => files.remove('carriers/migrations/__init__.py'),
    code: 'DBB6054',
    subject: { app: 'carriers' },
    message: /^Django finds no migrations of the app "carriers"/,
    help: /^add an empty carriers\/migrations\/__init__\.py$/,
  },
  {
    name: 'MIGRATION_MODULES that cannot be imported',
    both: true,
    fault: (files) => files.append(test, 'MIGRATION_MODULES = {"orders": "orders.nowhere"}\n'),
    code: 'DBB6054',
    subject: { app: 'orders' },
    message: /^Django finds no migrations of the app "orders"/,
    help: /^correct MIGRATION_MODULES\["orders"\], or take it out$/,
    line: /^MIGRATION_MODULES = /,
  },
  {
    name: 'MIGRATION_MODULES that switches them off',
    fault: (files) => files.append(test, 'MIGRATION_MODULES = {"orders": None}\n'),
    code: 'DBB6054',
    subject: { app: 'orders' },
    message: /^Django finds no migrations of the app "orders"/,
    help: /^take "orders" out of MIGRATION_MODULES$/,
  },
  {
    name: 'a shared key that becomes a uuid under the foreign keys of tenants',
    both: true,
    fault: (files) =>
      withOtherKey(files, '0002_uuid', {
        model: 'models.UUIDField(primary_key=True, default=uuid.uuid4)',
        altered: 'models.UUIDField(primary_key=True, serialize=False, default=uuid.uuid4)',
      }),
    code: 'DBB6055',
    subject: {
      app: 'catalog',
      migration: '0002_uuid',
      key: 'catalog_product.id',
      column: 'orders_order.product_id',
      columnApp: 'orders',
    },
    message:
      /^migration catalog\.0002_uuid makes catalog_product\.id uuid, and orders_order\.product_id in every tenant's schema stays bigint$/,
    help: /^add a migration to the app "orders" that depends on catalog\.0002_uuid and alters orders_order\.product_id to uuid$/,
    at: /^catalog\/migrations\/0002_uuid\.py:/,
  },
  {
    name: 'a shared key that becomes an integer under the foreign keys of tenants',
    both: true,
    fault: (files) =>
      withOtherKey(files, '0002_short', {
        model: 'models.AutoField(primary_key=True)',
        altered: 'models.AutoField(primary_key=True, serialize=False)',
      }),
    code: 'DBB6055',
    subject: {
      app: 'catalog',
      migration: '0002_short',
      key: 'catalog_product.id',
      column: 'orders_order.product_id',
      columnApp: 'orders',
    },
    message:
      /makes catalog_product\.id integer, and orders_order\.product_id in every tenant's schema stays bigint$/,
    help: /alters orders_order\.product_id to integer$/,
  },
];

describe('faults of a project', () => {
  for (const { name, kind = 'tenants', both = false, fault, code, severity, ...expected } of faults)
    for (const set of both ? (['old', 'new'] as const) : (['new'] as const))
      it(`names ${name} (${code}, ${set})`, async () => {
        const { findings } = await examineProject(projectRules, fault, { kind, set });
        assert.deepEqual(
          findings.map((finding) => [finding.code, finding.severity ?? 'error', finding.subject]),
          [[code, severity ?? 'error', expected.subject]],
          JSON.stringify(findings, null, 1),
        );
        const [{ message, help = '', place, evidence }] = findings as [(typeof findings)[0]];
        assert.match(message, expected.message);
        assert.match(help, expected.help);
        if (expected.at) assert.match(`${place?.file}:${String(place?.line)}`, expected.at);
        if (expected.line) assert.match(place?.source ?? '', expected.line);
        if (expected.evidence) assert.match(evidence.join('\n'), expected.evidence);
      });
});
