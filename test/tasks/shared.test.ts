import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { shared } from '../../tasks/shared.js';
import { djangoTask } from '../support/django-task.js';
import { openHost } from '../support/host.js';
import { pythonSets } from '../support/python.js';
import { planOf } from '../support/wholesale.js';

const kind = shared as unknown as TaskKind;

describe('task shared', function () {
  this.timeout(60_000);

  for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
    it(`migrates the public schema, and is up to date afterwards (${set})`, async () => {
      const project = await openHost({
        directory: join(process.cwd(), 'examples/django-tenants'),
        settings: 'wholesale.settings.test',
        set,
      });
      try {
        const task = djangoTask(project, kind);
        const plan = await planOf(kind, task);
        assert.equal(plan.action, 'run');
        const { changed, summary } = await kind.run(task);
        assert.equal(changed, true);
        assert.equal(`${summary.split(' ')[0]} migrations are pending in 1 schema`, plan.reason);
        const tables = await project.rows<{ name: string }>(
          "select tablename as name from pg_tables where tablename in ('tenants_client', 'carriers_carrier')",
        );
        assert.deepEqual(tables, [{ name: 'tenants_client' }]);
        assert.deepEqual(await planOf(kind, task), {
          action: 'up-to-date',
          reason: 'all migrations are applied',
        });
      } finally {
        await project.close();
      }
    });
  }

  it('is skipped in a project without tenants', async () => {
    const project = await openHost({ directory: join(process.cwd(), 'test/fixtures/django/plain') });
    try {
      assert.deepEqual(await planOf(kind, djangoTask(project, kind)), {
        action: 'skip',
        reason: 'the project has no tenants',
      });
    } finally {
      await project.close();
    }
  });
});
