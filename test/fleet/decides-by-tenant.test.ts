import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { migrate, preflight } from '../../lib/django/index.js';
import { placement } from '../../lib/diagnose/project/placement.js';
import { checkDrift } from '../../tasks/checks/drift.js';
import { checkTables } from '../../tasks/checks/tables.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask } from '../support/django-task.js';
import { bootstrap } from '../support/command.js';
import { findingsWith } from '../support/evidence.js';
import { openMigrated, reopen } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';
import { query, testServer } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { logOf, testMemory } from '../support/task-context.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'one', 'two'];

const router = (refused: string): string => `
from django.db import connections
from django_tenants.routers import TenantSyncRouter


class Router(TenantSyncRouter):
    def allow_migrate(self, db, app_label, model_name=None, **hints):
        if app_label == "carriers" and connections[db].schema_name in (${refused}):
            return False
        return super().allow_migrate(db, app_label, model_name, **hints)
`;

const ownExecutor = `
from django.db import connection
from django_tenants.migration_executors.standard import StandardExecutor


class Executor(StandardExecutor):
    def run_migrations(self, tenants=None):
        super().run_migrations(tenants=tenants)
        with connection.cursor() as cursor:
            for name in tenants:
                cursor.execute("comment on schema %s is 'executed: %s'" % (connection.ops.quote_name(name), name))


def choose(codename=None):
    return Executor
`;

const ownCommand = `
from django.db import connection
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand


class Command(MigrateSchemasCommand):
    def handle(self, *args, **options):
        super().handle(*args, **options)
        with connection.cursor() as cursor:
            cursor.execute("comment on schema %s is 'ours: %s'" % (self.schema_name, self.schema_name))
`;

const otherCommand = `
from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    def handle(self, *args, **options):
        with connection.cursor() as cursor:
            cursor.execute("comment on schema one is 'all at once'")
`;

const own = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

const engine = (role: string): string => `
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django_tenants.postgresql_backend import base


class Editor(DatabaseSchemaEditor):
    def create_model(self, model):
        super().create_model(model)
        self.execute('grant select on "%s" to "${role}_%s"' % (model._meta.db_table, self.connection.schema_name))


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = Editor
`;

const operation = `
from django.db import migrations, models


class Own(models.TextField):
    def db_type(self, connection):
        return "varchar(9)" if connection.schema_name == "one" else "text"


class Named(models.Index):
    def create_sql(self, model, schema_editor, using="", **kwargs):
        if schema_editor.connection.schema_name == "one":
            using = " using hash"
        return super().create_sql(model, schema_editor, using, **kwargs)
`;

describe('a project that decides by tenant', function () {
  this.timeout(120_000);
  const prefix = `role_${randomBytes(6).toString('hex')}`;
  let project: TestHost;
  let releases: string[];

  before(async () => {
    project = await openMigrated(schemas);
    releases = ['0004_own_collection'];
    await writeFile(join(project.directory, 'wholesale/own.py'), operation);
  });
  after(async () => {
    await project.rows('drop owned by current_user cascade').catch(() => undefined);
    await project.close();
    for (const schema of schemas)
      await query((await testServer()).url, `drop role if exists "${prefix}_${schema}"`);
  });

  const settings = (text: string): Promise<void> =>
    appendFile(join(project.directory, 'wholesale/settings/test.py'), `\n${text}\n`);
  /** The next release: a migration of the app "carriers"; the task's log. */
  const release = async (operations: string): Promise<string> => {
    const name = `000${String(releases.length + 4)}_next`;
    const text = `from django.db import migrations, models
from wholesale.own import Named, Own


class Migration(migrations.Migration):
    dependencies = [("carriers", "${releases.at(-1) ?? ''}")]
    operations = [${operations}]
`;
    await writeFile(join(project.directory, `wholesale/carriers/migrations/${name}.py`), text);
    releases.push(name);
    return migrateAll();
  };
  const migrateAll = async (): Promise<string> => {
    const host = await reopen(project);
    try {
      const memory = testMemory();
      await kind.run(djangoTask(host, kind, { memory }));
      return logOf(memory).join('\n');
    } finally {
      await host.close();
    }
  };
  const depot = (number: number): string =>
    `migrations.CreateModel("Depot${String(number)}", [("id", models.BigAutoField(primary_key=True))])`;
  const checked = async (host: TestHost, check: unknown): Promise<string[]> => {
    const { findings = [] } = await (check as TaskKind).run(djangoTask(host, check as TaskKind));
    return findings.map(({ message }) => message);
  };
  const having = async (table: string): Promise<string[]> => {
    const rows = await project.rows<{ schema: string }>(
      `select relnamespace::regnamespace::text as schema from pg_class where relname = $1 order by 1`,
      [table],
    );
    return rows.map(({ schema }) => schema);
  };

  it('leaves a field that asks for the schema to Django', async () => {
    const log = await release('migrations.AddField("carrier", "own", Own(null=True))');
    assert.match(log, /not replayed, but done by Django: .*own\.Own/);
    const types = await project.rows<{ type: string }>(
      `select format_type(atttypid, atttypmod) as type from pg_attribute a join pg_class c on c.oid = attrelid
        where relname = 'carriers_carrier' and attname = 'own' order by relnamespace::regnamespace::text`,
    );
    assert.deepEqual(
      types.map(({ type }) => type),
      ['text', 'character varying(9)', 'text'],
    );
  });

  it('leaves an index that asks for the schema to Django', async () => {
    const log = await release('migrations.AddIndex("carrier", Named(fields=["name"], name="own_index"))');
    assert.match(log, /not replayed, but done by Django: .*own\.Named/);
    const rows = await project.rows<{ schema: string }>(
      `select relnamespace::regnamespace::text as schema from pg_class c join pg_am a on a.oid = relam
        where relname = 'own_index' and amname = 'hash'`,
    );
    assert.deepEqual(rows, [{ schema: 'one' }]);
  });

  it("leaves all to Django where a schema editor of the project's grants rights", async () => {
    for (const schema of schemas) await project.rows(`create role "${prefix}_${schema}"`);
    await mkdir(join(project.directory, 'wholesale/engine'));
    await writeFile(join(project.directory, 'wholesale/engine/__init__.py'), '');
    await writeFile(join(project.directory, 'wholesale/engine/base.py'), engine(prefix));
    await settings('DATABASES["default"]["ENGINE"] = "wholesale.engine"');
    const log = await release(depot(1));
    assert.match(
      log,
      /done by Django: the project's database backend has a class of its own: wholesale\.engine/,
    );
    const granted = await project.rows<{ schema: string; grantee: string }>(
      `select relnamespace::regnamespace::text as schema, grantee::regrole::text from pg_class, aclexplode(relacl)
        where relname = 'carriers_depot1' and grantee <> relowner order by 1`,
    );
    assert.deepEqual(
      granted,
      schemas.map((schema) => ({ schema, grantee: `${prefix}_${schema}` })),
    );
    await settings('DATABASES["default"]["ENGINE"] = "django_tenants.postgresql_backend"');
  });

  it('undoes a replay whose tables others may use, and leaves that tenant to Django', async () => {
    await project.rows(`alter default privileges in schema two grant select on tables to "${prefix}_two"`);
    const log = await release(depot(2));
    assert.match(log, /two: the replay was undone/);
    assert.doesNotMatch(log, /one: the replay was undone/);
    await project.rows(`alter default privileges in schema two revoke select on tables from "${prefix}_two"`);
  });

  for (const [refused, number] of [
    [['one', 'two'], 3],
    [['canary'], 4],
  ] as const)
    it(`makes what a router allows where it refuses ${refused.join(' and ')}`, async () => {
      await writeFile(join(project.directory, 'wholesale/routers.py'), router(own(refused)));
      await settings(
        'TENANT_SYNC_ROUTER = "wholesale.routers.Router"\nDATABASE_ROUTERS = [TENANT_SYNC_ROUTER]',
      );
      const log = await release(depot(number));
      assert.match(log, /done by Django: the project's router wholesale\.routers\.Router decides/);
      const allowed = schemas.filter((schema) => !(refused as readonly string[]).includes(schema));
      assert.deepEqual(await having(`carriers_depot${String(number)}`), allowed);
    });

  it('misses no table where a router refuses it, and compares with tenants that have the same', async () => {
    await writeFile(join(project.directory, 'wholesale/routers.py'), router('"one", "two"'));
    for (const schema of ['one', 'two'])
      await project.rows(`drop table ${schema}.carriers_carrier, ${schema}.carriers_depot1, ${schema}.carriers_depot2,
        ${schema}.carriers_depot4 cascade`);
    const host = await reopen(project);
    assert.deepEqual(await checked(host, checkTables), []);
    assert.deepEqual(await checked(host, checkDrift), []);
    await host.close();
  });

  it('misses a table that a router allows in one tenant alone', async () => {
    await writeFile(
      join(project.directory, 'wholesale/routers.py'),
      router('"public", "a tenant", "one", "two"'),
    );
    await project.rows('drop table if exists canary.carriers_carrier cascade');
    const host = await reopen(project);
    const [missing = '', ...rest] = await checked(host, checkTables);
    assert.match(missing, /schema "canary" records .* but table "carriers_carrier" does not exist/);
    // Tables of other apps refer to it, for which it is missing everywhere else.
    assert.ok(
      rest.every((text) => text.includes('"plants_pickup"')),
      rest.join('\n'),
    );
    // The app is on the list: that the router keeps it from others is no mistake of the settings.
    const { project: facts } = await preflight(host.forTask());
    assert.deepEqual(facts?.apps.find(({ label }) => label === 'carriers')?.places, []);
    assert.deepEqual(await findingsWith([placement], { host: host.forTask() }), []);
    await host.close();
  });

  it("migrates each schema by the project's own executor", async () => {
    await writeFile(join(project.directory, 'wholesale/executors.py'), ownExecutor);
    await writeFile(join(project.directory, 'wholesale/routers.py'), router('"nobody"'));
    await settings('GET_EXECUTOR_FUNCTION = "wholesale.executors.choose"');
    const log = await release(depot(6));
    assert.match(
      log,
      /done by Django: the setting GET_EXECUTOR_FUNCTION names an executor .*wholesale\.executors\.choose/,
    );
    const rows = await project.rows<{ told: string }>(
      `select obj_description(oid, 'pg_namespace') as told from pg_namespace where nspname = any($1) order by nspname`,
      [schemas],
    );
    assert.deepEqual(
      rows.map(({ told }) => told),
      schemas.map((schema) => `executed: ${schema}`),
    );
    await settings('GET_EXECUTOR_FUNCTION = None');
  });

  it("migrates each schema by the project's own migrate_schemas command", async () => {
    const folder = join(project.directory, 'wholesale/ours/management/commands');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'migrate_schemas.py'), ownCommand);
    await writeFile(join(project.directory, 'wholesale/routers.py'), router('"nobody"'));
    await settings('SHARED_APPS.insert(0, "wholesale.ours")\nINSTALLED_APPS.insert(0, "wholesale.ours")');
    const log = await release(depot(5));
    assert.match(
      log,
      /done by Django: the project has a migrate_schemas command of its own: wholesale\.ours\./,
    );
    const rows = await project.rows<{ schema: string; told: string }>(
      `select nspname as schema, obj_description(oid, 'pg_namespace') as told from pg_namespace where nspname = any($1) order by 1`,
      [schemas],
    );
    assert.deepEqual(
      rows.map(({ told }) => told),
      schemas.map((schema) => `ours: ${schema}`),
    );
  });

  it("refuses a project's own command that cannot migrate one schema, and a command task runs it", async () => {
    const file = 'wholesale/ours/management/commands/migrate_schemas.py';
    await writeFile(join(project.directory, file), otherCommand);
    const host = await reopen(project);
    const { problems } = await rejection(migrate(host.forTask(), { schema: 'one' }));
    const [problem] = problems;
    await host.close();
    assert.equal(problem.code, 'DBB6028');
    assert.match(
      problem.message,
      /own command wholesale\.ours\..*\.Command cannot migrate one schema: it has no option --schema/,
    );
    assert.equal(problem.place?.file, file);
    const [, tasks = ''] = /in the config: (tasks: .*)$/.exec(problem.help ?? '') ?? [];
    await writeFile(
      join(project.directory, '.bootstraprc'),
      `preset: django-tenants\nenv: { DJANGO_SETTINGS_MODULE: wholesale.settings.test }\n${tasks}\n`,
    );
    const { code, stdout, stderr } = await bootstrap(['run', '--only', 'shared,tenant-migrations'], {
      cwd: project.directory,
      env: {
        DATABASE_URL: project.url,
        PATH: `${join(await virtualEnv('new'), 'bin')}:${process.env.PATH ?? ''}`,
      },
    });
    assert.equal(code, 0, stdout + stderr);
    const [row] = await project.rows("select obj_description('one'::regnamespace, 'pg_namespace') as told");
    assert.deepEqual(row, { told: 'all at once' });
  });
});
