import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask } from '../support/django-task.js';
import { addTenants, openMigrated, reopen } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';
import { logOf, testMemory } from '../support/task-context.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'one', 'two'];

const fields = (...names: readonly string[]): string =>
  names.map((name) => `migrations.AddField("carrier", "${name}", models.TextField(null=True))`).join(', ');

for (const set of ['old', 'new'] as const)
  describe(`a squashed migration of the tenants (${set})`, function () {
    this.timeout(60_000);
    let project: TestHost;

    before(async () => {
      project = await openMigrated(schemas, set);
    });
    after(() => project.close());

    const write = (name: string, before: string, operations: string, replaces: readonly string[] = []) =>
      writeFile(
        join(project.directory, `wholesale/carriers/migrations/${name}.py`),
        `from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [${replaces.map((one) => `("carriers", "${one}")`).join(', ')}]
    dependencies = [("carriers", "${before}")]
    operations = [${operations}]
`,
      );
    const migrateAll = async (added: readonly string[] = []): Promise<void> => {
      const host = await reopen(project, set);
      try {
        const memory = testMemory();
        if (added.length > 0) await addTenants(host, added);
        await kind.run(djangoTask(host, kind, { memory }));
        const byDjango = logOf(memory).filter((line) => /not replayed|undone/.test(line));
        // Of new tenants the example's own code is left to Django, and nothing behind it.
        const code = added.length > 0 ? ['carriers.0004_own_collection'] : [];
        assert.deepEqual(
          byDjango.map((line) => /Django: (\S+):/.exec(line)?.[1] ?? line),
          code,
        );
      } finally {
        await host.close();
      }
    };
    /** What each of the schemas has recorded, in order, and the columns of a table. */
    const assertSame = async (names: readonly string[]): Promise<void> => {
      const found = [];
      for (const schema of names)
        found.push(
          await project.rows(
            `select string_agg(app || '.' || name, ' ' order by id) as recorded,
                    (select string_agg(attname, ' ' order by attnum) from pg_attribute
                      where attrelid = '${schema}.carriers_carrier'::regclass and attnum > 0) as columns
               from ${schema}.django_migrations`,
          ),
        );
      for (const one of found) assert.deepEqual(one, found[0]);
    };
    const recorded = async (name: string): Promise<number> =>
      (
        await Promise.all(
          schemas.map((schema) =>
            project.rows(`select from ${schema}.django_migrations where name = $1`, [name]),
          ),
        )
      ).filter(({ length }) => length === 1).length;

    it('is only recorded by replay where its parts are applied', async () => {
      await write('0005_a', '0004_own_collection', fields('a'));
      await write('0006_b', '0005_a', fields('b'));
      await migrateAll();
      await write('0005_squashed_0006_b', '0004_own_collection', fields('a', 'b'), ['0005_a', '0006_b']);
      await migrateAll();
      assert.equal(await recorded('0005_squashed_0006_b'), 3);
      await assertSame(schemas);
    });

    it('does not keep what comes after it from being replayed', async () => {
      await write('0007_c', '0006_b', fields('c'));
      await migrateAll();
      await write('0007_squashed_0007', '0006_b', fields('c'), ['0007_c']);
      await write('0008_d', '0007_c', fields('d'));
      await migrateAll();
      assert.equal(await recorded('0007_squashed_0007'), 3);
      assert.equal(await recorded('0008_d'), 3);
      await assertSame(schemas);
    });

    it('does not keep new tenants from being replayed', async () => {
      await migrateAll(['new_canary', 'new_one', 'new_two']);
      await assertSame(['new_canary', 'new_one', 'new_two']);
    });
  });
