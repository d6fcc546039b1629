import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../../lib/django/index.js';
import { addTenants } from '../support/fleet.js';
import { openHost } from '../support/host.js';
import { pythonSets } from '../support/python.js';

const example = join(process.cwd(), 'examples/django-tenants');
const tenants = ['first', 'second'];

// Code of the project's that records in a way of its own, looks at what is recorded, and so completes what another migration replaces.
const migration = `
from django.db import migrations
from django.db.migrations.recorder import MigrationRecorder


def note(apps, schema_editor):
    connection = schema_editor.connection
    schema_editor.execute("insert into django_migrations (app, name, applied) values ('carriers', '0000_gone', now())")
    found = MigrationRecorder(connection).applied_migrations()
    seen = all(key in found for key in [("carriers", "0000_gone"), ("carriers", "0004_own_collection")])
    timed = all(row.applied is not None for row in found.values())
    schema_editor.execute("create table noted as select %s as seen, %s as timed", [seen, timed])


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_own_collection")]
    operations = [migrations.RunPython(note)]
`;

const squashed = `
from django.db import migrations


class Migration(migrations.Migration):
    replaces = [("carriers", "0000_gone"), ("carriers", "0004_own_collection"), ("carriers", "0005_noted")]
    dependencies = [("carriers", "0003_rate")]
    operations = []
`;

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`what a schema has recorded (${set})`, function () {
    this.timeout(60_000);

    it("is asked anew after code of the project's, which sees it as it is", async () => {
      const project = await openHost({ directory: example, settings: 'wholesale.settings.test', set });
      try {
        const host = project.forTask();
        await migrate(host, { schema: 'public' });
        await addTenants(project, tenants);
        for (const schema of tenants) await migrate(host, { schema });
        const folder = join(project.directory, 'wholesale/carriers/migrations');
        await writeFile(join(folder, '0005_noted.py'), migration);
        await writeFile(join(folder, '0005_squashed.py'), squashed);
        for (const schema of tenants) {
          await migrate(host, { schema });
          assert.deepEqual(await project.rows(`select * from "${schema}".noted`), [
            { seen: true, timed: true },
          ]);
          const recorded = await project.rows(
            `select name from "${schema}".django_migrations where app = 'carriers' and name > '0004_z' or name < '0001' order by id`,
          );
          assert.deepEqual(
            recorded.map(({ name }) => name),
            ['0000_gone', '0005_noted', '0005_squashed'],
          );
        }
      } finally {
        await project.close();
      }
    });
  });
}
