import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask, tenantEnds } from '../support/django-task.js';
import { openMigrated, reopen } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';
import { query, testServer } from '../support/postgres.js';
import { pythonSets } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { testMemory } from '../support/task-context.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'one', 'two', 'three'];

const releases = {
  'by replay': 'migrations.AddField("carrier", "mark", models.IntegerField(default=0))',
  'outside of transactions':
    'operations.AddIndexConcurrently("carrier", models.Index(fields=["code"], name="carrier_code"))',
};

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`a tenant whose table another role owns (${set})`, function () {
    this.timeout(60_000);
    const role = `owner_${randomBytes(6).toString('hex')}`;
    let project: TestHost;

    beforeEach(async () => {
      project = await openMigrated(schemas, set);
      await project.rows(
        `create role ${role}; grant usage on schema public to ${role}; grant select on all tables in schema public to ${role}`,
      );
      for (const schema of schemas)
        await project.rows(
          `grant all on schema ${schema} to ${role}; grant all on all tables in schema ${schema} to ${role};
           grant all on all sequences in schema ${schema} to ${role};
           ${schema === 'two' ? '' : `alter table ${schema}.carriers_carrier owner to ${role}`}`,
        );
      await appendFile(
        join(project.directory, 'wholesale/settings/test.py'),
        `\nDATABASES["default"].setdefault("OPTIONS", {})["assume_role"] = "${role}"  # noqa: F405\n`,
      );
    });
    afterEach(async () => {
      await project.close();
      await query((await testServer()).url, `drop role ${role}`);
    });

    for (const [how, operation] of Object.entries(releases))
      it(`does not keep the others from being migrated ${how}`, async () => {
        await writeFile(
          join(project.directory, 'wholesale/carriers/migrations/0005_next.py'),
          `from django.contrib.postgres import operations
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = ${operation.startsWith('operations.') ? 'False' : 'True'}
    dependencies = [("carriers", "0004_own_collection")]
    operations = [${operation}]
`,
        );
        const memory = testMemory();
        const host = await reopen(project, set);
        const error = await rejection(Promise.resolve(kind.run(djangoTask(host, kind, { memory }))));
        await host.close();
        assert.match(String(error), /1 of 4 tenants failed: two/);
        assert.deepEqual(
          tenantEnds(memory).sort(),
          [...schemas].sort().map((schema) => [schema, schema === 'two' ? 'failed' : 'migrated']),
        );
      });
  });
}
