import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, copyExample, runEnd } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { FreezingServer } from '../support/freezing-server.js';
import { createTestDatabase, query, startServer, type OwnServer } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';

describe('a workflow whose seed fails', function () {
  this.timeout(180_000);
  let project: ReturnType<typeof copyExample>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let config: string;
  const run = (...args: string[]): ReturnType<typeof bootstrap> =>
    bootstrap(['run', '--skip', 'venv', ...args], {
      cwd: project.folder,
      env: { DATABASE_URL: database.url },
    });
  const seed = (lines: string): void =>
    writeFileSync(
      join(project.folder, '.bootstraprc'),
      config.replace(/ {2}seed:\n(?: {4}.*\n)*/, `  seed:\n${lines}`),
    );

  before(async () => {
    project = copyExample('django-tenants', await virtualEnv('old'));
    config = readFileSync(join(project.folder, '.bootstraprc'), 'utf8');
    database = await createTestDatabase();
  });
  after(async () => {
    await database.drop();
    project.remove();
  });

  it('shows the cause as the headline, the place in the config, and the output of the task last and whole', async () => {
    seed(`    use: command
    run: .venv/bin/python manage.py shell -c "from wholesale.carriers.models import Carrier; print(list(Carrier.objects.all()))"
    needs: [init, venv]
  # Not while the cause is looked for.
  tenant-migrations: { after: [seed] }
`);
    const { code, stdout } = await run('--reporter', 'append-only', '--on-failure', 'continue');
    assert.equal(code, 1, stdout);
    const end = stdout.slice(stdout.indexOf('error['));
    assert.match(
      end,
      /^error\[DBB5050\]: task "seed" runs before "tenant-migrations", which makes table "carriers_carrier": it does not need it\n {2}--> \.bootstraprc:\d+:\d+\n/,
    );
    assert.match(end, /\n {2}symptom: relation "carriers_carrier" does not exist\n/);
    assert.match(end, /\n {2}help: add it: "tasks\.seed\.needs: \[init, venv, tenant-migrations\]"\n/);
    assert.doesNotMatch(stdout, /^error\[DBB\d+\]: .*relation "carriers_carrier" does not exist/m);
    const [, rest = ''] = end.split(/\nlog of task "seed": .*seed\.log\n/);
    assert.match(rest, /^\noutput of task "seed":\n {2}\| Traceback/);
    assert.match(
      rest,
      / {2}\| django\.db\.utils\.ProgrammingError: relation "carriers_carrier" does not exist\n/,
    );
    assert.match(rest, /\n\n?(?:not done: .*\n)?resume: .*\nnot ready: .*task "seed" failed.*\n$/);
  });

  it('says that it worked in public, once the tenants are there', async () => {
    seed(`    use: command
    run: .venv/bin/python manage.py shell -c "from wholesale.carriers.models import Carrier; print(list(Carrier.objects.all()))"
    needs: [tenant-migrations]
`);
    const { code, stdout } = await run('--reporter', 'ndjson');
    assert.equal(code, 1, stdout);
    const task = runEnd(stdout).tasks.find(({ name }) => name === 'seed');
    assert.equal(task?.problems?.[0]?.code, 'DBB6073');
    assert.equal(task.reason, task.problems[0].message);
  });

  it('says for each tenant what its migration met, and how that is repaired', async () => {
    const forget = (schema: string): string =>
      `delete from ${schema}.django_migrations where app = 'plants' and name = '0003_pickup'`;
    await query(database.url, `${forget('corner_shop')}; ${forget('test_tenant')}`);
    const { code, stdout } = await run('--reporter', 'append-only', '--only', 'tenant-migrations');
    assert.equal(code, 1, stdout);
    const heads = stdout.split('\n').filter((line) => line.startsWith('error['));
    assert.deepEqual(heads, [
      'error[DBB6027]: 2 of 2 tenants failed: test_tenant, corner_shop',
      ...['test_tenant', 'corner_shop'].map(
        (schema) =>
          `error[DBB6074]: schema "${schema}" holds what migration plants.0003 makes, and does not record it: table "plants_pickup" exists already`,
      ),
    ]);
    for (const [, command = ''] of stdout.matchAll(/record it: python (.*)$/gm)) {
      execFileSync('.venv/bin/python', command.split(' '), {
        cwd: project.folder,
        env: {
          ...process.env,
          DATABASE_URL: database.url,
          DJANGO_SETTINGS_MODULE: 'wholesale.settings.test',
        },
      });
    }
    const again = await run('--only', 'tenant-migrations');
    assert.equal(again.code, 0, again.stdout);
  });

  it('names each tenant that records a migration and lacks its table', async () => {
    await query(database.url, 'drop table corner_shop.carriers_carrier cascade');
    seed(`    use: command
    run: .venv/bin/python manage.py seed
    needs: [tenant-migrations]
`);
    const { code, stdout } = await run('--reporter', 'ndjson', '--only', 'seed');
    assert.equal(code, 1, stdout);
    const [problem] = runEnd(stdout).tasks.find(({ name }) => name === 'seed')?.problems ?? [];
    assert.equal(problem?.code, 'DBB6012');
    assert.deepEqual(problem.facts?.schemas, ['corner_shop']);
  });
});

describe('a failure whose server is gone', function () {
  this.timeout(60_000);
  let server: OwnServer;
  before(async () => (server = await startServer()));
  after(() => server.stop());

  it('is told as it is, without waiting for the server', async () => {
    const pid = readFileSync(join(server.folder, 'data/postmaster.pid'), 'utf8').split('\n')[0] ?? '';
    const project = makeFolder({
      '.bootstraprc': `tasks:
  wait: { use: wait }
  seed:
    use: command
    needs: [wait]
    run: |
      kill -QUIT ${pid}; while psql -c 'select 1'; do :; done; echo 'ERROR:  relation "x" does not exist' >&2; exit 1
`,
    });
    try {
      const { stdout } = await bootstrap(['run', '--reporter', 'ndjson'], {
        cwd: project.folder,
        env: { DATABASE_URL: server.url },
      });
      const task = runEnd(stdout).tasks.find(({ name }) => name === 'seed');
      assert.equal(task?.status, 'failed');
      assert.equal(task.problems?.[0]?.code, 'DBB5001');
      assert.match(task.problems[0].output ?? '', /relation "x" does not exist/);
      assert.ok(task.ms < 15_000);
    } finally {
      project.remove();
    }
  });
});

describe('a server that takes connections and says nothing', function () {
  this.timeout(60_000);

  it('is waited for as long as the deadline says, not as long as logins may take', async () => {
    const project = makeFolder({ '.bootstraprc': '{ tasks: { wait: { deadline: 500ms } } }' });
    const server = await FreezingServer.start();
    try {
      const from = performance.now();
      const { code, stdout } = await bootstrap(['run'], {
        cwd: project.folder,
        env: { DATABASE_URL: server.url },
      });
      assert.equal(code, 1, stdout);
      assert.match(stdout, /^error\[DBB4001\]: .* does not answer/m);
      // A login is given up after 10 s.
      assert.ok(performance.now() - from < 8000, stdout);
    } finally {
      server.close();
      project.remove();
    }
  });
});
