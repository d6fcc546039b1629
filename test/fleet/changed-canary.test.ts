import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask } from '../support/django-task.js';
import { openMigrated, reopen } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'one', 'two'];

describe('a fleet whose canary was changed by hand', function () {
  this.timeout(60_000);
  let project: TestHost;

  beforeEach(async () => {
    project = await openMigrated(schemas);
  });
  afterEach(() => project.close());

  const release = async (number: number, before: string, operation: string): Promise<string> => {
    const name = `000${String(number)}_next`;
    await writeFile(
      join(project.directory, `wholesale/carriers/migrations/${name}.py`),
      `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "${before}")]
    operations = [${operation}]
`,
    );
    const released = await reopen(project);
    try {
      await kind.run(djangoTask(released, kind));
    } finally {
      await released.close();
    }
    return name;
  };

  it('is migrated by Django where the canary lacked what a migration takes away', async () => {
    const first = await release(
      5,
      '0004_own_collection',
      'migrations.AddField("carrier", "mark", models.IntegerField(default=0, db_index=True))',
    );
    const indexes = (): Promise<{ schema: string; name: string }[]> =>
      project.rows(
        `select schemaname as schema, quote_ident(indexname) as name from pg_indexes
          where schemaname = any($1) and indexdef like '%(mark)' order by 1`,
        [schemas],
      );
    const [ofCanary, ...others] = await indexes();
    assert.deepEqual([ofCanary?.schema, others.length], ['canary', 2]);
    await project.rows(`drop index canary.${ofCanary?.name ?? ''}`);
    await release(6, first, 'migrations.AlterField("carrier", "mark", models.IntegerField(default=0))');
    assert.deepEqual(await indexes(), []);
  });
});
