import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { sqlstateOfOutput } from '../../lib/postgres/index.js';
import { conditionNames, conditionOf } from '../../lib/postgres/sqlstates.js';
import { createTestDatabase } from '../support/postgres.js';
import { pythonOf } from '../support/python.js';

describe('sqlstateOfOutput', () => {
  let test: Awaited<ReturnType<typeof createTestDatabase>>;
  before(async () => (test = await createTestDatabase()));
  after(() => test.drop());

  const failures: readonly [string, string][] = [
    ['create table twice (id int primary key); create table twice ()', '42P07'],
    ['create schema twice; create schema twice', '42P06'],
    ['create table t (id int primary key); insert into t values (1), (1)', '23505'],
    ['create table n (id int not null); insert into n values (null)', '23502'],
    ['create table c (id int check (id > 0)); insert into c values (0)', '23514'],
    ['select * from nowhere', '42P01'],
    ['select nothing from pg_class', '42703'],
    ['selec 1', '42601'],
    ['set role nobody_at_all', '22023'],
  ];

  for (const [sql, expected] of failures) {
    it(`finds ${expected} in what psql prints for "${sql}", with its code`, () => {
      const { stderr } = psql(test.url, sql, '-v', 'VERBOSITY=verbose');
      assert.equal(sqlstateOfOutput(stderr), expected);
    });
    if (expected === '22023') continue;
    it(`finds ${expected} in it without the code, too`, () => {
      assert.equal(sqlstateOfOutput(psql(test.url, sql).stderr), expected);
    });
  }

  for (const set of ['old', 'new'] as const) {
    it(`finds it in a traceback of Django and psycopg (${set})`, async () => {
      const code = `
import django, os
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"}})
django.setup()
from django.db import connection
connection.settings_dict.update(__import__("json").loads(os.environ["SETTINGS"]))
cursor = connection.cursor()
cursor.execute("create temp table t (id int primary key)")
cursor.execute("insert into t values (1), (1)")
`;
      const url = new URL(test.url);
      const settings = {
        NAME: test.name,
        HOST: url.hostname,
        PORT: url.port,
        USER: url.username,
        PASSWORD: decodeURIComponent(url.password),
      };
      const { status, stderr } = spawnSync(await pythonOf(set), ['-c', code], {
        encoding: 'utf8',
        env: { ...process.env, SETTINGS: JSON.stringify(settings) },
      });
      assert.equal(status, 1);
      assert.match(stderr, /UniqueViolation/);
      assert.equal(sqlstateOfOutput(stderr), '23505');
    });
  }

  it('takes the first failure, which is the cause, and none from what is no failure', () => {
    const output =
      'psycopg2.errors.UndefinedTable: x\n\nThe above exception…\n\ndjango.db.utils.ProgrammingError\npsycopg2.errors.InFailedSqlTransaction: y';
    assert.equal(sqlstateOfOutput(output), '42P01');
    assert.equal(sqlstateOfOutput('NOTICE:  relation "x" already exists, skipping'), undefined);
    assert.equal(sqlstateOfOutput('psycopg2.errors.NoSuchClass: x'), undefined);
    assert.equal(sqlstateOfOutput(''), undefined);
  });
});

describe('the table of conditions', () => {
  it("is psycopg's own", async () => {
    const code = `
import json, psycopg.errors as e
print(json.dumps({n: c.sqlstate for n, c in vars(e).items() if isinstance(c, type) and isinstance(getattr(c, "sqlstate", None), str)}))
`;
    const theirs = JSON.parse(
      execFileSync(await pythonOf('new'), ['-c', code], { encoding: 'utf8' }),
    ) as Record<string, string>;
    assert.deepEqual({ ...conditionNames }, { ...theirs, ...conditionNames });
    assert.deepEqual(
      Object.keys(theirs).filter((name) => conditionNames[name] !== theirs[name]),
      [],
    );
    for (const [name, sqlstate] of Object.entries(conditionNames))
      assert.match(sqlstate, /^[0-9A-Z]{5}$/, name);
  });

  it("gives PostgreSQL's names back", () => {
    assert.equal(conditionOf('23505'), 'unique_violation');
    assert.equal(conditionOf('25P02'), 'in_failed_sql_transaction');
    assert.equal(conditionOf('ABCDE'), undefined);
  });
});

function psql(url: string, sql: string, ...args: string[]): { stderr: string } {
  const { status, stderr } = spawnSync('psql', ['-X', url, ...args, '-c', sql], { encoding: 'utf8' });
  assert.equal(status, 1);
  return { stderr };
}
