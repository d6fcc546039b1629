import type { Mutation, Pick } from './mutation.js';

const schemas = ['test_tenant', 'corner_shop'] as const;
const schemaOf = (pick: Pick): string => pick('schema', schemas);
const leaves = ['customers_customer_preferred_suppliers', 'carriers_rate', 'plants_pickup'] as const;
const sql =
  (make: (schema: string, pick: Pick) => readonly string[]): Mutation['make'] =>
  (_project, pick) =>
    make(schemaOf(pick), pick);

/** Faults of the tables, the schemas and the records in the database. */
export const inDatabase: readonly Mutation[] = [
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
    codes: ['DBB6098', 'DBB6081'],
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
    codes: ['DBB6098', 'DBB6076', 'DBB6081'],
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
