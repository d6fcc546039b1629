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

const fields = `import uuid

from django.db import connection, models


class Named(models.CharField):
    def get_default(self):
        return "of " + connection.schema_name


class Sealed(models.CharField):
    def get_prep_value(self, value):
        return uuid.uuid4().hex
`;

const added = {
  'the time at which they are made': 'models.DateTimeField(auto_now_add=True)',
  'the time at which they are changed': 'models.DateTimeField(auto_now=True)',
  'a default that is computed at each call': 'models.UUIDField(default=uuid.uuid4)',
  "what a field of the project's computes": 'Named(max_length=100, default="")',
  "what a field of the project's makes of its default": 'Sealed(max_length=100, default="")',
};

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[])
  describe(`rows that are there when a field is added (${set})`, function () {
    this.timeout(60_000);

    for (const [what, field] of Object.entries(added))
      it(`get ${what} in each tenant`, async () => {
        const project = await openMigrated(schemas, set);
        try {
          const write = (name: string, text: string): Promise<void> =>
            writeFile(join(project.directory, 'wholesale/carriers', name), text);
          for (const schema of schemas)
            await project.rows(
              `delete from ${schema}.carriers_rate; delete from ${schema}.carriers_carrier;
               insert into ${schema}.carriers_carrier (code, name, tracking_url, active) values ('x', 'X', '', true)`,
            );
          await write('fields.py', fields);
          await write(
            'migrations/0005_added.py',
            `import uuid

from django.db import migrations, models

from ..fields import Named, Sealed


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_own_collection")]
    operations = [migrations.AddField("carrier", "added", ${field})]
`,
          );
          const host = await reopen(project, set);
          try {
            await kind.run(djangoTask(host, kind));
          } finally {
            await host.close();
          }
          const rows = await project.rows(
            schemas.map((schema) => `select added from ${schema}.carriers_carrier`).join(' union '),
          );
          assert.equal(rows.length, schemas.length);
        } finally {
          await project.close();
        }
      });
  });
