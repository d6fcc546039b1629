import assert from 'node:assert/strict';
import { judgeRepeatable } from '../../lib/postgres/index.js';

const repeatable = [
  '',
  '-- only a comment',
  'create schema if not exists a; create table if not exists a.b (); create index if not exists c on a.b (d);',
  'create extension if not exists pg_trgm; drop table if exists a; drop role if exists b; drop database if exists c;',
  'create or replace function f() returns int language sql as $$ insert into a values (1); select 1; $$;',
  'create or replace view v as select 1; create or replace trigger t before insert on a execute function f();',
  'create table if not exists a as select 1; create sequence if not exists s;',
  'create function f() returns int language sql as $$ select 1 $$;'.replace('create', 'create or replace'),
  'grant select on a to b; revoke all on a from b; grant r to b; comment on table a is $$x$$;',
  "alter role a set search_path to b; alter role a with login password 'x'; alter database d set timezone to utc;",
  'alter table a owner to b; alter table a alter column c set default 1; alter table a enable row level security;',
  'alter table a add column if not exists b int, drop constraint if exists c;',
  "alter type t add value if not exists 'x';",
  "set search_path to a; select set_config('a.b', 'c', false); select 1; show timezone;",
  'insert into a values (1) on conflict do nothing;',
  "do $$ begin if not exists (select from pg_roles where rolname = 'a') then create role a; end if; end $$;",
  'do $$ begin create role a; exception when duplicate_object then null; end $$;',
  'begin; create table if not exists a (); commit;',
  "\\connect other\n\\set x 1\nselect 'create database a' where not exists (select from pg_database where datname = 'a')\\gexec\n",
];

const not: [sql: string, line: number][] = [
  ['create table a ();', 1],
  ['select 1;\n\n  insert into a values (1);', 3],
  ['update a set b = 1;', 1],
  ['delete from a;', 1],
  ['truncate a;', 1],
  ['create role a;', 1],
  ['create function f() returns int language sql as $$ select 1 $$;', 1],
  ['create index concurrently a on b (c);', 1],
  ['begin;\ncreate table a ();\ncommit;', 2],
  ['alter table a add column b int;', 1],
  ['alter table a rename to b;', 1],
  ["alter type t add value 'x';", 1],
  ['do $$ begin insert into a values (1); end $$;', 1],
  ['select * into b from a;', 1],
  ["select nextval('s');", 1],
  ["select create_tenant('a');", 1],
  ['with a as (insert into b values (1) returning *) select * from a;', 1],
  ['call p();', 1],
  ["select 'create database a'\\gexec", 1],
  ['copy a from stdin;\n1\n\\.\n', 1],
  ['\\i other.sql', 1],
  ['select 1;\n\\! rm -rf /tmp/x', 2],
  ['create table :name ();', 1],
  ['selec 1;', 1],
];

describe('judgeRepeatable', () => {
  for (const sql of repeatable) {
    it(`lets run again: ${sql.slice(0, 60)}`, async () => {
      assert.deepEqual(await judgeRepeatable(sql), { repeatable: true });
    });
  }
  for (const [sql, line] of not) {
    it(`does not: ${sql.slice(0, 60).replaceAll('\n', ' ')}`, async () => {
      const verdict = await judgeRepeatable(sql);
      assert.equal(verdict.repeatable, false);
      assert.equal(verdict.line, line);
    });
  }
});
