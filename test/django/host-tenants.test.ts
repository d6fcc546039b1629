import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TaskHost } from '../../config/define.js';
import { expectedTables, inspect, migrate, states } from '../../lib/django/index.js';
import { BootstrapError } from '../../lib/errors/index.js';
import { openHost, type TestHost } from '../support/host.js';
import { dump } from '../support/postgres.js';
import { pythonOf, pythonSets } from '../support/python.js';
import { rejection } from '../support/rejection.js';

const execute = promisify(execFile);
const example = join(process.cwd(), 'examples/django-tenants');
const fixture = join(process.cwd(), 'test/fixtures/django/wholesale');
const sets = Object.keys(pythonSets) as (keyof typeof pythonSets)[];

const tenants = [
  { schema: 'acme', domain: 'acme.example.com', fields: { name: 'Acme' } },
  { schema: 'Big Corp 100%', domain: 'big.example.com', fields: { name: 'Big' } },
];

async function ensure(host: TaskHost, wanted: readonly unknown[] = tenants): Promise<void> {
  const answer = await host.request<{ problems: unknown[] }>('ensureTenants', {
    tenants: wanted,
    public: null,
    update: false,
    plan: false,
  });
  assert.deepEqual(answer.problems, []);
}

/** The whole database but the times in django_migrations, whose rows stand beside in their order. */
async function contentOf(project: TestHost): Promise<unknown> {
  const records: unknown[] = [];
  for (const schema of ['public', ...tenants.map((tenant) => tenant.schema)]) {
    records.push(await project.rows(`select id, app, name from "${schema}".django_migrations order by id`));
  }
  return { text: await dump(project.url, '--exclude-table-data=*.django_migrations'), records };
}

for (const set of sets) {
  describe(`the host, with django_tenants (${set})`, function () {
    this.timeout(120_000);
    const settings = 'wholesale.settings.test';

    it('leaves exactly what Django alone would have', async () => {
      const alone = await openHost({ directory: example, settings, set });
      const ours = await openHost({ directory: example, settings, set });
      try {
        const python = await pythonOf(set);
        const env = { ...process.env, DATABASE_URL: alone.url, DJANGO_SETTINGS_MODULE: settings };
        const manage = (...args: string[]): Promise<unknown> =>
          execute(python, ['manage.py', ...args], { cwd: alone.directory, env });
        await manage('migrate_schemas', '--shared', '-v0');
        await ensure(alone.forTask());
        await manage('migrate_schemas', '--tenant', '-v0');

        const host = ours.forTask();
        await migrate(host, { schema: 'public' });
        await ensure(host);
        for (const { schema } of tenants) await migrate(host, { schema });
        assert.deepEqual(await contentOf(ours), await contentOf(alone));
        const { schemas } = await states(host);
        assert.deepEqual(
          schemas.map(({ schema, pending }) => [schema, pending.length]),
          [
            ['public', 0],
            ['acme', 0],
            ['Big Corp 100%', 0],
          ],
        );
      } finally {
        await alone.close();
        await ours.close();
      }
    });

    it('tells tenancy, and where each table stands', async () => {
      const project = await openHost({ directory: example, settings, set });
      try {
        const host = project.forTask();
        const { tenancy, tenantModel, domainModel, apps } = await inspect(host);
        assert.equal(tenancy, true);
        assert.equal(tenantModel?.table, 'tenants_client');
        assert.equal(domainModel?.label, 'tenants.Domain');
        const places = Object.fromEntries(apps.map(({ label, shared, tenant }) => [label, [shared, tenant]]));
        assert.deepEqual(places.tenants, [true, false]);
        assert.deepEqual(places.carriers, [false, true]);
        assert.deepEqual(places.auth, [true, true]);
        const tables = await expectedTables(host);
        assert.deepEqual(
          tables
            .filter(({ table }) => table === 'tenants_client' || table === 'carriers_carrier')
            .map(({ table, shared, tenant }) => [table, shared, tenant]),
          [
            ['tenants_client', true, false],
            ['carriers_carrier', false, true],
          ],
        );
        // A schema without the table of records lacks everything; on an empty database there are no tenants.
        const empty = await states(host, { scope: 'all' });
        assert.deepEqual(
          empty.schemas.map(({ schema }) => schema),
          ['public'],
        );
        const asked = await states(host, { schemas: ['nowhere'] });
        assert.equal(asked.schemas[0]?.pending.length, empty.schemas[0]?.pending.length);
      } finally {
        await project.close();
      }
    });

    it('knows a squashed migration, and records it where its parts are applied', async () => {
      const project = await openHost({ directory: example, settings, set });
      try {
        const first = project.forTask();
        await migrate(first, { schema: 'public' });
        await ensure(first);
        await migrate(first, { schema: 'acme' });
        await writeFile(
          join(project.directory, 'wholesale/contacts/migrations/0001_squashed_0003.py'),
          squashed(
            await readFile(join(project.directory, 'wholesale/contacts/migrations/0001_initial.py'), 'utf8'),
          ),
        );
        // Another environment makes another process, which sees the new file.
        const host = project.forTask({ env: { AGAIN: '1' } });
        const { schemas } = await states(host, { scope: 'tenants' });
        const squash = { app: 'contacts', name: '0001_squashed_0003' };
        assert.deepEqual(schemas[0]?.pending, [squash]);
        assert.ok(schemas[1]?.pending.some(({ name }) => name === squash.name));
        assert.ok(!schemas[1]?.pending.some(({ name }) => name === '0003_looked_after_by'));
        assert.deepEqual((await migrate(host, { schema: 'acme' })).applied, [squash]);
        const [after] = (await states(host, { schemas: ['acme'] })).schemas;
        assert.deepEqual([after?.pending, after?.unknown], [[], []]);
      } finally {
        await project.close();
      }
    });

    it('names the schema that has applied a part of what was squashed and deleted, and the files that it needs', async () => {
      const project = await openHost({ directory: example, settings, set });
      try {
        const first = project.forTask();
        await migrate(first, { schema: 'public' });
        await ensure(first);
        await migrate(first, { schema: 'acme' });
        await migrate(first, { schema: 'acme', app: 'contacts', migration: '0001_initial' });
        const folder = join(project.directory, 'wholesale/contacts/migrations');
        const text = await readFile(join(folder, '0001_initial.py'), 'utf8');
        await writeFile(join(folder, '0001_squashed_0003.py'), squashed(text));
        const parts = (await readdir(folder)).filter((name) => /^000\d_(?!squashed)\w+\.py$/.test(name));
        for (const name of parts) await rm(join(folder, name));
        const host = project.forTask({ env: { AGAIN: '1' } });
        const error = await rejection(states(host, { schemas: ['acme'] }));
        assert.ok(error instanceof BootstrapError);
        const [problem] = error.problems;
        assert.equal(problem.code, 'DBB6026');
        assert.equal(
          problem.message,
          'schema "acme" has applied a part of what contacts.0001_squashed_0003 replaces, and the rest is not on disk',
        );
        for (const name of parts)
          assert.ok(problem.help?.includes(`contacts.${name.slice(0, -3)}`), problem.help);
      } finally {
        await project.close();
      }
    });

    it('makes the public schema where it has another name', async () => {
      const project = await openHost({ directory: example, settings, set });
      try {
        await appendFile(
          join(project.directory, 'wholesale/settings/test.py'),
          'PUBLIC_SCHEMA_NAME = "common"\n',
        );
        const host = project.forTask();
        assert.equal((await inspect(host)).publicSchema, 'common');
        await migrate(host, { schema: 'common' });
        await ensure(host);
        await migrate(host, { schema: 'acme' });
        const rows = await project.rows<{ schema: string }>(
          "select schemaname as schema from pg_tables where tablename in ('tenants_client', 'carriers_carrier') order by 1",
        );
        assert.deepEqual(
          rows.map(({ schema }) => schema),
          ['acme', 'common'],
        );
      } finally {
        await project.close();
      }
    });

    it('sends the signals of django_tenants', async () => {
      const project = await openHost({ directory: example, settings, set });
      try {
        await appendFile(
          join(project.directory, 'wholesale/tenants/models.py'),
          `
from django.db.models.signals import post_migrate
from django_tenants import signals

def heard(name):
    def listener(sender, **kwargs):
        if name != "post_migrate" or sender.label == "carriers":
            print("heard %s %s" % (name, kwargs.get("schema_name") or kwargs["using"]))
    return listener

for name in ("schema_pre_migration", "schema_migrated"):
    if hasattr(signals, name):
        getattr(signals, name).connect(heard(name), weak=False)
post_migrate.connect(heard("post_migrate"), weak=False)
`,
        );
        await migrate(project.forTask(), { schema: 'public' });
        assert.deepEqual(project.printed.join('').match(/(?<=heard ).*/g), [
          ...(set === 'new' ? ['schema_pre_migration public'] : []),
          'post_migrate default',
          'schema_migrated public',
        ]);
      } finally {
        await project.close();
      }
    });

    it('gives tenants of each type their own tables', async () => {
      const project = await openHost({ directory: fixture, settings: 'wholesale.settings_types', set });
      try {
        const host = project.forTask();
        assert.equal((await inspect(host)).multiType, true);
        const types = (await expectedTables(host)).map(({ table, types }) => [table, types] as const);
        const everyType = [...new Set(types.flatMap(([, names]) => names ?? []))];
        assert.ok(everyType.length >= 2);
        await migrate(host, { schema: 'public' });
        await project.rows("insert into accounts_plan (id, name) values (1, 'any')");
        for (const type of everyType) {
          await ensure(host, [
            { schema: type, domain: `${type}.example.com`, fields: { name: type, plan: 1, size: type } },
          ]);
          await migrate(host, { schema: type });
          const there = await project.rows<{ name: string }>(
            "select tablename as name from pg_tables where schemaname = $1 and tablename <> 'django_migrations'",
            [type],
          );
          assert.deepEqual(
            there.map(({ name }) => name).sort(),
            types.flatMap(([table, names]) => (names?.includes(type) === true ? [table] : [])).sort(),
          );
        }
      } finally {
        await project.close();
      }
    });
  });
}

/** A migration that replaces all of the app's: only what it replaces matters here. */
function squashed(initial: string): string {
  return initial.replace(
    /class Migration\(migrations\.Migration\):\n/,
    `class Migration(migrations.Migration):
    replaces = [("contacts", "0001_initial"), ("contacts", "0002_contact_of_a_supplier"), ("contacts", "0003_looked_after_by")]
`,
  );
}
