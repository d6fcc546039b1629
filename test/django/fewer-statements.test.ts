import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../../lib/django/index.js';
import { addTenants } from '../support/fleet.js';
import { openHost } from '../support/host.js';
import { pythonSets } from '../support/python.js';

const example = join(process.cwd(), 'examples/django-tenants');

// Code of the project's that leaves the search_path elsewhere: django_tenants sets it anew before the next statement.
const wandering = `
from django.db import migrations, models


def wander(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("set search_path to pg_catalog")


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_own_collection")]
    operations = [
        migrations.RunPython(wander),
        migrations.AddField("carrier", "after_python", models.TextField(null=True)),
        migrations.RunSQL("set search_path to pg_catalog"),
        migrations.AddField("carrier", "after_sql", models.TextField(null=True)),
        migrations.SeparateDatabaseAndState([migrations.RunSQL("set search_path to pg_catalog")]),
        migrations.CreateModel("Depot", [("id", models.BigAutoField(primary_key=True))]),
    ]
`;

const broken = `
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "0005_wandering")]
    operations = [
        migrations.AddField("carrier", "never", models.TextField(null=True)),
        migrations.RunSQL("select 1 / (current_schema() <> 'first')::int"),
    ]
`;

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`the search_path while migrating (${set})`, function () {
    this.timeout(60_000);

    it("is the tenant's again after code that changed it, and after a failure", async () => {
      const project = await openHost({ directory: example, settings: 'wholesale.settings.test', set });
      const columns = (table: string): Promise<{ schema: string; name: string }[]> =>
        project.rows(
          `select n.nspname as schema, a.attname as name from pg_attribute a
             join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
            where c.relname = '${table}' and a.attname in ('id', 'after_python', 'after_sql', 'never') order by 1, 2`,
        );
      try {
        const folder = join(project.directory, 'wholesale/carriers/migrations');
        await writeFile(join(folder, '0005_wandering.py'), wandering);
        const host = project.forTask();
        await migrate(host, { schema: 'public' });
        const tenants = ['first', 'second'];
        await addTenants(project, tenants);
        for (const schema of tenants) await migrate(host, { schema });
        const expected = (names: readonly string[]): object[] =>
          tenants.flatMap((schema) => names.map((name) => ({ schema, name })));
        assert.deepEqual(await columns('carriers_carrier'), expected(['after_python', 'after_sql', 'id']));
        assert.deepEqual(await columns('carriers_depot'), expected(['id']));

        await writeFile(join(folder, '0006_broken.py'), broken);
        await assert.rejects(migrate(host, { schema: 'first' }), /division by zero/);
        await migrate(host, { schema: 'second' });
        assert.deepEqual(
          (await columns('carriers_carrier')).filter(({ name }) => name === 'never'),
          [{ schema: 'second', name: 'never' }],
        );
      } finally {
        await project.close();
      }
    });
  });
}
