import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask } from '../support/django-task.js';
import { addTenants, openMigrated, reopen } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';
import { rejection } from '../support/rejection.js';
import { logOf, testMemory } from '../support/task-context.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'one', 'two'];

/** What a handler is told is written down in each schema. */
const listener = `
from django.db.models.signals import post_migrate


def note(sender, using, apps, plan, verbosity, interactive, **kwargs):
    if sender.label == "carriers":
        from django.db import connections
        with connections[using].cursor() as cursor:
            cursor.execute("create table if not exists heard (plan text, models text, how text)")
            cursor.execute("insert into heard values (%s, %s, %s)", [
                ",".join("%s.%s" % (step.app_label, step.name) for step, _ in plan),
                ",".join(sorted(model._meta.label for model in apps.get_models())),
                "%s %s %s" % (verbosity, interactive, sorted(kwargs)),
            ])


post_migrate.connect(note, dispatch_uid="note")
`;

const signal = `
from django_tenants.signals import schema_migrated


def migrated(schema_name, **kwargs):
    print("migrated", schema_name)


schema_migrated.connect(migrated, dispatch_uid="migrated")
`;

const created = `
from django_tenants.signals import post_schema_sync


def fill(tenant, **kwargs):
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("create table if not exists filled (tenant text, path text, tables int)")
        cursor.execute(
            "insert into filled select %s, current_setting('search_path'),"
            " (select count(*) from pg_tables where schemaname = %s)",
            [tenant.schema_name, tenant.schema_name],
        )
    if tenant.schema_name == "refused":
        raise RuntimeError("the receiver refuses")


post_schema_sync.connect(fill, dispatch_uid="fill")
`;

for (const set of ['old', 'new'] as const)
  describe(`what comes after migrating, in every tenant (${set})`, function () {
    this.timeout(60_000);
    let project: TestHost;

    before(async () => {
      project = await openMigrated(schemas, set);
    });
    after(() => project.close());

    /** The next release adds a model, and is applied; the task's log. */
    const release = async (number: number, before: string, options: object = {}): Promise<string> => {
      const text = `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "${before}")]
    operations = [migrations.CreateModel("Depot${String(number)}", [("id", models.BigAutoField(primary_key=True))])]
`;
      await writeFile(
        join(project.directory, `wholesale/carriers/migrations/000${String(number)}_next.py`),
        text,
      );
      const next = await reopen(project, set);
      try {
        const memory = testMemory();
        await kind.run(djangoTask(next, kind, { memory, options }));
        return [...next.printed, ...logOf(memory)].join('\n');
      } finally {
        await next.close();
      }
    };
    const replaceInModels = async (before: string, after: string): Promise<void> => {
      const file = join(project.directory, 'wholesale/carriers/models.py');
      await writeFile(file, (await readFile(file, 'utf8')).replace(before, after));
    };
    const permissionsOf = (model: string): Promise<number[]> =>
      Promise.all(
        schemas.map(
          async (schema) =>
            (
              await project.rows(
                `select from "${schema}".auth_permission p join "${schema}".django_content_type t on t.id = p.content_type_id where t.model = $1`,
                [model],
              )
            ).length,
        ),
      );

    it('nothing is added where that is not wanted, and all of it by the next release', async () => {
      await release(5, '0004_own_collection', { postMigrate: 'never' });
      assert.deepEqual(await permissionsOf('depot5'), [0, 0, 0]);
      await release(6, '0005_next', { postMigrate: 'always' });
      assert.deepEqual(await permissionsOf('depot5'), [4, 4, 4]);
      assert.deepEqual(await permissionsOf('depot6'), [4, 4, 4]);
    });

    it('a handler of the project is told in a replayed tenant what Django tells it', async () => {
      await appendFile(join(project.directory, 'wholesale/carriers/models.py'), listener);
      const log = await release(7, '0006_next');
      assert.match(log, /they listen to post_migrate: wholesale\.carriers\.models\.note/);
      assert.doesNotMatch(log, /not replayed/);
      const [canary, ...others] = await Promise.all(
        schemas.map((schema) => project.rows(`select * from "${schema}".heard`)),
      );
      assert.equal(canary?.length, 1);
      assert.match(String(canary[0]?.models), /carriers\.Depot7/);
      for (const heard of others) assert.deepEqual(heard, canary);
      assert.deepEqual(await permissionsOf('depot7'), [4, 4, 4]);
    });

    it('who listens to the signals of django_tenants gets all of them from Django', async () => {
      await appendFile(join(project.directory, 'wholesale/carriers/models.py'), signal);
      const log = await release(8, '0007_next');
      assert.match(log, /not replayed, but done by Django: the project listens to schema_migrated/);
      for (const schema of schemas) assert.match(log, new RegExp(`^migrated ${schema}$`, 'm'));
      assert.deepEqual(await permissionsOf('depot8'), [4, 4, 4]);
    });

    it('who listens to new tenants is called for each once it is migrated, and again where that failed', async () => {
      await appendFile(join(project.directory, 'wholesale/carriers/models.py'), created);
      const memory = testMemory();
      const run = async (): Promise<unknown> => {
        const next = await reopen(project, set);
        try {
          return await kind.run(djangoTask(next, kind, { memory }));
        } finally {
          await next.close();
        }
      };
      const names = ['fresh', 'fresher', 'refused'];
      const next = await reopen(project, set);
      await addTenants(next, names);
      await next.close();
      assert.match(String(await rejection(run())), /1 of 6 tenants failed: refused/);
      assert.match(logOf(memory).join('\n'), /not replayed, but done by Django: the project listens to/);
      await replaceInModels('raise RuntimeError("the receiver refuses")', 'pass');
      await run();
      await run();
      const filled = await project.rows<{ tenant: string; path: string; whole: boolean }>(
        'select tenant, path, tables > 20 as whole from filled order by tenant',
      );
      assert.deepEqual(
        filled,
        [...names, 'refused'].map((tenant) => ({ tenant, path: 'public', whole: true })),
      );
      // As django_tenants does for a new row whose schema is there already, migrated.
      await project.rows(
        `delete from public.tenants_domain; delete from public.tenants_client; truncate public.filled`,
      );
      const again = await reopen(project, set);
      await addTenants(again, ['fresh']);
      await addTenants(again, ['fresh']);
      await again.close();
      assert.deepEqual(await project.rows('select tenant, path from filled'), [
        { tenant: 'fresh', path: 'public' },
      ]);
    });
  });
