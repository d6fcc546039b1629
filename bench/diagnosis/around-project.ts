import type { Mutation, Pick } from './mutation.js';

const rc = '.bootstraprc';
const schemas = ['test_tenant', 'corner_shop'] as const;
const schemaOf = (pick: Pick): string => pick('schema', schemas);
const leaves = ['customers_customer_preferred_suppliers', 'carriers_rate', 'plants_pickup'] as const;
const sql =
  (make: (schema: string, pick: Pick) => readonly string[]): Mutation['make'] =>
  (_project, pick) =>
    make(schemaOf(pick), pick);

/** Faults in the config, the init scripts and the database. */
export const aroundProject: readonly Mutation[] = [
  {
    name: 'an unknown key',
    kind: 'config',
    codes: ['DBB2003'],
    make: (project) => project.replace(rc, 'timeout: 2m', 'timout: 2m'),
  },
  {
    name: 'a need that does not exist',
    kind: 'config',
    codes: ['DBB3001'],
    subject: () => ['seed'],
    make: (project) => project.replace(rc, 'needs: [tenant-migrations]', 'needs: [tenant-migration]'),
  },
  {
    name: 'tasks in a circle',
    kind: 'config',
    codes: ['DBB3002'],
    make: (project) =>
      project.replace(
        rc,
        'makemigrations: { needs: [init, venv] }',
        'makemigrations: { needs: [init, venv, seed] }',
      ),
  },
  {
    name: 'a duration that is none',
    kind: 'config',
    codes: ['DBB2011'],
    make: (project) => project.replace(rc, 'timeout: 2m', 'timeout: two minutes'),
  },
  {
    name: 'a tenant twice',
    kind: 'config',
    codes: ['DBB2021'],
    make: (project) => project.replace(rc, 'schema: corner_shop', 'schema: test_tenant'),
  },
  {
    name: 'a field that the tenant model does not have',
    kind: 'config',
    codes: ['DBB6015'],
    subject: () => ['descripton'],
    make: (project) => project.replace(rc, 'description: A second one', 'descripton: A second one'),
  },
  {
    name: 'a required field that is missing',
    kind: 'config',
    codes: ['DBB6016'],
    subject: () => ['name'],
    make: (project) =>
      project.replace(rc, 'tenants:\n', 'tenants:\n  - { schema: third, domain: third.example.com }\n'),
  },
  {
    name: 'a value of the wrong type for a field',
    kind: 'config',
    codes: ['DBB6024'],
    make: (project) =>
      project.replace(
        rc,
        'tenants:\n',
        'tenants:\n  - { schema: third, domain: third.example.com, fields: { name: Third, paid_until: tomorrow } }\n',
      ),
  },
  {
    name: 'migrate_schemas --tenant with a name',
    kind: 'config',
    codes: ['DBB6078'],
    make: (project) =>
      project.replace(rc, 'manage.py seed\n', 'manage.py migrate_schemas --tenant test_tenant\n'),
  },
  {
    name: 'a command whose failure is passed over',
    kind: 'config',
    codes: ['DBB5030'],
    subject: () => ['seed', 'loaddata'],
    make: (project) => project.replace(rc, 'manage.py seed\n', 'manage.py loaddata seed || true\n'),
  },
  {
    name: 'lines of a command of which only the last counts',
    kind: 'config',
    codes: ['DBB5030'],
    subject: () => ['seed', 'loaddata'],
    make: (project) =>
      project.replace(
        rc,
        'run: .venv/bin/python manage.py seed\n',
        'run: "python manage.py loaddata a; python manage.py seed"\n',
      ),
  },
  {
    name: 'a variable that is not set',
    kind: 'config',
    codes: ['DBB2010'],
    subject: () => ['SHOP_SECRET'],
    make: (project) => project.replace(rc, 'env:\n', 'env:\n  TOKEN: ${SHOP_SECRET}\n'),
  },
  {
    name: 'a settings module that does not exist',
    kind: 'config',
    codes: ['DBB6003'],
    subject: () => ['wholesale.settings.tests'],
    make: (project) => project.replace(rc, 'wholesale.settings.test', 'wholesale.settings.tests'),
  },
  {
    name: 'a key twice',
    kind: 'config',
    codes: ['DBB2005'],
    make: (project) => project.append(rc, 'preset: django'),
  },
  {
    name: 'the preset without tenants',
    kind: 'config',
    codes: ['DBB3001', 'DBB6018', 'DBB2003'],
    make: (project) => project.replace(rc, 'preset: django-tenants', 'preset: django'),
  },
  {
    name: 'a program that does not exist',
    kind: 'config',
    codes: ['DBB5002', 'DBB5001'],
    subject: () => ['pyhton'],
    make: (project) =>
      project.replace(rc, 'run: .venv/bin/python manage.py seed', 'run: .venv/bin/pyhton manage.py seed'),
  },
  {
    name: 'a folder of init scripts that does not exist',
    kind: 'init scripts',
    codes: ['DBB5006'],
    make: (project) =>
      project.replace(rc, 'init: { repeatable: true }', 'init: { repeatable: true, directory: initdb.d }'),
  },
  {
    name: 'an error in an init script',
    kind: 'init scripts',
    codes: ['DBB5005'],
    make: (project) =>
      project.write('docker-entrypoint-initdb.d/02-more.sql', 'create tabel t (id integer);\n'),
  },
  {
    name: 'an init script that hides a failure',
    kind: 'init scripts',
    codes: ['DBB5005'],
    make: (project) =>
      project.write(
        'docker-entrypoint-initdb.d/02-more.sh',
        '#!/bin/sh\npsql -c "create tabel t (id integer)"\n',
      ),
  },
  {
    name: 'an init script that ends with a failure',
    kind: 'init scripts',
    codes: ['DBB5005'],
    subject: () => ['02-more.sh'],
    make: (project) => project.write('docker-entrypoint-initdb.d/02-more.sh', '#!/bin/sh\nexit 3\n'),
  },
  {
    name: 'a packed init script that is broken',
    kind: 'init scripts',
    codes: ['DBB5005', 'DBB5007', 'DBB5008'],
    subject: () => ['02-more.sql.gz'],
    make: (project) => project.write('docker-entrypoint-initdb.d/02-more.sql.gz', 'not gzip'),
  },
  {
    name: 'an init script whose extension is not installed',
    kind: 'init scripts',
    codes: ['DBB5013', 'DBB5005', 'DBB4014'],
    subject: () => ['no_such_extension'],
    make: (project) =>
      project.write('docker-entrypoint-initdb.d/02-more.sql', 'create extension no_such_extension;\n'),
  },
  {
    name: 'an init script whose table exists',
    kind: 'init scripts',
    codes: ['DBB5057', 'DBB5005'],
    subject: () => ['tenants_client'],
    make: (project) =>
      project.write('docker-entrypoint-initdb.d/02-more.sql', 'create table tenants_client (id integer);\n'),
  },
  {
    name: 'a table is gone',
    kind: 'SQL state',
    codes: ['DBB6012'],
    subject: (pick) => [schemaOf(pick), pick('table', leaves)],
    make: sql((schema, pick) => [`drop table ${schema}.${pick('table', leaves)}`]),
  },
  {
    name: 'a column is gone',
    kind: 'SQL state',
    codes: ['DBB6070', 'DBB6033'],
    subject: (pick) => [schemaOf(pick), 'tracking_url'],
    make: sql((schema) => [`alter table ${schema}.carriers_carrier drop column tracking_url`]),
  },
  {
    name: 'a sequence behind its ids',
    kind: 'SQL state',
    codes: ['DBB6080'],
    subject: (pick) => [schemaOf(pick)],
    make: sql((schema) => [
      `insert into ${schema}.carriers_carrier (id, code, name, tracking_url, active) values (900, 'X', 'x', '', true)`,
    ]),
  },
  {
    name: 'a migration that is done and not recorded',
    kind: 'SQL state',
    codes: ['DBB6074', 'DBB6077'],
    subject: (pick) => [schemaOf(pick)],
    make: sql((schema) => [
      `delete from ${schema}.django_migrations where app = 'plants' and name = '0003_pickup'`,
    ]),
  },
  {
    name: 'a migration that is recorded and not on disk',
    kind: 'SQL state',
    codes: ['DBB6014'],
    subject: (pick) => [schemaOf(pick)],
    make: sql((schema) => [
      `insert into ${schema}.django_migrations (app, name, applied) values ('plants', '0009_gone', now())`,
    ]),
  },
  {
    name: 'the schema of a tenant is gone',
    kind: 'SQL state',
    codes: ['DBB6019'],
    subject: (pick) => [schemaOf(pick)],
    make: sql((schema) => [`drop schema ${schema} cascade`]),
  },
  {
    name: 'a schema without a tenant',
    kind: 'SQL state',
    codes: ['DBB6020'],
    subject: () => ['left_over'],
    make: sql(() => [
      'create schema left_over',
      'create table left_over.django_migrations (like public.django_migrations including all)',
    ]),
  },
  {
    name: 'a domain without a tenant',
    kind: 'SQL state',
    codes: ['DBB6091', 'DBB6089'],
    subject: () => ['tenants_domain'],
    make: sql(() => [
      `do $$ declare c text; begin for c in select conname from pg_constraint where conrelid = 'public.tenants_domain'::regclass and contype = 'f' loop execute format('alter table public.tenants_domain drop constraint %I', c); end loop; end $$`,
      `insert into public.tenants_domain (domain, is_primary, tenant_id) values ('gone.example.com', true, 999)`,
    ]),
  },
  {
    name: 'an invalid index',
    kind: 'SQL state',
    codes: ['DBB6086'],
    subject: (pick) => [schemaOf(pick), 'carriers_active_name'],
    make: sql((schema) => [
      `update pg_index set indisvalid = false where indexrelid = '${schema}.carriers_active_name'::regclass`,
    ]),
  },
  {
    name: 'a content type is gone',
    kind: 'SQL state',
    codes: ['DBB6082'],
    subject: (pick) => [schemaOf(pick)],
    make: sql((schema) => [
      `delete from ${schema}.auth_permission where content_type_id in (select id from ${schema}.django_content_type where app_label = 'plants')`,
      `delete from ${schema}.django_content_type where app_label = 'plants'`,
    ]),
  },
  {
    name: 'one tenant differs by a column',
    kind: 'SQL state',
    codes: ['DBB6081'],
    subject: () => ['extra'],
    make: sql((schema) => [`alter table ${schema}.plants_plant add column extra text`]),
  },
  {
    name: 'one tenant lacks a constraint',
    kind: 'SQL state',
    codes: ['DBB6081', 'DBB6093'],
    make: sql((schema) => [
      `alter table ${schema}.carriers_rate drop constraint carriers_rate_once_a_weight`,
    ]),
  },
  {
    name: 'a foreign key into another schema',
    kind: 'SQL state',
    codes: ['DBB6087'],
    subject: (pick) => [schemaOf(pick)],
    make: sql((schema) => [
      `alter table ${schema}.carriers_rate add constraint stray foreign key (carrier_id) references ${schema === 'corner_shop' ? 'test_tenant' : 'corner_shop'}.carriers_carrier not valid`,
    ]),
  },
  {
    name: 'keys of two types across a foreign key',
    kind: 'SQL state',
    codes: ['DBB6090', 'DBB6076', 'DBB6081'],
    subject: (pick) => [schemaOf(pick)],
    make: sql((schema) => [`alter table ${schema}.carriers_rate alter column carrier_id type integer`]),
  },
  {
    name: 'a database that is read-only by default',
    kind: 'SQL state',
    codes: ['DBB4044'],
    make: sql(() => [
      "do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$",
    ]),
  },
];
