import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { migrate } from '../../lib/django/index.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { addTenants } from '../support/fleet.js';
import { djangoTask } from '../support/django-task.js';
import { openHost, type TestHost } from '../support/host.js';
import { testMemory } from '../support/task-context.js';
import { planOf } from '../support/wholesale.js';

const kind = tenantMigrations as unknown as TaskKind;

describe('migrating that was killed before post_migrate', function () {
  this.timeout(60_000);
  let project: TestHost;

  before(async () => {
    project = await openHost({
      directory: join(process.cwd(), 'examples/django-tenants'),
      settings: 'wholesale.settings.test',
      set: 'new',
    });
    await migrate(project.forTask(), { schema: 'public' });
    await addTenants(project, ['acme']);
    await migrate(project.forTask(), { schema: 'acme' });
  });
  after(() => project.close());

  it('is brought to its end by the next run, although every migration is recorded', async () => {
    // What a kill leaves: records, tables, and the note that the schema is owed its last step.
    await project.rows('truncate acme.auth_permission, acme.django_content_type cascade');
    const memory = testMemory();
    const context = djangoTask(project, kind, { memory });
    await context.ledger.set('owed acme', true);
    assert.deepEqual(await planOf(kind, djangoTask(project, kind, { memory })), {
      action: 'run',
      reason: 'migrating broke off in schema "acme", and is brought to its end',
    });
    await kind.run(djangoTask(project, kind, { memory }));
    const [row] = await project.rows<{ types: string; permissions: string }>(
      'select (select count(*) from acme.django_content_type) as types, (select count(*) from acme.auth_permission) as permissions',
    );
    assert.ok(Number(row?.types) > 5 && Number(row?.permissions) > 20, JSON.stringify(row));
    assert.equal((await planOf(kind, djangoTask(project, kind, { memory }))).action, 'up-to-date');
  });
});
