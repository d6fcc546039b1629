import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask } from '../support/django-task.js';
import { openMigrated, reopen } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';
import { logOf, testMemory } from '../support/task-context.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'one', 'two', 'three'];

const listener = `
from django.db.models.signals import pre_migrate


def hear(**kwargs):
    pass


pre_migrate.connect(hear, dispatch_uid="hear")
`;

// A release that needs no new rows, and one that does.
const field = 'migrations.AddField("carrier", "mark", models.TextField(null=True))';
const model = 'migrations.CreateModel("Depot", [("id", models.BigAutoField(primary_key=True))])';

for (const set of ['old', 'new'] as const)
  describe(`content types and permissions that tenants had lost (${set})`, function () {
    this.timeout(60_000);
    let project: TestHost;

    beforeEach(async () => {
      project = await openMigrated(schemas, set);
    });
    afterEach(() => project.close());

    const release = async (operation: string): Promise<string> => {
      await writeFile(
        join(project.directory, 'wholesale/carriers/migrations/0005_next.py'),
        `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_own_collection")]
    operations = [${operation}]
`,
      );
      const released = await reopen(project, set);
      try {
        const memory = testMemory();
        await kind.run(djangoTask(released, kind, { memory }));
        return logOf(memory).join('\n');
      } finally {
        await released.close();
      }
    };
    const lose = async (schema: string): Promise<void> => {
      await project.rows(
        `delete from "${schema}".auth_permission where codename = 'add_carrier' or content_type_id in
           (select id from "${schema}".django_content_type where app_label = 'auth')`,
      );
      await project.rows(`delete from "${schema}".django_content_type where app_label = 'auth'`);
    };
    /** By natural key, in the order of their ids. */
    const rowsOf = async (schema: string): Promise<unknown[]> => [
      await project.rows(`select app_label, model from "${schema}".django_content_type order by id`),
      await project.rows(
        `select t.app_label, t.model, p.codename, p.name from "${schema}".auth_permission p
           join "${schema}".django_content_type t on t.id = p.content_type_id order by p.id`,
      ),
    ];

    for (const [what, operation] of [
      ['a field', field],
      ['a model', model],
    ] as const) {
      it(`are there again after a release with ${what} that is replayed`, async () => {
        await lose('one');
        await lose('three');
        assert.doesNotMatch(await release(operation), /by Django/);
        const [whole, lost] = [await rowsOf('canary'), await rowsOf('one')];
        assert.deepEqual(await rowsOf('two'), whole);
        assert.deepEqual(await rowsOf('three'), lost);
        assert.deepEqual(sorted(lost), sorted(whole));
      });

      it(`are there again after a release with ${what} by Django, in the same order`, async () => {
        for (const schema of ['canary', 'one']) await lose(schema);
        await release(operation);
        const replayed = await rowsOf('one');
        assert.deepEqual(await rowsOf('canary'), replayed);
        assert.deepEqual(sorted(await rowsOf('two')), sorted(replayed));
      });
    }

    it('are there again in every tenant that Django migrates', async () => {
      await lose('one');
      await appendFile(join(project.directory, 'wholesale/carriers/models.py'), listener);
      assert.match(await release(model), /listens to pre_migrate/);
      const whole = await rowsOf('canary');
      assert.match(JSON.stringify(whole), /add_depot/);
      assert.deepEqual(sorted(await rowsOf('one')), sorted(whole));
      assert.deepEqual(await rowsOf('two'), whole);
    });
  });

function sorted(rows: unknown[]): string[][] {
  return rows.map((list) => (list as object[]).map((row) => JSON.stringify(row)).sort());
}
