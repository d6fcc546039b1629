import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, runEnd } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { pythonOf } from '../support/python.js';
import { fileWriter, writeTenantsProject } from '../support/tenants-project.js';
import { until } from '../support/until.js';

const initial = `from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.CreateModel("Item", [("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID"))])]
`;

/** Says that it has begun, and goes on once somebody allows it. */
const waiting = `import pathlib
import time

from django.db import migrations

here = pathlib.Path(__file__).parent


def wait(apps, schema_editor):
    (here / "begun").touch()
    while not (here / "go").exists():
        time.sleep(0.01)


class Migration(migrations.Migration):
    dependencies = [("stock", "0001_initial")]
    operations = [migrations.RunPython(wait, migrations.RunPython.noop)]
`;

describe('a tenant that another session drops while a run migrates', function () {
  this.timeout(120_000);
  const project = makeFolder({});
  const { folder } = project;
  const write = fileWriter(folder);
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const run = async (): ReturnType<typeof bootstrap> =>
    bootstrap(['run', '--reporter', 'ndjson'], { cwd: folder, env: { DATABASE_URL: database.url } });

  const configure = async (...names: readonly string[]): Promise<void> => {
    const tenants = names.map(
      (name) => `{ schema: ${name}, domain: ${name}.test, fields: { name: ${name} } }`,
    );
    const python = await pythonOf('new');
    write(
      '.bootstraprc',
      `preset: django-tenants\ndjango: { python: ${python} }\ntenants: [${tenants.join(', ')}]\n`,
    );
  };

  before(async () => {
    database = await createTestDatabase();
    writeTenantsProject(folder, ['stock']);
    write('stock/__init__.py', '');
    write('stock/models.py', 'from django.db import models\n\n\nclass Item(models.Model):\n    pass\n');
    write('stock/migrations/__init__.py', '');
    write('stock/migrations/0001_initial.py', initial);
    await configure('a', 'b', 'c');
  });
  after(async () => {
    await database.drop();
    project.remove();
  });

  it('is named, with what happened to it, and the others are migrated', async () => {
    const first = await run();
    assert.equal(first.code, 0, first.stdout);
    write('stock/migrations/0002_wait.py', waiting);
    await configure('a', 'c');
    const running = run();
    await until(() => Promise.resolve(existsSync(join(folder, 'stock/migrations/begun'))));
    await query(
      database.url,
      `delete from clients_domain using clients_client c where tenant_id = c.id and schema_name = 'b';
       delete from clients_client where schema_name = 'b'; drop schema b cascade`,
    );
    writeFileSync(join(folder, 'stock/migrations/go'), '');
    const { code, stdout } = await running;
    assert.equal(code, 1, stdout);
    const failed = runEnd(stdout).tasks.find(({ status }) => status === 'failed');
    assert.equal(failed?.reason, '1 of 3 tenants failed: b');
    const [, problem, ...more] = failed.problems ?? [];
    assert.deepEqual(more, []);
    assert.deepEqual(
      [problem?.code, problem?.message, problem?.help],
      [
        'DBB5061',
        'tenant "b" was dropped while task "tenant-migrations" worked on it: it has neither a schema nor a row',
        'run "db-bootstrap run" again, which leaves it out',
      ],
    );
    const migrated = await query(
      database.url,
      `select 1 from a.django_migrations where name = '0002_wait' union all select 1 from c.django_migrations where name = '0002_wait'`,
    );
    assert.equal(migrated.length, 2);
    const again = await run();
    assert.equal(again.code, 0, again.stdout);
  });
});
