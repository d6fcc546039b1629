import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { migrate } from '../../lib/django/index.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { addTenants, pictureOf, reopen } from '../support/fleet.js';
import { djangoTask } from '../support/django-task.js';
import { openHost, type TestHost } from '../support/host.js';
import { pythonSets } from '../support/python.js';
import { testMemory, type TestMemory } from '../support/task-context.js';

const kind = tenantMigrations as unknown as TaskKind;
const example = join(process.cwd(), 'examples/django-tenants');
const schemas = ['acme', 'Big "corner"'.replaceAll('"', ''), 'crème-brûlée', 'delta', 'epsilon'];

/** Known operations, code of the project's in the middle, rows that are changed, and a statement that names nothing. */
const moved = `
from django.db import migrations, models


def fill(apps, schema_editor):
    carrier = apps.get_model("carriers", "Carrier")
    carrier.objects.create(name="filled in " + schema_editor.connection.schema_name)


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_own_collection")]
    operations = [
        migrations.AddField("carrier", "rating", models.IntegerField(default=3)),
        migrations.AlterField("carrier", "rating", models.IntegerField(null=True)),
        migrations.CreateModel(
            "Depot",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("label", models.CharField(max_length=20, unique=True, db_index=True)),
                ("carrier", models.ForeignKey("carriers.Carrier", models.CASCADE)),
            ],
            options={"permissions": [("open_depot", "Can open a depot")]},
        ),
        migrations.AddIndex("depot", models.Index(fields=["label", "carrier"], name="depot_label_carrier")),
        migrations.AddConstraint(
            "depot", models.UniqueConstraint(fields=["carrier", "label"], name="depot_once")
        ),
    ]
`;
const code = moved
  .replace('0004_own_collection', '0005_moved')
  .replace(/operations = \[[\s\S]*\]\n/, 'operations = [migrations.RunPython(fill)]\n');
const renamed = `
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "0006_code")]
    operations = [
        migrations.RenameField("depot", "label", "name"),
        migrations.AlterField("carrier", "rating", models.IntegerField(default=1)),
        migrations.RemoveField("depot", "carrier"),
    ]
`.replace('migrations.RemoveField("depot", "carrier"),', '');

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`a fleet after a replay (${set})`, function () {
    this.timeout(120_000);
    let ours: TestHost;
    let theirs: TestHost;

    /** Both fleets with the same tenants; the first is migrated by the task, the second by Django alone. */
    before(async () => {
      [ours, theirs] = await Promise.all([open(set), open(set)]);
    });
    after(() => Promise.all([ours.close(), theirs.close()]));

    const both = async (): Promise<TestMemory> => {
      const memory = testMemory();
      await kind.run(djangoTask(ours, kind, { memory }));
      for (const schema of schemas) await migrate(theirs.forTask(), { schema });
      assert.equal(await pictureOf(ours.url), await pictureOf(theirs.url));
      return memory;
    };

    it('is what Django alone would have made, from nothing', async () => {
      const memory = await both();
      assert.match(notes(memory), /0004_own_collection: RunPython runs code of the project's/);
    });

    it('is what Django alone would have made, in the next release', async () => {
      for (const project of [ours, theirs]) {
        const folder = join(project.directory, 'wholesale/carriers/migrations');
        await writeFile(join(folder, '0005_moved.py'), moved);
        await writeFile(join(folder, '0006_code.py'), code);
        await writeFile(join(folder, '0007_renamed.py'), renamed);
      }
      [ours, theirs] = await Promise.all([reopened(ours, set), reopened(theirs, set)]);
      const memory = await both();
      assert.match(notes(memory), /0006_code: RunPython/);
    });
  });
}

async function open(set: keyof typeof pythonSets): Promise<TestHost> {
  const project = await openHost({ directory: example, settings: 'wholesale.settings.test', set });
  await migrate(project.forTask(), { schema: 'public' });
  await addTenants(project, schemas);
  return project;
}

/** The same project with the files as they are now. */
async function reopened(project: TestHost, set: keyof typeof pythonSets): Promise<TestHost> {
  const again = await reopen(project, set);
  return {
    ...again,
    close: async () => {
      await again.close();
      await project.close();
    },
  };
}

function notes(memory: TestMemory): string {
  return memory.events.flatMap((event) => (event.type === 'task.log' ? [event.line] : [])).join('\n');
}
