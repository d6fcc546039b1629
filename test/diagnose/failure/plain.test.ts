import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailingProject } from '../../support/failed-task.js';
import { createTestDatabase } from '../../support/postgres.js';
import { pythonOf } from '../../support/python.js';

for (const set of ['old', 'new'] as const) {
  describe(`a project without tenants, with ${set} packages`, function () {
    this.timeout(120_000);
    let project: FailingProject;
    let list: string;
    beforeEach(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'dbb-failing-'));
      cpSync('test/fixtures/django/plain', folder, { recursive: true });
      const database = await createTestDatabase();
      const python = await pythonOf(set);
      project = new FailingProject(
        database.url,
        folder,
        python,
        async () => {
          await database.drop();
          rmSync(folder, { recursive: true, force: true });
        },
        'shop.settings',
      );
      list = `${python} manage.py shell -c 'from stock.models import Item; print(list(Item.objects.all()))'`;
    });
    afterEach(() => project.close());

    const works = async (): Promise<void> => {
      const code = 'from stock.models import Item; print(list(Item.objects.all()))';
      const ended = await project.manage('shell', '-c', code);
      assert.equal(ended.code, 0, ended.output);
    };

    it('says that nothing is migrated yet, and which task would', async () => {
      const problem = await project.failCommand(list);
      assert.equal(problem.code, 'DBB6013');
      assert.equal(problem.help, 'run "python manage.py migrate"');
      const early = await project.failCommand(list, { tasks: [{ name: 'migrate', use: 'migrate' }] });
      assert.equal(early.code, 'DBB5050');
      await project.repair(problem.help);
      await works();
    });

    it('makes a table anew beside what is left of its migration', async () => {
      assert.equal((await project.manage('migrate')).code, 0);
      const count = `select count(*)::int from pg_constraint where contype = 'f' and conrelid::regclass::text like 'stock%'`;
      const before = await project.rows(count);
      await project.rows('drop table stock_item cascade');
      const problem = await project.failCommand(list);
      assert.equal(problem.code, 'DBB6012');
      await project.repair(problem.help ?? '');
      await works();
      assert.deepEqual(await project.rows(count), before);
    });

    it('takes records back', async () => {
      assert.equal((await project.manage('migrate')).code, 0);
      await project.rows('drop table stock_item_related, stock_item, stock_shelf');
      const problem = await project.failCommand(list);
      assert.equal(problem.code, 'DBB6012');
      assert.match(
        problem.help ?? '',
        /python manage\.py migrate --fake stock zero\npython manage\.py migrate stock$/,
      );
      await project.repair(problem.help ?? '');
      await works();
    });

    it('adds a record', async () => {
      assert.equal((await project.manage('migrate')).code, 0);
      await project.rows(`delete from django_migrations where app = 'stock'`);
      const problem = await project.failCommand(`${project.python} manage.py migrate`);
      assert.equal(problem.code, 'DBB6074');
      assert.match(problem.help ?? '', /python manage\.py migrate --fake stock 0001_initial$/);
      await project.repair(problem.help ?? '');
      assert.equal((await project.manage('migrate')).code, 0);
    });
  });
}
