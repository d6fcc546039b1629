import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../../../lib/errors/index.js';
import { makesModel, openApps, runsSql, type Apps, type MigrationText } from '../../support/app-files.js';
import type { FailingProject } from '../../support/failed-task.js';

const thing = `class Thing(models.Model):
    size = models.IntegerField(default=0)
    tenant_id = models.IntegerField(null=True)
`;
const addsTenant = (app: string): MigrationText => ({
  needs: [`${app}.0001_initial`],
  operations: 'migrations.AddField("thing", "tenant_id", models.IntegerField(null=True)),',
});

/** What each migration of "zzz" makes, after its first. */
const makes: Readonly<Record<string, MigrationText>> = {
  '0002_tenant': addsTenant('zzz'),
  '0003_log': runsSql('create table zzz_log (id int)'),
  '0004_view': runsSql('create view zzz_view as select id from zzz_thing'),
  '0005_size': {
    operations: 'migrations.AddIndex("thing", models.Index(fields=["size"], name="zzz_size")),',
  },
  '0006_raw': runsSql('create index if not exists zzz_raw on zzz_thing (size)'),
  '0007_positive': runsSql('alter table zzz_thing add constraint zzz_positive check (size >= 0)'),
  '0008_mood': runsSql("create type zzz_mood as enum ('glad')"),
  '0009_twice': runsSql(
    'create or replace function public.zzz_twice(n int) returns int language sql as $$ select n * 2 $$',
  ),
  '0010_side': runsSql('create schema zzz_side'),
  '0011_trigram': { operations: 'TrigramExtension(),' },
};

/** A statement that uses what a migration makes, and how the message names it. */
const uses: readonly (readonly [string, string, string])[] = [
  [
    'select 1 from aaa_thing; update zzz_thing set tenant_id = 1;',
    '0002_tenant',
    'column "tenant_id" of table "zzz_thing"',
  ],
  [
    'select a.id from aaa_thing a join zzz_thing z on z.tenant_id = a.id',
    '0002_tenant',
    'column "tenant_id" of table "zzz_thing"',
  ],
  ['create index zzz_of on zzz_thing (tenant_id)', '0002_tenant', 'column "tenant_id" of table "zzz_thing"'],
  [
    'do $$ begin perform 1 from aaa_thing; update zzz_thing set size = tenant_id; end $$',
    '0002_tenant',
    'column "tenant_id" of table "zzz_thing"',
  ],
  ['insert into zzz_log values (1)', '0003_log', 'table "zzz_log"'],
  ['select * from zzz_view', '0004_view', 'view "zzz_view"'],
  ['alter index zzz_size rename to zzz_by_size', '0005_size', 'index "zzz_size"'],
  ['drop index zzz_raw', '0006_raw', 'index "zzz_raw"'],
  [
    'alter table zzz_thing validate constraint zzz_positive',
    '0007_positive',
    'constraint "zzz_positive" of table "zzz_thing"',
  ],
  ['create table uses_mood (m zzz_mood)', '0008_mood', 'type "zzz_mood"'],
  ['select zzz_twice(2)', '0009_twice', 'function "zzz_twice"'],
  ['create table zzz_side.log (id int)', '0010_side', 'schema "zzz_side"'],
  ["select similarity('a', 'b')", '0011_trigram', 'extension "pg_trgm"'],
];

/** Apps "aaa" and "zzz", and one more for each use, which depends on their first migrations. */
function apps(): Apps {
  const names = Object.keys(makes);
  const chain = names.map((name, index) => {
    const needs = [`zzz.${names[index - 1] ?? '0001_initial'}`];
    return [name, { ...(makes[name] ?? assert.fail()), needs }] as const;
  });
  const users = uses.map(([sql], index) => {
    const needs = ['aaa.0002_tenant', 'zzz.0001_initial'];
    return [`use${index}`, { migrations: { '0001_initial': runsSql(sql, needs) } }] as const;
  });
  return {
    aaa: {
      models: thing,
      migrations: { '0001_initial': makesModel('thing'), '0002_tenant': addsTenant('aaa') },
    },
    ...Object.fromEntries(users),
    ring: { migrations: { '0001_initial': runsSql('select * from round_log') } },
    round: {
      migrations: { '0001_initial': runsSql('create table round_log (id int)', ['ring.0001_initial']) },
    },
    zzz: {
      models: thing,
      migrations: { '0001_initial': makesModel('thing'), ...Object.fromEntries(chain) },
    },
  };
}

for (const set of ['old', 'new'] as const) {
  describe(`what another migration makes, with ${set} packages`, function () {
    this.timeout(120_000);
    let project: FailingProject;
    const found: Problem[] = [];
    before(async () => {
      project = await openApps(set, apps());
    });
    after(() => project.close());

    const migrate = (app: string): Promise<Problem> =>
      project.failWork((_database, host) => host.request('migrate', { schema: null, app }));

    /** Adds the line of the help to the file that it names, as a person does. */
    const add = ({ help = '' }: Problem): void => {
      const [, list = '', file = '', line = ''] =
        /^add to "(\w+)" in (\S+):\n(.*)$/.exec(help) ?? assert.fail(help);
      const path = join(project.folder, file);
      const text = readFileSync(path, 'utf8');
      assert.ok(text.includes(`${list} = [\n`), text);
      writeFileSync(path, text.replace(`${list} = [\n`, `${list} = [\n        ${line}\n`));
    };

    for (const [index, [sql, maker, object]] of uses.entries())
      it(`is named, with the line that is missing: ${sql}`, async () => {
        const problem = await migrate(`use${index}`);
        found.push(problem);
        assert.deepEqual(
          [problem.code, problem.message, problem.help],
          [
            'DBB6079',
            `migration use${index}.0001_initial uses ${object}, which zzz.${maker} makes, and does not depend on it`,
            `add to "dependencies" in use${index}/migrations/0001_initial.py:\n('zzz', '${maker}'),`,
          ],
        );
      });

    it('is found in the output of a command, whose hint is shown', async () => {
      const problem = await project.failCommand(`${project.python} manage.py migrate use10`);
      assert.equal(problem.code, 'DBB6079');
      assert.match(problem.message, /uses function "zzz_twice", which zzz\.0009_twice makes/);
      assert.match(problem.notes?.find(({ label }) => label === 'hint')?.text ?? '', /^No function matches/);
    });

    it('is no dependency where that would be a circle', async () => {
      const problem = await migrate('ring');
      assert.equal(problem.code, 'DBB6079');
      assert.equal(
        problem.help,
        'move the operation of ring.0001_initial into a new migration that depends on round.0001_initial, which depends on ring.0001_initial',
      );
      // As the help says: what used it comes later.
      const text = readFileSync(join(project.folder, 'ring/migrations/0001_initial.py'), 'utf8');
      const emptied = text.replace('select * from round_log', 'select 1');
      writeFileSync(join(project.folder, 'ring/migrations/0001_initial.py'), emptied);
      const moved = text.replace(
        'dependencies = [',
        'dependencies = [("ring", "0001_initial"), ("round", "0001_initial"),',
      );
      writeFileSync(join(project.folder, 'ring/migrations/0002_moved.py'), moved);
    });

    it('is made before, once the lines stand there', async () => {
      found.forEach(add);
      const { code, output } = await project.manage('migrate');
      assert.equal(code, 0, output);
    });
  });
}
