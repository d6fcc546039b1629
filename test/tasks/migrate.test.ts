import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { migrate } from '../../tasks/migrate.js';
import { djangoTask } from '../support/django-task.js';
import { openHost, type TestHost } from '../support/host.js';
import { rejection } from '../support/rejection.js';
import { planOf } from '../support/wholesale.js';

const kind = migrate as unknown as TaskKind;

describe('task migrate', function () {
  this.timeout(60_000);
  let project: TestHost;

  before(async () => {
    project = await openHost({ directory: join(process.cwd(), 'test/fixtures/django/plain') });
  });
  after(() => project.close());

  it('applies what is pending, and has nothing to do afterwards', async () => {
    const task = djangoTask(project, kind);
    const plan = await planOf(kind, task);
    assert.equal(plan.action, 'run');
    const [, count] = /^(\d+) migrations are pending in 1 schema$/.exec(plan.reason) ?? [];
    const { changed, summary } = await kind.run(task);
    assert.deepEqual({ changed, summary }, { changed: true, summary: `${count} migrations applied` });
    assert.deepEqual(await planOf(kind, task), {
      action: 'up-to-date',
      reason: 'all migrations are applied',
    });
    assert.deepEqual(await kind.run(task), { changed: false, summary: 'all migrations are applied' });
  });

  it('says how to go on where a migration fails, and that conflicts come first', async () => {
    const changed = await openHost({
      directory: join(process.cwd(), 'test/fixtures/django/plain'),
      url: project.url,
    });
    try {
      const file = (name: string): string => join(changed.directory, 'stock/migrations', name);
      const text =
        'from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("stock", "0001_initial")]\n    operations = [migrations.RunSQL("select 1/0")]\n';
      await writeFile(file('0002_zero.py'), text);
      const error = await rejection(kind.run(djangoTask(changed, kind)));
      assert.equal(error.code, 'DBB6011');
      assert.equal(error.message, 'division by zero');
      assert.equal(error.problems[0].help, 'correct the cause, then run "db-bootstrap run --from migrate"');
    } finally {
      await changed.close();
    }
    const conflicting = await openHost({
      directory: join(process.cwd(), 'test/fixtures/django/plain'),
      url: project.url,
    });
    try {
      for (const name of ['0002_a', '0002_b']) {
        await writeFile(
          join(conflicting.directory, `stock/migrations/${name}.py`),
          'from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("stock", "0001_initial")]\n',
        );
      }
      const error = await rejection(planOf(kind, djangoTask(conflicting, kind)));
      assert.equal(error.code, 'DBB6007');
      assert.equal(error.message, 'app "stock" has 2 leaf migrations: 0002_a, 0002_b');
    } finally {
      await conflicting.close();
    }
  });

  it('leaves the work to others where django_tenants is installed', async () => {
    const tenants = await openHost({
      directory: join(process.cwd(), 'examples/django-tenants'),
      settings: 'wholesale.settings.test',
    });
    try {
      const task = djangoTask(tenants, kind);
      const reason = 'django_tenants replaces migrate: shared and tenant-migrations do this work';
      assert.deepEqual(await planOf(kind, task), { action: 'up-to-date', reason });
      assert.deepEqual(await kind.run(task), { changed: false, summary: reason });
      assert.deepEqual(await tenants.rows("select 1 from pg_tables where schemaname = 'public'"), []);
    } finally {
      await tenants.close();
    }
  });
});
