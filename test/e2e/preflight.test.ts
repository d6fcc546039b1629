import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, copyExample, eventsOf, runEnd } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { startPgBouncer } from '../support/pgbouncer.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';

describe('what a run looks for before it changes anything', function () {
  this.timeout(120_000);
  let project: ReturnType<typeof copyExample>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  before(async () => {
    project = copyExample('django-tenants', await virtualEnv('old'));
    database = await createTestDatabase();
  });
  after(async () => {
    await database.drop();
    project.remove();
  });

  it('fails with the fault as its problem, and starts no task that changes anything', async () => {
    const pgbouncer = await startPgBouncer(database.url, { mode: 'transaction' });
    try {
      const { code, stdout } = await bootstrap(['run', '--skip', 'venv', '--reporter', 'ndjson'], {
        cwd: project.folder,
        env: { DATABASE_URL: pgbouncer.url },
      });
      assert.equal(code, 1, stdout);
      const end = runEnd(stdout);
      assert.deepEqual(
        end.problems?.map((problem) => problem.code),
        ['DBB4041'],
      );
      assert.deepEqual(
        end.tasks.filter(({ changed }) => changed),
        [],
      );
      // A plan says beforehand what the run would say, and where it would stop.
      const planned = await bootstrap(['plan', '--skip', 'venv'], {
        cwd: project.folder,
        env: { DATABASE_URL: pgbouncer.url },
      });
      assert.equal(planned.code, 1);
      assert.match(
        planned.stdout,
        /\d+ skipped\n\na run would stop before its first change:\n\nerror\[DBB4041\]/,
      );
      // A check examines first what a run examines first.
      const checked = await bootstrap(['check', '--json'], {
        cwd: project.folder,
        env: { DATABASE_URL: pgbouncer.url },
      });
      const { problems } = JSON.parse(checked.stdout) as { problems?: { code: string }[] };
      assert.equal(checked.code, 3);
      assert.deepEqual(
        problems?.map(({ code }) => code),
        ['DBB4041'],
      );
      const schemas = await query<{ name: string }>(
        database.url,
        `select nspname as name from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'db_bootstrap')`,
      );
      assert.deepEqual(schemas, [{ name: 'public' }]);
      const tables = await query(
        database.url,
        `select from pg_class where relnamespace = 'public'::regnamespace`,
      );
      assert.equal(tables.length, 0);
    } finally {
      await pgbouncer.stop();
    }
  });

  it('warns of a pooler where commands alone would work behind it', async () => {
    const pgbouncer = await startPgBouncer(database.url, { mode: 'transaction' });
    const folder = makeFolder({ '.bootstraprc': 'tasks: { one: { use: command, run: "true" } }\n' });
    try {
      const { code, stdout } = await bootstrap(['run', '--reporter', 'ndjson'], {
        cwd: folder.folder,
        env: { DATABASE_URL: pgbouncer.url },
      });
      assert.equal(code, 0, stdout);
      const notices = eventsOf(stdout).flatMap((event) => (event.type === 'notice' ? [event.problem] : []));
      assert.deepEqual(
        notices.map((problem) => [problem.code, problem.severity]),
        [['DBB4041', 'warning']],
      );
    } finally {
      folder.remove();
      await pgbouncer.stop();
    }
  });

  for (const poolSize of [1, 2])
    it(`says so soon where the pool has room for ${String(poolSize)}, whatever the pooler waits`, async () => {
      const pgbouncer = await startPgBouncer(database.url, { mode: 'session', poolSize });
      const folder = makeFolder({
        '.bootstraprc': 'tasks: { wait: {}, a: { use: sql, text: select 1, needs: [wait] } }\n',
      });
      try {
        const from = Date.now();
        const { code, stdout } = await bootstrap(['run', '--reporter', 'ndjson'], {
          cwd: folder.folder,
          env: { DATABASE_URL: pgbouncer.url },
        });
        assert.equal(code, 1, stdout);
        const [problem] = runEnd(stdout).problems ?? [];
        assert.equal(problem?.code, 'DBB4013', stdout);
        assert.match(problem.message, /accepts a login but assigns no server connection within 10 s/);
        assert.ok(Date.now() - from < 25_000);
      } finally {
        folder.remove();
        await pgbouncer.stop();
      }
    });

  it('says that the pool of a pooler is too small for a run', async () => {
    const settings = ['query_wait_timeout = 1'];
    const pgbouncer = await startPgBouncer(database.url, { mode: 'session', poolSize: 2, settings });
    const folder = makeFolder({
      '.bootstraprc': 'tasks: { wait: {}, a: { use: sql, text: select 1, needs: [wait] } }\n',
    });
    try {
      const { code, stdout } = await bootstrap(['run', '--reporter', 'ndjson'], {
        cwd: folder.folder,
        env: { DATABASE_URL: pgbouncer.url },
      });
      assert.equal(code, 1, stdout);
      assert.doesNotMatch(stdout, /DBB9001/);
      const [problem, ...more] = runEnd(stdout).problems ?? [];
      assert.deepEqual(more, []);
      assert.equal(problem?.code, 'DBB4013');
      assert.match(
        problem.message,
        /^the pooler at 127\.0\.0\.1:\d+\/\w+ had no connection to the server left/,
      );
      assert.match(problem.help ?? '', /^raise default_pool_size of PgBouncer/);
    } finally {
      folder.remove();
      await pgbouncer.stop();
    }
  });

  it('stops for settings of which the first tenant would die, before any DDL', async () => {
    const settings = join(project.folder, 'wholesale/settings/test.py');
    const text = readFileSync(settings, 'utf8');
    const own = await createTestDatabase();
    writeFileSync(settings, `${text}\nTENANT_CREATION_FAKES_MIGRATIONS = True\n`);
    try {
      const { code, stdout } = await bootstrap(['run', '--skip', 'venv', '--reporter', 'ndjson'], {
        cwd: project.folder,
        env: { DATABASE_URL: own.url },
      });
      assert.equal(code, 1, stdout);
      const [problem, ...others] = runEnd(stdout).problems ?? [];
      assert.deepEqual(others, []);
      assert.equal(problem?.code, 'DBB6052');
      assert.match(problem.help ?? '', /^set TENANT_BASE_SCHEMA to the schema that is copied/);
      assert.deepEqual(
        await query(
          own.url,
          `select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where nspname !~ '^pg_' and nspname not in ('information_schema', 'db_bootstrap')`,
        ),
        [],
      );
    } finally {
      writeFileSync(settings, text);
      await own.drop();
    }
  });
});
