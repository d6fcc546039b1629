import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../../lib/django/index.js';
import { addTenants } from '../support/fleet.js';
import { openHost } from '../support/host.js';
import { pythonSets } from '../support/python.js';

const example = join(process.cwd(), 'examples/django-tenants');

// A data migration that asks for a content type, as many do: its manager remembers the row, whose id is another in each schema.
const migration = `
from django.db import migrations


def note(apps, schema_editor):
    content_type = apps.get_model("contenttypes", "ContentType")
    if schema_editor.connection.schema_name == "first":
        content_type.objects.create(app_label="other", model="other")
    found = content_type.objects.get_for_model(apps.get_model("carriers", "Carrier"))
    schema_editor.execute("create table noted as select %d as id" % found.pk)


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_own_collection"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [migrations.RunPython(note)]
`;

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`project states that schemas share (${set})`, function () {
    this.timeout(60_000);

    it('remember no rows of another schema', async () => {
      const project = await openHost({ directory: example, settings: 'wholesale.settings.test', set });
      try {
        await writeFile(join(project.directory, 'wholesale/carriers/migrations/0005_noted.py'), migration);
        const host = project.forTask();
        await migrate(host, { schema: 'public' });
        const tenants = ['first', 'second', 'third'];
        await addTenants(project, tenants);
        for (const schema of tenants) await migrate(host, { schema });
        for (const schema of tenants) {
          const [row] = await project.rows<{ same: boolean }>(
            `select noted.id = type.id as same from "${schema}".noted, "${schema}".django_content_type as type
             where app_label = 'carriers' and model = 'carrier'`,
          );
          assert.equal(row?.same, true, schema);
        }
      } finally {
        await project.close();
      }
    });
  });
}
