import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask } from '../support/django-task.js';
import { openMigrated, reopen } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';
import { pythonSets } from '../support/python.js';
import { logOf, testMemory } from '../support/task-context.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'one', 'two'];

const made = `
        migrations.RunSQL(
            """create type mood as enum ('good', 'bad');
               create collation plain from "C";
               alter table carriers_carrier add column mood mood, add column moods mood[];
               alter table carriers_carrier add column label text collate plain"""
        ),
`;
const added = 'migrations.AddField("carrier", "mark", models.IntegerField(default=0))';

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`a fleet whose tenants have types and collations of their own (${set})`, function () {
    this.timeout(60_000);
    let project: TestHost;

    before(async () => {
      project = await openMigrated(schemas, set);
    });
    after(() => project.close());

    const release = async (name: string, before: string, operations: string): Promise<string> => {
      await writeFile(
        join(project.directory, `wholesale/carriers/migrations/${name}.py`),
        `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "${before}")]
    operations = [${operations}]
`,
      );
      const memory = testMemory();
      const host = await reopen(project, set);
      try {
        await kind.run(djangoTask(host, kind, { memory }));
      } finally {
        await host.close();
      }
      return logOf(memory).join('\n');
    };

    it('is migrated by replay where their tables have them', async () => {
      assert.match(await release('0005_made', '0004_own_collection', made), /0005_made: RunSQL/);
      assert.doesNotMatch(await release('0006_added', '0005_made', added), /undone|done by Django/);
    });

    it('is migrated by Django where one has the type of another schema', async () => {
      await project.rows(
        `create type public.mood as enum ('good', 'bad');
         alter table one.carriers_carrier alter column mood type public.mood using null`,
      );
      const log = await release('0007_again', '0006_added', added.replace('mark', 'again'));
      assert.match(log, /one: the replay was undone/);
      assert.doesNotMatch(log, /two: the replay was undone/);
    });
  });
}
