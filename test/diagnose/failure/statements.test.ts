import assert from 'node:assert/strict';
import type { Problem } from '../../../lib/errors/index.js';
import { openEmpty, type FailingProject } from '../../support/failed-task.js';

const notes = (problem: Problem, label: string): string[] =>
  (problem.notes ?? []).filter((each) => each.label === label).map(({ text }) => text);
const commandOf = (help = ''): string => help.slice(help.indexOf(': ') + 2);

describe('statements that fail', function () {
  this.timeout(30_000);
  let project: FailingProject;
  const psql = (text: string): string => `psql -v ON_ERROR_STOP=1 -c "${text.replaceAll('"', '\\"')}"`;
  const fail = (text: string): Promise<Problem> => project.failWork((database) => database.query(text));

  beforeEach(async () => (project = await openEmpty()));
  afterEach(() => project.close());

  describe('because an extension is missing', () => {
    for (const [statement, extension, object] of [
      ['select uuid_generate_v4()', 'uuid-ossp', 'function "uuid_generate_v4"'],
      [`select similarity('a', 'b')`, 'pg_trgm', 'function "similarity"'],
      [`select * from (values ('a'::text)) as v (x) where x % 'b'::text`, 'pg_trgm', 'operator "%"'],
      [
        `create table t (x text); create index on t using gin (x gin_trgm_ops)`,
        'pg_trgm',
        'operator class "gin_trgm_ops"',
      ],
      ['create table t (x citext)', 'citext', 'type "citext"'],
      ['create table t (x hstore)', 'hstore', 'type "hstore"'],
    ] as const) {
      it(`names ${extension} for ${statement}, and installs it`, async () => {
        const problem = await fail(statement);
        assert.equal(problem.code, 'DBB5013');
        assert.ok(
          problem.message.startsWith(`extension "${extension}", which brings ${object}, is not installed`),
          problem.message,
        );
        const printed = await project.failCommand(psql(statement));
        assert.equal(printed.message, problem.message);
        await project.rows(commandOf(problem.help));
        await project.rows(statement);
      });
    }

    it('says that the server does not even have it', async () => {
      const problem = await fail('create table t (place geometry)');
      assert.equal(problem.code, 'DBB5013');
      assert.match(
        problem.help ?? '',
        problem.facts?.available === true ? /^run as a superuser/ : /^install the package/,
      );
    });

    it('says that it stands in a schema that is not searched', async () => {
      await project.rows('create schema acme; create extension citext schema acme');
      const problem = await fail('create table t (x citext)');
      assert.equal(problem.code, 'DBB5051');
      assert.match(
        problem.message,
        /^type "citext" exists in schema "acme", which task "seed" did not search$/,
      );
      await project.rows(commandOf(problem.help));
      await project.rows('create table t (x citext)');
    });

    it('shows what a function takes', async () => {
      await project.rows(`create function twice(n int) returns int language sql as 'select n * 2'`);
      const problem = await fail(`select twice('2024-01-01'::date)`);
      assert.equal(problem.code, 'DBB5058');
      assert.deepEqual(notes(problem, 'it takes'), ['twice(n integer)']);
    });

    it('names a role that does not exist', async () => {
      await project.rows('create table t ()');
      const problem = await fail('grant select on t to nobody_of_this_name');
      assert.equal(problem.code, 'DBB5014');
      assert.match(problem.help ?? '', /create role "nobody_of_this_name"/);
    });
  });

  describe('because of rows', () => {
    beforeEach(() =>
      project.rows(`create table carriers (id int primary key, code varchar(5) not null);
        create table rates (id int primary key, carrier_id int references carriers (id));
        insert into carriers values (1, 'DHL'); insert into rates values (1, 1)`),
    );

    it('names the row that is referred to and missing, and where it stands', async () => {
      await project.rows(
        `create schema acme; create table acme.carriers (id int); insert into acme.carriers values (7)`,
      );
      const problem = await fail('insert into rates values (2, 7)');
      assert.equal(problem.code, 'DBB5065');
      assert.equal(
        problem.message,
        'task "seed" writes a row of "rates" in schema "public" that refers to no row: "carriers" has none with (carrier_id) = (7)',
      );
      assert.deepEqual(notes(problem, 'such a row'), ['stands in schema "acme"']);
      const printed = await project.failCommand(psql('insert into rates values (2, 7)'));
      assert.equal(printed.code, 'DBB5065');
    });

    it('names the rows that still refer', async () => {
      const problem = await fail('delete from carriers');
      assert.equal(problem.code, 'DBB5065');
      assert.match(
        problem.message,
        /^rows of "rates" still refer to the row of "carriers" with \(id\) = \(1\)/,
      );
    });

    it('finds the rows that stand in the way of a foreign key', async () => {
      await project.rows('create table parcels (carrier_id int); insert into parcels values (99)');
      const problem = await fail('alter table parcels add foreign key (carrier_id) references carriers (id)');
      assert.equal(problem.code, 'DBB5065');
      const [row] = await project.rows(commandOf(problem.help));
      assert.deepEqual(row, { carrier_id: 99 });
    });

    it('names what is required', async () => {
      const problem = await fail('insert into carriers (id) values (3)');
      assert.equal(problem.code, 'DBB5066');
      assert.match(
        problem.message,
        /^task "seed" gives no value to "carriers"\."code" in schema "public", which is required/,
      );
    });

    it('gives a key without a sequence one', async () => {
      const problem = await project.failCommand(psql(`insert into carriers (code) values ('UPS')`));
      assert.equal(problem.code, 'DBB5066');
      assert.match(problem.message, /^nothing fills the key "carriers"\."id" in schema "public"/);
      await project.repair(problem.help ?? '');
      const [row] = await project.rows(`insert into carriers (code) values ('UPS') returning id`);
      assert.deepEqual(row, { id: 2 });
    });

    it('counts the rows without a value that becomes required', async () => {
      await project.rows('insert into rates values (2, null), (3, null)');
      const problem = await fail('alter table rates alter carrier_id set not null');
      assert.equal(problem.code, 'DBB5066');
      assert.match(problem.message, /^2 rows of "rates" in schema "public" have no value in "carrier_id"/);
    });

    it('names the column and its limit', async () => {
      const problem = await fail(`insert into carriers values (2, 'too long')`);
      assert.equal(problem.code, 'DBB5063');
      assert.equal(
        problem.message,
        'task "seed" writes a value of more than 5 characters into "carriers"."code"',
      );
      assert.equal(
        (await project.failCommand(psql(`insert into carriers values (2, 'too long')`))).message,
        problem.message,
      );
    });

    it('blames the first error, not the transaction that it broke', async () => {
      const problem = await project.failCommand(
        `printf 'begin;\\nselect * from carrier;\\nselect 1;\\ncommit;\\n' | psql; exit 1`,
      );
      assert.equal(problem.code, 'DBB5053');
      assert.equal(problem.help, 'did you mean "carriers"?');
    });
  });

  describe('because of schemas', () => {
    it('names the nearest', async () => {
      await project.rows('create schema corner_shop');
      const problem = await fail('create table corner_shp.t ()');
      assert.equal(problem.code, 'DBB5061');
      assert.equal(problem.help, 'did you mean "corner_shop"?');
    });

    it('says that the path leads nowhere', async () => {
      const problem = await project.failCommand(psql('set search_path to nowhere; create table t ()'));
      assert.equal(problem.code, 'DBB5061');
      assert.match(problem.message, /no place to create anything/);
    });
  });
});
