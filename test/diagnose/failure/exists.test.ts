import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../../../lib/errors/index.js';
import { openTemplate, type FailingProject, type Template } from '../../support/failed-task.js';

const notes = (problem: Problem, label: string): string[] =>
  (problem.notes ?? []).filter((each) => each.label === label).map(({ text }) => text);

for (const set of ['old', 'new'] as const) {
  describe(`what exists already, with ${set} packages`, function () {
    this.timeout(180_000);
    let template: Template;
    let project: FailingProject;
    let migrate: string;
    before(async () => {
      template = await openTemplate(set);
      migrate = `${template.python} manage.py migrate_schemas --schema=corner_shop`;
    });
    after(() => template.close());
    beforeEach(async () => (project = await template.open()));
    afterEach(() => project.close());

    const forget = (from: string): Promise<unknown> =>
      project.rows(`delete from corner_shop.django_migrations where app = 'carriers' and name >= $1`, [from]);
    const done = async (): Promise<void> => {
      const { code, output } = await project.manage('migrate_schemas', '--schema=corner_shop');
      assert.equal(code, 0, output);
    };

    const repairBoth = async (problem: Problem): Promise<void> => {
      const lines = (problem.help ?? '').split('\n');
      await project.repair(lines.slice(0, -1).join('\n'));
      await project.repair(lines.slice(-1).join('\n'));
    };

    it('says that the tables are identical, up to which migration, and records it', async () => {
      await project.rows(
        `delete from corner_shop.django_migrations where app in ('carriers', 'plants') and name >= '0003'`,
      );
      const problem = await project.failCommand(migrate);
      assert.equal(problem.code, 'DBB6074');
      assert.equal(
        problem.message,
        'schema "corner_shop" holds what migration carriers.0003 makes, and does not record it: table "carriers_rate" exists already',
      );
      assert.equal(
        problem.help,
        'record it: python manage.py migrate_schemas --schema=corner_shop --fake carriers 0003_rate',
      );
      await project.repair(problem.help);
      const next = await project.failCommand(migrate);
      assert.equal(next.code, 'DBB6074');
      assert.match(next.help ?? '', /--fake plants 0003_pickup$/);
      await project.repair(next.help ?? '');
      await done();
    });

    it('names the migration that makes by SQL what another one has made', async () => {
      const file = join(project.folder, 'wholesale/carriers/migrations/0005_again.py');
      writeFileSync(
        file,
        'from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("carriers", "0004_own_collection")]\n    operations = [migrations.RunSQL("create table carriers_rate (id integer)")]\n',
      );
      try {
        const problem = await project.failCommand(migrate);
        assert.equal(problem.code, 'DBB5057');
        assert.equal(
          problem.message,
          'migration carriers.0005_again makes table "carriers_rate" a second time: migration carriers.0003_rate has made it',
        );
        assert.match(problem.help ?? '', /^take the statement out of carriers\.0005_again/);
      } finally {
        rmSync(file);
      }
    });

    it('finds migration and schema where the command tells neither', async () => {
      await project.rows(`delete from corner_shop.django_migrations where app = 'plants' and name >= '0003'`);
      const problem = await project.failCommand(`${template.python} manage.py migrate_schemas -v0`);
      assert.equal(problem.code, 'DBB6074');
      assert.match(problem.help ?? '', /--schema=corner_shop --fake plants 0003_pickup$/);
    });

    it('knows a table that later migrations have changed', async () => {
      await forget('0001');
      await project.rows(`delete from corner_shop.django_migrations where app = 'plants' and name >= '0003'`);
      await project.rows('drop table corner_shop.plants_pickup');
      const problem = await project.failWork((_database, host) =>
        host.request('migrate', { schema: 'corner_shop' }),
      );
      assert.equal(problem.code, 'DBB6074');
      assert.match(problem.message, /makes, as 0003_rate leaves it, and does not record it/);
      await project.repair(problem.help ?? '');
      await done();
    });

    it('names each difference, and drops what is empty', async () => {
      await forget('0003');
      await project.rows(
        `alter table corner_shop.carriers_rate alter column price type numeric(6, 1), add column extra int`,
      );
      const problem = await project.failCommand(migrate);
      assert.equal(problem.code, 'DBB6075');
      assert.deepEqual(notes(problem, 'differs'), [
        `column "extra" of "carriers_rate" is not the migration's: integer`,
        'column "price" of "carriers_rate" is numeric(6,1) not null, and the migration makes it numeric(8,2) not null',
      ]);
      assert.match(problem.help ?? '', /drop table "corner_shop"\."carriers_rate";/);
      await project.repair(problem.help ?? '');
      await done();
    });

    it('changes what differs where there are rows', async () => {
      await forget('0003');
      await project.rows('alter table corner_shop.carriers_rate alter column price type numeric(6, 1)');
      await project.rows(
        'insert into corner_shop.carriers_rate (up_to_kg, price, carrier_id) values (1, 1, 1)',
      );
      const problem = await project.failCommand(migrate);
      assert.equal(problem.code, 'DBB6075');
      assert.match(problem.help ?? '', /alter column "price" type numeric\(8,2\)/);
      await repairBoth(problem);
      await done();
      const [row] = await project.rows<{ price: string }>(
        'select price::text from corner_shop.carriers_rate',
      );
      assert.equal(row?.price, '1.00');
    });

    it('brings back keys and indexes that were lost', async () => {
      await project.rows(`delete from corner_shop.django_migrations where app = 'plants' and name >= '0003'`);
      await project.rows(`do $$ declare c record; begin
        for c in select conname from pg_constraint where conrelid = 'corner_shop.plants_pickup'::regclass and contype = 'f' loop
          execute format('alter table corner_shop.plants_pickup drop constraint %I', c.conname);
        end loop;
        for c in select indexrelid::regclass::text as name from pg_index where indrelid = 'corner_shop.plants_pickup'::regclass
            and not indisprimary and not exists (select from pg_constraint where conindid = indexrelid) loop
          execute 'drop index ' || c.name;
        end loop; end $$`);
      const problem = await project.failCommand(migrate);
      assert.equal(problem.code, 'DBB6075');
      assert.equal(notes(problem, 'differs').length, 4);
      await repairBoth(problem);
      await done();
    });

    it('names a column that exists already', async () => {
      await forget('0002');
      await project.rows('drop table corner_shop.carriers_rate');
      const problem = await project.failCommand(migrate);
      assert.equal(problem.facts?.sqlstate, '42701');
      assert.equal(problem.code, 'DBB6074');
      assert.match(problem.message, /column "tracking_url" of table "carriers_carrier" exists already$/);
      await project.repair(problem.help ?? '');
      await done();
    });

    it('shows both columns of a foreign key, their types and migrations', async () => {
      await forget('0003');
      await project.rows(`drop table corner_shop.carriers_rate;
        drop table corner_shop.carriers_carrier cascade;
        create table corner_shop.carriers_carrier (id uuid primary key, code varchar(20), name varchar(200))`);
      const problem = await project.failCommand(migrate);
      assert.equal(problem.code, 'DBB6076');
      assert.equal(
        problem.message,
        '"carriers_rate"."carrier_id" is bigint, and "carriers_carrier"."id", which it refers to, is uuid: no foreign key can join them',
      );
      assert.deepEqual(notes(problem, 'made by'), [
        '"carriers_rate"."carrier_id" bigint, of migration carriers.0003_rate',
      ]);
      assert.deepEqual(notes(problem, 'refers to'), [
        '"carriers_carrier"."id" uuid, of migration carriers.0001_initial',
      ]);
      assert.match(problem.help ?? '', /"carriers_carrier" is not the one that its migrations make/);
    });
  });
}

describe('what a statement makes twice', function () {
  this.timeout(60_000);
  let template: Template;
  let project: FailingProject;
  before(async () => {
    template = await openTemplate('new');
    project = await template.open();
  });
  after(async () => {
    await project.close();
    await template.close();
  });

  for (const [statement, message, help] of [
    ['create table twice (id uuid)', 'makes table "twice" a second time', /create table if not exists/],
    [
      'create index twice_id on twice (id)',
      'makes index "twice_id" a second time',
      /create index if not exists/,
    ],
    ['create schema sales', 'makes schema "sales" a second time', /create schema if not exists/],
    [`create type mood as enum ('glad')`, 'makes type "mood" a second time', /ask the catalog/],
  ] as const) {
    it(`says so for ${statement}`, async () => {
      await project.rows(statement);
      const problem = await project.failWork((database) => database.query(statement));
      assert.equal(problem.code, 'DBB5057');
      assert.ok(problem.message.includes(message), problem.message);
      assert.match(problem.help ?? '', help);
      const printed = await project.failCommand(`psql '${project.url}' -v ON_ERROR_STOP=1 -c "${statement}"`);
      assert.equal(printed.code, 'DBB5057');
    });
  }

  it('shows both columns of a key in SQL', async () => {
    await project.rows('create table keyed (id uuid primary key)');
    const problem = await project.failWork((database) =>
      database.query('create table parcels (id int, carrier int references keyed (id))'),
    );
    assert.equal(problem.code, 'DBB6076');
    assert.match(
      problem.message,
      /^"parcels"\."carrier" is integer, and "keyed"\."id", which it refers to, is uuid/,
    );
  });
});
