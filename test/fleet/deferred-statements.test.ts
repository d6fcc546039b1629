import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask, tenantEnds } from '../support/django-task.js';
import { openMigrated, reopen } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';
import { pythonSets } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { testMemory } from '../support/task-context.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'one', 'two'];

/** Django makes the foreign keys of a new table at the end of its migration, when it leaves the schema editor. */
const newTable = (others: string): string => `
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_own_collection")]
    operations = [
        migrations.CreateModel(
            "Truck",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("carrier", models.ForeignKey("carriers.carrier", models.CASCADE)),
            ],
        ),
        ${others}
    ]
`;

const ways = {
  'that Django migrates in one tenant and others replay': '',
  'that Django migrates in every tenant': 'migrations.RunPython(lambda apps, editor: None),',
};

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`a statement that fails at the end of its migration (${set})`, function () {
    this.timeout(120_000);
    let project: TestHost;

    beforeEach(async () => {
      project = await openMigrated(schemas, set);
    });
    afterEach(() => project.close());

    for (const [way, others] of Object.entries(ways))
      for (const torn of ['canary', 'one'])
        it(`does not keep the others from being migrated: "${torn}" of a fleet ${way}`, async () => {
          await writeFile(
            join(project.directory, 'wholesale/carriers/migrations/0005_truck.py'),
            newTable(others),
          );
          await project.rows(`alter table "${torn}".carriers_carrier rename to gone`);
          const memory = testMemory();
          const host = await reopen(project, set);
          const error = await rejection(Promise.resolve(kind.run(djangoTask(host, kind, { memory }))));
          await host.close();
          assert.match(String(error), new RegExp(`1 of 3 tenants failed: ${torn}`));
          assert.deepEqual(
            tenantEnds(memory).sort(),
            schemas.map((schema) => [schema, schema === torn ? 'failed' : 'migrated']),
          );
          const made = await project.rows<{ schema: string }>(
            `select relnamespace::regnamespace::text as schema from pg_class where relname = 'carriers_truck' order by 1`,
          );
          assert.deepEqual(
            made.map(({ schema }) => schema),
            schemas.filter((schema) => schema !== torn),
          );
        });
  });
}
