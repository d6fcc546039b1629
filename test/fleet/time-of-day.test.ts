import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask } from '../support/django-task.js';
import { openMigrated, reopen } from '../support/fleet.js';
import { pythonSets } from '../support/python.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'one', 'two'];

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[])
  describe(`a field that is set to the time of day (${set})`, function () {
    this.timeout(60_000);

    it('is added to the rows of each tenant with a time of its own', async () => {
      const project = await openMigrated(schemas, set);
      try {
        for (const schema of schemas)
          await project.rows(
            `insert into ${schema}.carriers_carrier (code, name, tracking_url, active) values ('x', 'X', '', true)`,
          );
        await writeFile(
          join(project.directory, 'wholesale/carriers/migrations/0005_made.py'),
          `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_own_collection")]
    operations = [
        migrations.AddField("carrier", "made", models.DateTimeField(auto_now_add=True)),
        migrations.AddField("carrier", "changed", models.DateTimeField(auto_now=True)),
    ]
`,
        );
        const host = await reopen(project, set);
        try {
          await kind.run(djangoTask(host, kind));
        } finally {
          await host.close();
        }
        const [{ made, changed } = { made: 0, changed: 0 }] = await project.rows<Record<string, number>>(
          `select count(distinct made)::int as made, count(distinct changed)::int as changed from (
             ${schemas.map((schema) => `select made, changed from ${schema}.carriers_carrier`).join(' union all ')}) rows`,
        );
        assert.deepEqual([made, changed], [schemas.length, schemas.length]);
      } finally {
        await project.close();
      }
    });
  });
