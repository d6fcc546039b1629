import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap, copyExample } from '../support/command.js';
import { createTestDatabase, dump } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';

const next = `
from django.db import migrations, models


def look(apps, schema_editor):
    list(apps.get_model("carriers", "Carrier").objects.all())


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_own_collection"), ("tenants", "0001_initial")]
    operations = [
        migrations.AddField("carrier", "tier", models.IntegerField(default=2)),
        migrations.AddField(
            "carrier", "owner", models.ForeignKey("tenants.Client", models.CASCADE, null=True)
        ),
    ]
`;
const code = next
  .replace('0004_own_collection', '0005_next')
  .replace(/operations = \[[\s\S]*\]\n/, 'operations = [migrations.RunPython(look)]\n');

const concurrent = next
  .replace('0004_own_collection', '0006_code')
  .replace('from django', 'from django.contrib.postgres.operations import AddIndexConcurrently\nfrom django')
  .replace(
    /operations = \[[\s\S]*\]\n/,
    'atomic = False\n    operations = [AddIndexConcurrently("carrier", models.Index(fields=["name"], name="by_name"))]\n',
  );

describe('db-bootstrap record', function () {
  this.timeout(120_000);
  let project: ReturnType<typeof copyExample>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const run = (...args: string[]): ReturnType<typeof bootstrap> =>
    bootstrap(args, { cwd: project.folder, env: { DATABASE_URL: database.url } });

  before(async () => {
    project = copyExample('django-tenants', await virtualEnv('new'));
    database = await createTestDatabase();
    const { code: exit, stderr } = await run('run', '--skip', 'venv');
    assert.equal(exit, 0, stderr);
  });
  after(async () => {
    await database.drop();
    project.remove();
  });

  it('says that nothing is pending', async () => {
    const { code: exit, stdout } = await run('record', '--schema', 'test_tenant');
    assert.equal(exit, 0);
    assert.equal(stdout, 'nothing is pending in "test_tenant"\n');
  });

  it('shows what is replayed, what Django does, the statements and the locks, and undoes all of it', async () => {
    const folder = join(project.folder, 'wholesale/carriers/migrations');
    writeFileSync(join(folder, '0005_next.py'), next);
    writeFileSync(join(folder, '0006_code.py'), code);
    writeFileSync(join(folder, '0007_index.py'), concurrent);
    // A rollback leaves gaps in sequences: PostgreSQL never takes a number back.
    const picture = async (): Promise<string> =>
      (await dump(database.url)).replace(/^SELECT pg_catalog\.setval.*$/gm, '');
    const before = await picture();
    const list = await run('record', '--schema', 'test_tenant');
    assert.equal(list.code, 0, list.stderr);
    assert.match(
      list.stdout,
      /^replay {2}carriers\.0005_next {2}\d statements\nDjango {2}carriers\.0006_code {2}0 statements\nreplay {2}carriers\.0007_index {2}1 statement\n/,
    );
    assert.match(list.stdout, /by Django in each tenant: carriers\.0006_code: RunPython/);
    assert.match(list.stdout, /one tenant at a time: public\.tenants_client\n/);
    const sql = await run('record', '--schema', 'test_tenant', '--sql');
    assert.match(
      sql.stdout,
      /^-- carriers\.0007_index \(outside of transactions\)\nCREATE INDEX CONCURRENTLY "by_name"/m,
    );
    assert.match(
      sql.stdout,
      /^-- carriers\.0005_next\n-- lock: ShareRowExclusiveLock on public\.tenants_client\n/,
    );
    assert.match(sql.stdout, /^-- lock: AccessExclusiveLock on test_tenant\.carriers_carrier$/m);
    assert.match(
      sql.stdout,
      /^ALTER TABLE "carriers_carrier" ADD COLUMN "tier" integer DEFAULT 2 NOT NULL;$/m,
    );
    const json = JSON.parse((await run('record', '--schema', 'test_tenant', '--json')).stdout) as {
      segments: { by: string; migrations: { name: string }[] }[];
    };
    assert.deepEqual(
      json.segments.map(({ by, migrations }) => [by, migrations.map(({ name }) => name)]),
      [
        ['replay', ['0005_next']],
        ['alone', ['0006_code']],
        ['steps', ['0007_index']],
      ],
    );
    assert.equal(await picture(), before);
  });

  it('needs a schema, and one that exists', async () => {
    const without = await run('record');
    assert.equal(without.code, 2);
    assert.match(without.stderr, /^error\[DBB1008\]: "record" needs the schema of a tenant/);
    const wrong = await run('record', '--schema', 'nowhere');
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /schema "nowhere" does not exist/);
    assert.doesNotMatch(wrong.stderr, /^ +at /m);
  });

  it('and status say in a project without tenants what to do there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dbb-record-'));
    cpSync('test/fixtures/django/plain', folder, { recursive: true });
    writeFileSync(join(folder, '.bootstraprc'), 'preset: django\n');
    const env = {
      DATABASE_URL: database.url,
      PATH: `${await virtualEnv('new')}/bin:${process.env.PATH ?? ''}`,
    };
    try {
      for (const [args, help] of [
        [['record', '--schema', 'public'], /help: run "python manage\.py sqlmigrate"/],
        [['status'], /help: run "db-bootstrap plan"/],
      ] as const) {
        const { code: exit, stderr } = await bootstrap(args, { cwd: folder, env });
        assert.equal(exit, 1);
        assert.match(stderr, /^error\[DBB6018\]: the project has no tenants/);
        assert.match(stderr, help);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
