import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { pythonOf } from '../support/python.js';

const definitions = [
  'create index on_name on carriers_carrier (lower(name))',
  'CREATE UNIQUE INDEX IF NOT EXISTS "a b" ON carriers_carrier USING btree (name) WHERE name <> \'public.x\';',
  'alter table carriers_carrier add column note text default now()::text not null',
  '-- why\nalter table carriers_carrier alter column name set statistics 1000; /* and */ drop index if exists on_name',
  "comment on table carriers_carrier is 'it''s select 1 from b.c'",
  'create table own (id bigint generated always as identity, half int generated always as (1) stored)',
  'create sequence numbers increment 5',
  '',
];

const others = [
  "update carriers_carrier set name = 'x'",
  'insert into own values (1)',
  'create table own as select * from carriers_carrier',
  'create index on_name on public.carriers_carrier (name)',
  'alter table carriers_carrier set schema elsewhere',
  'create function f() returns int language sql as $$ select 1 $$',
  'create index concurrently on_name on carriers_carrier (name)',
  'create temporary table own (id int)',
  'drop table own; delete from carriers_carrier',
  'vacuum',
  "comment on column carriers_carrier.note is 'so'",
  "select setval('a', 1)",
  'do $$ begin end $$',
  'create trigger t before insert on carriers_carrier execute function f()',
];

const script = `
import json, sys
sys.path.insert(0, "python")
from db_bootstrap_host.plain_sql import why_not
print(json.dumps([why_not(sql, atomic) for sql, atomic in json.load(sys.stdin)]))
`;

for (const set of ['old', 'new'] as const)
  describe(`SQL of a project's own (${set})`, function () {
    this.timeout(60_000);
    const judged = async (
      statements: readonly (readonly [unknown, boolean])[],
    ): Promise<(string | null)[]> => {
      const input = JSON.stringify(statements);
      const output = execFileSync(await pythonOf(set), ['-c', script], { input, encoding: 'utf8' });
      return JSON.parse(output) as (string | null)[];
    };

    it('is executed again where it defines tables, indexes and their like by bare names', async () => {
      const found = await judged(definitions.map((sql) => [sql, true]));
      assert.deepEqual(
        definitions.filter((_, index) => found[index] !== null),
        [],
      );
    });

    it('is left to Django where it reads or writes rows, names a schema, or makes anything else', async () => {
      const found = await judged(others.map((sql) => [sql, true]));
      assert.deepEqual(
        others.filter((_, index) => found[index] === null),
        [],
      );
      assert.deepEqual(await judged([[[['select %s', [1]]], true]]), ['RunSQL has parameters']);
    });

    it('outside of transactions, is executed again where it makes or removes one index', async () => {
      const statements = [
        'create index concurrently if not exists Own on carriers_carrier (id)',
        'drop index concurrently own;',
        'create index own on carriers_carrier (id)',
        'drop index concurrently public.own',
        'drop index concurrently one, two',
      ];
      const found = await judged(statements.map((sql) => [sql, false]));
      assert.deepEqual(
        found.map((why) => why === null),
        [true, true, false, false, false],
      );
    });
  });
