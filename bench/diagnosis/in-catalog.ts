import type { Mutation, Pick } from './mutation.js';

const schemaOf = (pick: Pick): string => pick('schema', ['test_tenant', 'corner_shop']);
const sql =
  (make: (schema: string) => readonly string[]): Mutation['make'] =>
  (_project, pick) =>
    make(schemaOf(pick));

/** Faults of single columns, constraints and rows, and of what tables rest on. */
export const inCatalog: readonly Mutation[] = [
  {
    name: 'a column that may be null in one tenant',
    kind: 'SQL state',
    codes: ['DBB6081'],
    subject: () => ['carriers_carrier'],
    make: sql((schema) => [`alter table ${schema}.carriers_carrier alter column name drop not null`]),
  },
  {
    name: 'a column of another type in one tenant',
    kind: 'SQL state',
    codes: ['DBB6081'],
    subject: () => ['carriers_carrier'],
    make: sql((schema) => [`alter table ${schema}.carriers_carrier alter column name type text`]),
  },
  {
    name: 'an index that one tenant lacks',
    kind: 'SQL state',
    codes: ['DBB6081'],
    subject: () => ['carriers_active_name'],
    make: sql((schema) => [`drop index ${schema}.carriers_active_name`]),
  },
  {
    name: 'a foreign key that one tenant lacks',
    kind: 'SQL state',
    codes: ['DBB6098', 'DBB6081'],
    subject: () => ['plants_pickup'],
    make: sql((schema) => [
      `do $$ declare c text; begin select conname into c from pg_constraint where conrelid = '${schema}.plants_pickup'::regclass and contype = 'f' limit 1; execute format('alter table ${schema}.plants_pickup drop constraint %I', c); end $$`,
    ]),
  },
  {
    name: 'a constraint that is not validated',
    kind: 'SQL state',
    codes: ['DBB6085'],
    subject: (pick) => [schemaOf(pick), 'carriers_carrier'],
    make: sql((schema) => [
      `alter table ${schema}.carriers_carrier add constraint named check (name <> '') not valid`,
    ]),
  },
  {
    name: 'rows that refer to nothing',
    kind: 'SQL state',
    codes: ['DBB6089'],
    subject: (pick) => [schemaOf(pick), 'carriers_rate'],
    make: sql((schema) => [
      `do $$ declare c text; begin for c in select conname from pg_constraint where conrelid = '${schema}.carriers_rate'::regclass and contype = 'f' loop execute format('alter table ${schema}.carriers_rate drop constraint %I', c); end loop; end $$`,
      `insert into ${schema}.carriers_rate (carrier_id, up_to_kg, price) values (990, 1, 1)`,
    ]),
  },
  {
    name: 'rows twice where the model has them once',
    kind: 'SQL state',
    codes: ['DBB6092', 'DBB6098'],
    subject: (pick) => [schemaOf(pick), 'carriers_rate'],
    make: sql((schema) => [
      `alter table ${schema}.carriers_rate drop constraint carriers_rate_once_a_weight`,
      `insert into ${schema}.carriers_carrier (code, name, tracking_url, active) values ('TWICE', 'x', '', true)`,
      `insert into ${schema}.carriers_rate (carrier_id, up_to_kg, price) select id, 1, 1 from ${schema}.carriers_carrier, generate_series(1, 2) where code = 'TWICE'`,
    ]),
  },
  {
    name: 'a permission that belongs to nothing',
    kind: 'SQL state',
    codes: ['DBB6084', 'DBB6089', 'DBB6082'],
    subject: (pick) => [schemaOf(pick)],
    make: sql((schema) => [
      `do $$ declare c text; begin for c in select conname from pg_constraint where conrelid = '${schema}.auth_permission'::regclass and contype = 'f' loop execute format('alter table ${schema}.auth_permission drop constraint %I', c); end loop; end $$`,
      `insert into ${schema}.auth_permission (name, content_type_id, codename) values ('x', 9999, 'x')`,
    ]),
  },
  {
    name: 'the table of migrations is gone',
    kind: 'SQL state',
    codes: ['DBB6013', 'DBB6074', 'DBB6075', 'DBB6019'],
    subject: (pick) => [schemaOf(pick)],
    make: sql((schema) => [`drop table ${schema}.django_migrations`]),
  },
  {
    name: 'a table of the public schema is gone',
    kind: 'SQL state',
    codes: ['DBB6012'],
    subject: () => ['public', 'auth_group'],
    make: sql(() => ['drop table public.auth_group cascade']),
  },
  {
    name: 'an extension that a check asks for is gone',
    kind: 'SQL state',
    codes: ['DBB6034', 'DBB5013', 'DBB6036'],
    subject: () => ['pg_trgm'],
    make: sql(() => ['drop extension pg_trgm']),
  },
];
