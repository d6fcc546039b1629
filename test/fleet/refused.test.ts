import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { BootstrapError } from '../../lib/errors/index.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { openMigrated, reopen } from '../support/fleet.js';
import { djangoTask, tenantEnds } from '../support/django-task.js';
import type { TestHost } from '../support/host.js';
import { rejection } from '../support/rejection.js';
import { testMemory, type TestMemory } from '../support/task-context.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'same', 'drifted', 'torn', 'last'];

const addField = (number: number, before: string): string => `
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "${before}")]
    operations = [migrations.AddField("carrier", "field_${String(number)}", models.TextField(null=True))]
`;

describe('what a replay refuses', function () {
  this.timeout(120_000);
  let project: TestHost;

  before(async () => {
    project = await openMigrated(schemas);
  });
  after(() => project.close());

  /** The next release: another migration, and whatever else it changes, loaded anew. */
  const release = async (number: number, before: string): Promise<TestHost> => {
    const folder = join(project.directory, 'wholesale/carriers/migrations');
    await writeFile(join(folder, `000${String(number)}_next.py`), addField(number, before));
    return reopen(project);
  };
  const columns = async (name: string): Promise<string[]> => {
    const rows = await project.rows<{ schema: string }>(
      `select n.nspname as schema from pg_attribute a join pg_class c on c.oid = a.attrelid
         join pg_namespace n on n.oid = c.relnamespace
        where c.relname = 'carriers_carrier' and a.attname = '${name}' order by a.attrelid`,
    );
    return rows.map(({ schema }) => schema).sort();
  };

  it('a tenant whose table is another is undone and left to Django; one that Django cannot migrate is named; the others are done', async () => {
    await project.rows('alter table drifted.carriers_carrier alter column name type varchar(999)');
    await project.rows('alter table torn.carriers_carrier rename to gone');
    const next = await release(5, '0004_own_collection');
    try {
      const memory = testMemory();
      const error = await rejection(Promise.resolve(kind.run(djangoTask(next, kind, { memory }))));
      assert.ok(error instanceof BootstrapError);
      assert.equal(error.code, 'DBB6027');
      assert.match(error.message, /1 of 5 tenants failed: torn/);
      assert.match(JSON.stringify(error.problems), /"42P01"/);
      assert.deepEqual(tenantEnds(memory).sort(), [
        ['canary', 'migrated'],
        ['drifted', 'migrated'],
        ['last', 'migrated'],
        ['same', 'migrated'],
        ['torn', 'failed'],
      ]);
      assert.match(notes(memory), /drifted: the replay was undone, Django does it: its tables are not those/);
      assert.match(notes(memory), /torn: the replay was undone, Django does it: relation/);
      assert.deepEqual(await columns('field_5'), ['canary', 'drifted', 'last', 'same']);
    } finally {
      await next.close();
    }
    await project.rows('alter table torn.gone rename to carriers_carrier');
  });
});

function notes(memory: TestMemory): string {
  return memory.events.flatMap((event) => (event.type === 'task.log' ? [event.line] : [])).join('\n');
}
