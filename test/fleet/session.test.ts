import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask } from '../support/django-task.js';
import { openMigrated, reopen } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';
import { query, testServer } from '../support/postgres.js';
import { pythonSets } from '../support/python.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'one', 'two'];

// A date becomes a time, which is another one in each time zone; a table gets an owner; an index is made outside of transactions.
const releases = {
  '0005_text': 'migrations.AddField("carrier", "since", models.DateField(null=True))',
  '0006_time': 'migrations.AlterField("carrier", "since", models.DateTimeField(null=True))',
  '0007_depot': 'migrations.CreateModel("Depot", [("id", models.BigAutoField(primary_key=True))])',
  '0008_index':
    'operations.AddIndexConcurrently("carrier", models.Index(fields=["since"], name="carrier_since"))',
};
const changing = [
  `migrations.RunSQL("set timezone = 'Asia/Tokyo'")`,
  `migrations.RunSQL("alter table carriers_carrier add column made timestamptz default '2026-06-01 00:00'")`,
];

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`a fleet whose Django has a session of its own (${set})`, function () {
    this.timeout(120_000);
    const role = `owner_${randomBytes(6).toString('hex')}`;
    let project: TestHost;
    let released: number;

    beforeEach(async () => {
      released = 0;
      project = await openMigrated(schemas, set);
    });
    afterEach(() => project.close());
    after(async () => query((await testServer()).url, `drop role if exists ${role}`));

    const write = (name: string, before: string, operation: string): Promise<void> =>
      writeFile(
        join(project.directory, `wholesale/carriers/migrations/${name}.py`),
        `from django.contrib.postgres import operations
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = ${operation.startsWith('operations.') ? 'False' : 'True'}
    dependencies = [("carriers", "${before}")]
    operations = [${operation}]
`,
      );
    /** By a host that is loaded anew. */
    const migrateAll = async (): Promise<void> => {
      const host = await reopen(project, set);
      try {
        await kind.run(djangoTask(host, kind));
      } finally {
        await host.close();
      }
    };
    /** Brings the fleet to the migration. */
    const release = async (last: keyof typeof releases): Promise<void> => {
      const names = Object.keys(releases) as (keyof typeof releases)[];
      for (; names.indexOf(last) >= released; released++) {
        const name = names[released] ?? last;
        await write(name, names[released - 1] ?? '0004_own_collection', releases[name]);
      }
      await migrateAll();
    };

    it('has the same times in every tenant, whatever the time zone of the server is', async () => {
      await release('0005_text');
      for (const schema of schemas)
        await project.rows(
          `insert into ${schema}.carriers_carrier (code, name, tracking_url, active, since) values ('x', 'X', '', true, '2026-06-01')`,
        );
      await project.rows(
        `do $$ begin execute format('alter database %I set timezone = %L', current_database(), 'Asia/Tokyo'); end $$`,
      );
      await release('0006_time');
      const times = await Promise.all(
        schemas.map((schema) =>
          project.rows(
            `select distinct (since at time zone 'UTC')::text as since from ${schema}.carriers_carrier where since is not null`,
          ),
        ),
      );
      assert.deepEqual(
        times,
        schemas.map(() => [{ since: '2026-06-01 00:00:00' }]),
      );
    });

    it('has the same session in every tenant, where a migration changes it for those that follow', async () => {
      for (const [index, operation] of changing.entries())
        await write(
          `000${String(index + 5)}_sql`,
          index === 0 ? '0004_own_collection' : '0005_sql',
          operation,
        );
      await migrateAll();
      const defaults = await project.rows(
        `select distinct pg_get_expr(d.adbin, d.adrelid) as value from pg_attrdef d join pg_attribute a
           on (a.attrelid, a.attnum) = (d.adrelid, d.adnum) where a.attname = 'made'`,
      );
      assert.equal(defaults.length, 1, JSON.stringify(defaults));
    });

    it('has the same owner of what is made in every tenant', async () => {
      await project.rows(`create role ${role}`);
      for (const schema of schemas)
        await project.rows(
          `grant all on schema ${schema} to ${role}; grant all on all tables in schema ${schema} to ${role};
           grant all on all sequences in schema ${schema} to ${role}; alter table ${schema}.carriers_carrier owner to ${role}`,
        );
      await project.rows(
        `grant usage on schema public to ${role}; grant select on all tables in schema public to ${role}`,
      );
      await appendFile(
        join(project.directory, 'wholesale/settings/test.py'),
        `\nDATABASES["default"].setdefault("OPTIONS", {})["assume_role"] = "${role}"  # noqa: F405\n`,
      );
      await release('0008_index');
      const owned = await project.rows(
        `select n.nspname::text as schema, c.relname::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relowner = '${role}'::regrole and c.relname in ('carriers_depot', 'carrier_since') order by 1, 2`,
      );
      assert.deepEqual(
        owned,
        schemas.flatMap((schema) => [
          { schema, name: 'carrier_since' },
          { schema, name: 'carriers_depot' },
        ]),
      );
      await project.rows(`drop owned by ${role} cascade`);
    });
  });
}
