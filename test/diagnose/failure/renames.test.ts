import assert from 'node:assert/strict';
import { makesModel, openApps, runsSql, type Apps, type MigrationText } from '../../support/app-files.js';
import type { FailingProject } from '../../support/failed-task.js';

const model = (name: string, fields: string): string =>
  `class ${name}(models.Model):\n    ${fields} = models.IntegerField(default=0)\n`;
const sql = (text: string, app: string): MigrationText => runsSql(text, [`${app}.0001_initial`]);
const app = (models: string, first: MigrationText, second: MigrationText): Apps[string] => ({
  models,
  migrations: { '0001_initial': first, '0002_rename': second },
});

/** Apps whose second migration renames something; the database has the new name already. */
const apps: Apps = {
  idx: app(
    '',
    runsSql('create table idx (id int); create index idx_old on idx (id)'),
    sql('alter index idx_old rename to idx_new', 'idx'),
  ),
  col: app(model('Thing', 'length'), makesModel('thing'), {
    needs: ['col.0001_initial'],
    operations: 'migrations.RenameField("thing", "size", "length"),',
  }),
  tab: app(model('Box', 'size'), makesModel('thing'), {
    needs: ['tab.0001_initial'],
    operations: 'migrations.RenameModel("thing", "box"),',
  }),
  chk: app(
    '',
    runsSql('create table chk (id int constraint chk_old check (id > 0))'),
    sql('alter table chk rename constraint chk_old to chk_new', 'chk'),
  ),
  typ: app(
    '',
    runsSql("create type typ_old as enum ('a')"),
    sql('alter type typ_old rename to typ_new', 'typ'),
  ),
  seq: app('', runsSql('create sequence seq_old'), sql('alter sequence seq_old rename to seq_new', 'seq')),
  fun: app(
    '',
    runsSql('create function fun_old() returns int language sql as $$ select 1 $$'),
    sql('alter function fun_old() rename to fun_new', 'fun'),
  ),
};

/** Such a migration that does more than that, which has not been done. */
const more: Apps = {
  ...Object.fromEntries(
    Object.entries(apps).flatMap(([name, { models = '', migrations }]) => {
      const { '0001_initial': first, '0002_rename': second } = migrations;
      if (!['idx', 'chk'].includes(name) || !first || !second) return [];
      const also = `migrations.RunSQL("create table also_${name} (id int)", ""),`;
      const rename = (text: string): string => text.replaceAll(name, `m${name}`);
      const both = { needs: [`m${name}.0001_initial`], operations: rename(second.operations) + also };
      return [[`m${name}`, app(models, { operations: rename(first.operations) }, both)]];
    }),
  ),
};

describe('what has its new name already', function () {
  this.timeout(120_000);
  let project: FailingProject;
  before(async () => {
    project = await openApps('new', { ...apps, ...more });
    const { code, output } = await project.manage('migrate');
    assert.equal(code, 0, output);
    await project.rows(`delete from django_migrations where name = '0002_rename'`);
    await project.rows('drop table also_idx, also_chk');
  });
  after(() => project.close());

  for (const [name, what] of [
    ['idx', 'index "idx_new"'],
    ['col', 'column "length" of table "col_thing"'],
    ['tab', 'table "tab_box"'],
    ['chk', 'constraint "chk_new" of table "chk"'],
    ['typ', 'type "typ_new"'],
    ['seq', 'sequence "seq_new"'],
    ['fun', 'function "fun_new"'],
    ['midx', 'index "midx_new"'],
    ['mchk', 'constraint "mchk_new" of table "mchk"'],
  ] as const)
    it(`is called by its kind, and cured by the repair: ${what}`, async () => {
      const problem = await project.failWork((_database, host) =>
        host.request('migrate', { schema: null, app: name }),
      );
      assert.deepEqual(
        [problem.code, problem.message],
        [
          'DBB6074',
          `schema "public" holds what migration ${name}.0002_rename makes, and does not record it: ${what} exists already`,
        ],
      );
      await project.repair(problem.help ?? '');
      const after = await project
        .failWork((_database, host) => host.request('migrate', { schema: null, app: name }))
        .catch((error: unknown) => error);
      assert.match(String(after), /nothing failed/);
    });

  it('is a statement that runs a second time, where no migration makes it', async () => {
    const problem = await project.failWork((database) =>
      database.query('alter index idx_old rename to idx_new'),
    );
    assert.equal(problem.code, 'DBB5057');
    const [, statement = ''] = /^write "(.*)", so/.exec(problem.help?.replaceAll('\\"', '"') ?? '') ?? [];
    assert.equal(statement, 'alter index if exists "idx_old" rename to "idx_new"');
    await project.rows(statement);
  });

  it('is an index, and no table, where no schema has it', async () => {
    const problem = await project.failWork((database) =>
      database.query('alter index idx_nwe rename to idx_newer'),
    );
    assert.equal(problem.code, 'DBB5053');
    assert.match(problem.message, /holds an index "idx_nwe"$/);
    assert.equal(problem.help, 'did you mean "idx_new"?');
  });
});
