import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fingerprintStatement } from '../../lib/fleet/fingerprint.js';
import { openMigrated } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';
import { pythonOf } from '../support/python.js';

const run = promisify(execFile);

// Its statements stay, one by one, whatever comes after them.
const notAtomic = `from django.db import migrations, models


def code(apps, schema_editor):
    apps.get_model("carriers", "Carrier").objects.update(first=2)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("carriers", "0004_own_collection")]
    operations = [
        migrations.AddField("carrier", "first", models.IntegerField(default=1)),
        migrations.RunPython(code, migrations.RunPython.noop),
        migrations.CreateModel("Depot", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField(unique=True))]),
        migrations.AddIndex("depot", models.Index(fields=["name"], name="depot_name")),
        migrations.RunSQL("alter table carriers_depot add column made date", migrations.RunSQL.noop),
        migrations.AddConstraint("carrier", models.UniqueConstraint(fields=["first", "id"], name="first_id")),
        migrations.RenameField("carrier", "name", "title"),
    ]
`;

// Every schema is migrated by the same code; each Django once.
for (const [set, method, schema, what] of [
  ['old', 'migrate', 'public', 'of the schema that all share'],
  ['new', 'record', 'canary', 'of a canary'],
] as const)
  describe(`Django's migrating, killed after each commit (${set})`, function () {
    this.timeout(300_000);
    let project: TestHost;

    before(async () => {
      project = await openMigrated(['canary'], set);
      await writeFile(join(project.directory, 'wholesale/carriers/migrations/0005_next.py'), notAtomic);
    });
    after(() => project.close());

    it(`is brought to its end by the next run: ${what}`, async () => {
      const script = join(process.cwd(), 'test/support/killed_migrating.py');
      const args = [script, method, schema, fingerprintStatement()];
      const env = {
        ...process.env,
        DATABASE_URL: project.url,
        DJANGO_SETTINGS_MODULE: 'wholesale.settings.test',
        PYTHONDONTWRITEBYTECODE: '1',
      };
      const { stdout } = await run(await pythonOf(set), args, { cwd: project.directory, env });
      const { kills, wrong } = JSON.parse(stdout) as { kills: number; wrong: object };
      assert.deepEqual(wrong, {});
      assert.ok(kills > 10, String(kills));
    });
  });
