import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { migrate } from '../../lib/django/index.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { addTenants } from '../support/fleet.js';
import { djangoTask, tenantEnds } from '../support/django-task.js';
import { openHost, type TestHost } from '../support/host.js';
import { pythonSets } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { testMemory } from '../support/task-context.js';
import { planOf } from '../support/wholesale.js';

const kind = tenantMigrations as unknown as TaskKind;
const directory = join(process.cwd(), 'examples/django-tenants');
const settings = 'wholesale.settings.test';

/** A migration that only one tenant's data do not fit. */
const picky = `
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_own_collection")]
    operations = [
        migrations.RunSQL("select 1 / (current_schema() <> 'beta')::int"),
        migrations.RunSQL("select pg_sleep(case current_schema() when 'slow' then 600 else 0 end)"),
    ]
`;

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`task tenant-migrations (${set})`, function () {
    this.timeout(120_000);
    let project: TestHost;

    const ensure = (...schemas: string[]): Promise<void> => addTenants(project, schemas);
    const context = (memory = testMemory(), signal?: AbortSignal): ReturnType<typeof djangoTask> =>
      djangoTask(project, kind, { memory, ...(signal === undefined ? {} : { signal }) });

    before(async () => {
      project = await openHost({ directory, settings, set });
      await migrate(project.forTask(), { schema: 'public' });
    });
    after(() => project.close());

    it('has nothing to do without tenants', async () => {
      assert.deepEqual(await planOf(kind, context()), {
        action: 'up-to-date',
        reason: 'there are no tenants yet',
      });
      assert.equal((await kind.run(context())).changed, false);
    });

    it('migrates every tenant, tells each, and is up to date afterwards', async () => {
      await ensure('alpha', 'beta', 'gamma');
      await migrate(project.forTask(), { schema: 'gamma' });
      const plan = await planOf(kind, context());
      assert.match(plan.reason, /^68 migrations are pending in 2 schemas; 2 connections at a time$/);
      const memory = testMemory();
      const { changed, summary } = await kind.run(context(memory));
      assert.deepEqual(
        { changed, summary },
        { changed: true, summary: '68 migrations applied to 2 tenants' },
      );
      assert.deepEqual(tenantEnds(memory), [
        ['gamma', 'up-to-date'],
        ['alpha', 'migrated'],
        ['beta', 'migrated'],
      ]);
      assert.deepEqual(
        memory.events
          .flatMap((event) => (event.type === 'task.progress' ? [[event.done, event.total]] : []))
          .at(-1),
        [2, 2],
      );
      assert.deepEqual(await planOf(kind, context()), {
        action: 'up-to-date',
        reason: 'all migrations are applied in 3 schemas',
      });
      assert.deepEqual(await kind.run(context()), { changed: false, summary: '3 tenants up to date' });
    });

    it('goes on past a tenant that fails, and says its cause', async () => {
      await writeFile(join(project.directory, 'wholesale/carriers/migrations/0005_picky.py'), picky);
      const again = await openHost({ directory: project.directory, settings, set, url: project.url });
      const memory = testMemory();
      const error = await rejection(kind.run(djangoTask(again, kind, { memory })));
      assert.deepEqual(
        error.problems.map(({ code, message }) => [code, message]),
        [
          ['DBB6027', '1 of 3 tenants failed: beta'],
          ['DBB6011', 'division by zero'],
        ],
      );
      assert.deepEqual(error.problems[0].notes, [
        { label: 'tenants', text: '2 migrated, 0 up to date, 1 failed' },
      ]);
      assert.equal(error.problems[1]?.facts?.schema, 'beta');
      assert.equal(error.problems[1].facts.sqlstate, '22012');
      assert.deepEqual(tenantEnds(memory), [
        ['alpha', 'migrated'],
        ['beta', 'failed'],
        ['gamma', 'migrated'],
      ]);
      await again.close();
    });

    it('names a row without a schema, a tenant that is cut off, and those that are not tried', async () => {
      const url = project.url;
      const again = await openHost({ directory: project.directory, settings, set, url });
      const ours = project;
      project = again;
      after(() => again.close());
      await ensure('slow', 'last');
      await project.rows(
        "insert into tenants_client (schema_name, name, description, created_on) values ('lost', 'Lost', '', now())",
      );
      // Where autovacuum has looked at it, "beta" counts as larger than the empty ones, and comes after them.
      await project.rows("update pg_class set relpages = 0 where relnamespace = 'beta'::regnamespace");
      const memory = testMemory();
      const task = new AbortController();
      const running = rejection(kind.run(context(memory, task.signal)));
      for (;;) {
        const [row] = await project.rows(
          "select 1 from pg_stat_activity where datname = current_database() and state = 'active' and query like 'select pg_sleep%'",
        );
        if (row) break;
      }
      task.abort();
      const error = await running;
      assert.equal(error.code, 'DBB5020');
      assert.deepEqual(error.problems[0].notes?.at(-1), {
        label: 'not done',
        text: '2 tenants not tried, 0 migrated before',
      });
      assert.deepEqual(tenantEnds(memory), [
        ['alpha', 'up-to-date'],
        ['gamma', 'up-to-date'],
        ['lost', 'failed'],
        ['beta', 'failed'],
        ['slow', 'not-tried'],
        ['last', 'not-tried'],
      ]);
      await project.rows("delete from tenants_domain where domain = 'slow.example.com'");
      await project.rows("delete from tenants_client where schema_name = 'slow'");
      const rest = await rejection(kind.run(context()));
      assert.deepEqual(
        rest.problems.map(({ code }) => code),
        ['DBB6027', 'DBB6019', 'DBB6011'],
      );
      assert.match(rest.problems[1]?.message ?? '', /^tenant "lost" has a row, but no schema$/);
      project = ours;
    });
  });
}

describe('task tenant-migrations', () => {
  it('is skipped in a project without tenants', async () => {
    const project = await openHost({ directory: join(process.cwd(), 'test/fixtures/django/plain') });
    try {
      const plan = await planOf(kind, djangoTask(project, kind));
      assert.deepEqual(plan, { action: 'skip', reason: 'the project has no tenants' });
    } finally {
      await project.close();
    }
  }).timeout(60_000);
});
