import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  autodetect,
  expectedTables,
  inspect,
  migrate,
  states,
  type DjangoConnection,
} from '../../lib/django/index.js';
import { openHost, type TestHost } from '../support/host.js';
import { pythonSets } from '../support/python.js';
import { rejection } from '../support/rejection.js';

const plain = join(process.cwd(), 'test/fixtures/django/plain');
const sets = Object.keys(pythonSets) as (keyof typeof pythonSets)[];

for (const set of sets) {
  describe(`the host, without django_tenants (${set})`, function () {
    this.timeout(120_000);
    let project: TestHost;

    before(async () => {
      project = await openHost({ directory: plain, set });
    });
    after(() => project.close());

    it('tells what the project is', async () => {
      const found = await inspect(project.forTask());
      const { tenancy, djangoTenants, publicSchema, settingsModule, tenantModel, multiType, psycopg } = found;
      assert.deepEqual(
        { tenancy, djangoTenants, publicSchema, settingsModule, tenantModel, multiType },
        {
          tenancy: false,
          djangoTenants: null,
          publicSchema: 'public',
          settingsModule: 'shop.settings',
          tenantModel: null,
          multiType: false,
        },
      );
      assert.match(psycopg, set === 'old' ? /^psycopg2 2\.9/ : /^psycopg 3\./);
      assert.deepEqual(found.apps.at(-1), {
        label: 'stock',
        name: 'stock',
        shared: true,
        tenant: false,
        migrations: true,
      });
    });

    it("puts the project's prints into the log, not into the protocol", () => {
      assert.match(project.printed.join(''), /settings are loaded/);
      assert.match(project.printed.join(''), /as an error/);
    });

    it('names the database that Django is connected to', async () => {
      const found = await project.forTask().request<DjangoConnection>('connection');
      const [row] = await project.rows<{ oid: string }>(
        'select oid::text from pg_database where datname = current_database()',
      );
      assert.equal(String(found.databaseOid), row?.oid);
      assert.match(found.postmasterStart, /^\d{16}$/);
      assert.equal(new URL(project.url).pathname, `/${found.name}`);
    });

    it('knows what is pending before any table is there', async () => {
      const { schemas, leaves, conflicts } = await states(project.forTask());
      assert.equal(schemas.length, 1);
      assert.equal(schemas[0]?.schema, 'public');
      assert.equal(schemas[0].applied, 0);
      assert.deepEqual(
        schemas[0].pending.filter(({ app }) => app !== 'auth'),
        [
          { app: 'contenttypes', name: '0001_initial' },
          { app: 'contenttypes', name: '0002_remove_content_type_name' },
          { app: 'stock', name: '0001_initial' },
        ],
      );
      assert.ok(leaves.some(({ app, name }) => app === 'stock' && name === '0001_initial'));
      assert.deepEqual(conflicts, []);
    });

    it('migrates, telling each migration, and has nothing to do the second time', async () => {
      const events: Readonly<Record<string, unknown>>[] = [];
      const host = project.forTask();
      const { applied, schema } = await migrate(host, { schema: null }, (event) => events.push(event));
      assert.equal(schema, 'public');
      const told = events.filter(({ type }) => type === 'migration').map(({ app, name }) => ({ app, name }));
      assert.deepEqual(told, applied);
      assert.deepEqual(applied.at(-1), { app: 'stock', name: '0001_initial' });
      assert.equal(events.at(-1)?.type, 'schema');
      assert.deepEqual((await migrate(host, { schema: null })).applied, []);
      const [state] = (await states(host)).schemas;
      assert.deepEqual(state?.pending, []);
      assert.equal(state.applied, applied.length);
    });

    it('tells what is recorded and on no disk', async () => {
      await project.rows(
        "insert into django_migrations (app, name, applied) values ('stock', '0002_gone', now()), ('old_app', '0001', now())",
      );
      const [state] = (await states(project.forTask())).schemas;
      assert.deepEqual(state?.unknown, [
        { app: 'old_app', name: '0001' },
        { app: 'stock', name: '0002_gone' },
      ]);
      await project.rows("delete from django_migrations where name = '0002_gone' or app = 'old_app'");
    });

    it('expects the tables that are there, those of relations too, and not what is unmanaged', async () => {
      const tables = await expectedTables(project.forTask());
      const ours = tables.filter(({ app }) => app === 'stock');
      assert.deepEqual(
        ours.map(({ table, columns, shared, tenant }) => ({ table, columns, shared, tenant })),
        [
          { table: 'stock_shelf', columns: ['id', 'code'], shared: true, tenant: false },
          {
            table: 'stock_item_related',
            columns: ['id', 'from_item_id', 'to_item_id'],
            shared: true,
            tenant: false,
          },
          { table: 'stock_item', columns: ['id', 'name', 'shelf_id'], shared: true, tenant: false },
        ],
      );
      const there = await project.rows<{ name: string }>(
        "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
      );
      const names = new Set(there.map(({ name }) => name));
      assert.deepEqual(
        tables.filter(({ table }) => !names.has(table)),
        [],
      );
    });

    it('runs a management command and returns what it printed', async () => {
      const host = project.forTask();
      const { output } = await host.request<{ output: string }>('call', {
        command: 'showmigrations',
        args: ['stock'],
      });
      assert.equal(output, 'stock\n [X] 0001_initial\n');
      const error = await rejection(host.request('call', { command: 'showmigrations', args: ['nothing'] }));
      assert.equal(error.code, 'DBB6028');
      const unknown = await rejection(host.request('call', { command: 'fly' }));
      assert.equal(unknown.message, 'there is no management command "fly"');
    });

    it('has no tenants to tell about', async () => {
      assert.equal((await rejection(project.forTask().request('tenants'))).code, 'DBB6018');
      assert.deepEqual((await states(project.forTask(), { scope: 'tenants' })).schemas, []);
    });

    it('finds a model that no migration knows, and writes the migration where asked to', async () => {
      const agreed = await autodetect(project.forTask());
      assert.deepEqual(agreed, { changes: [], conflicts: [], written: [] });
      const changed = await openHost({ directory: plain, set, url: project.url });
      try {
        await writeFile(
          join(changed.directory, 'stock/models.py'),
          'from django.db import models\n\n\nclass Shelf(models.Model):\n    code = models.CharField(max_length=20)\n    wide = models.IntegerField()\n',
        );
        const host = changed.forTask();
        const { changes } = await autodetect(host);
        assert.deepEqual(
          changes.map(({ app }) => app),
          ['stock'],
        );
        assert.ok(changes[0]?.operations.includes('Add field wide to shelf'));
        assert.ok(changes[0]?.operations.includes('Delete model Item'));
        assert.deepEqual((await autodetect(host, { apps: ['auth'] })).changes, []);
        const unknown = await rejection(autodetect(host, { apps: ['stocks'] }));
        assert.equal(unknown.code, 'DBB6025');
        assert.equal(unknown.problems[0].help, 'did you mean "stock"?');
        // A column that may not be null needs a default, which Django would ask for.
        const refused = await rejection(autodetect(host, { write: true }));
        assert.equal(refused.code, 'DBB6028');
        assert.match(refused.message, /wide/);
      } finally {
        await changed.close();
      }
    });

    it('writes migrations, and knows them afterwards', async () => {
      const changed = await openHost({ directory: plain, set, url: project.url });
      try {
        await writeFile(
          join(changed.directory, 'stock/models.py'),
          'from django.db import models\n\n\nclass Shelf(models.Model):\n    code = models.CharField(max_length=20)\n    wide = models.IntegerField(default=1)\n',
        );
        const host = changed.forTask();
        const before = await autodetect(host);
        const { written } = await autodetect(host, { write: true });
        assert.equal(written.length, 1);
        assert.match(written[0] ?? '', /^stock\/migrations\/0002_\w+\.py$/);
        assert.equal(before.changes.length, 1);
        assert.deepEqual((await autodetect(host)).changes, []);
        const [state] = (await states(host)).schemas;
        assert.equal(state?.pending.length, 1);
        assert.deepEqual((await migrate(host, { schema: null })).applied, state.pending);
      } finally {
        await changed.close();
      }
    });
  });
}
