import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { bootstrap, Command, runEnd } from '../support/command.js';
import { FakeCommands } from '../support/fake-command.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { until } from '../support/until.js';

describe('two runs at once', function () {
  this.timeout(60_000);
  let fakes: FakeCommands;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let folder: string;

  before(async () => {
    fakes = await FakeCommands.start();
    database = await createTestDatabase();
  });
  after(async () => {
    fakes.close();
    await database.drop();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dbb-lock-'));
    const tasks = {
      wait: {},
      work: { use: 'command', run: fakes.line('work'), needs: ['wait'] },
      next: { use: 'command', run: 'true', needs: ['work'] },
    };
    writeFileSync(join(folder, '.bootstraprc'), JSON.stringify({ tasks }));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = (...args: string[]): Command =>
    new Command(['run', '--reporter', 'ndjson', ...args], {
      cwd: folder,
      env: { DATABASE_URL: database.url },
    });

  it('on one database: one works, the other ends with 4 and names run, host, pid and since when', async () => {
    const first = start();
    const work = await fakes.next('work');
    const second = await start().ended;
    assert.equal(second.code, 4, second.stdout);
    const [problem] = runEnd(second.stdout).problems ?? [];
    assert.equal(problem?.code, 'DBB4008');
    assert.match(
      problem.message,
      new RegExp(
        `run \\d{8}-\\d{6}-[0-9a-f]{4} on host ${hostname()}, pid ${String(first.child.pid)}, since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC`,
      ),
    );
    assert.ok(runEnd(second.stdout).tasks.every(({ changed }) => !changed));
    await work.exit(0);
    assert.equal((await first.ended).code, 0);
  });

  it('of which one only reads: neither waits for the other, nor ends it', async () => {
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('select pg_advisory_lock(7)');
    const slow = {
      use: 'command',
      run: 'true',
      if: { sql: 'select pg_advisory_lock_shared(7)::text is not null' },
    };
    const config = { grace: '10m', tasks: { wait: {}, slow } };
    writeFileSync(join(folder, '.bootstraprc'), JSON.stringify(config));
    const plan = new Command(['plan'], { cwd: folder, env: { DATABASE_URL: database.url } });
    await until(async () => {
      const waiting =
        "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
      return (await query(database.url, waiting)).length > 0;
    });
    const run = await start('--skip', 'slow').ended;
    assert.equal(run.code, 0, run.stdout);
    await holder.end();
    const { code, stdout, stderr } = await plan.ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^run +slow/m);
  });

  it('with --wait-lock the second waits for the first, and then works', async () => {
    const first = start();
    const work = await fakes.next('work');
    const second = start('--wait-lock', '60s');
    await waitFor(async () => (await lockSessions(database.url)).length === 2);
    await work.exit(0);
    assert.equal((await first.ended).code, 0);
    await (await fakes.next('work')).exit(0);
    assert.equal((await second.ended).code, 0);
  });

  it('a command that was killed holds nothing', async () => {
    const first = start();
    await fakes.next('work');
    first.kill('SIGKILL');
    await first.ended;
    const second = start();
    await (await fakes.next('work')).exit(0);
    assert.equal((await second.ended).code, 0);
  });

  it('a lost lock starts nothing new, and says so', async () => {
    const run = start();
    const work = await fakes.next('work');
    await query(
      database.url,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'dbb:%'`,
    );
    await waitFor(async () => (await lockSessions(database.url)).length === 0);
    await work.exit(0);
    const { code, stdout } = await run.ended;
    assert.equal(code, 1, stdout);
    const end = runEnd(stdout);
    assert.equal(end.problems?.[0]?.code, 'DBB4009');
    assert.deepEqual(
      end.tasks.map(({ name, status }) => `${name} ${status}`),
      ['wait succeeded', 'work succeeded', 'next cancelled'],
    );
  });

  it('in one folder without a database, too', async () => {
    writeFileSync(
      join(folder, '.bootstraprc'),
      JSON.stringify({ tasks: { work: { use: 'command', run: fakes.line('work') } } }),
    );
    const alone = { cwd: folder, env: {} };
    const first = new Command(['run'], alone);
    const work = await fakes.next('work');
    const second = await bootstrap(['run', '--reporter', 'ndjson'], alone);
    assert.equal(second.code, 4, second.stdout + second.stderr);
    assert.equal(runEnd(second.stdout).problems?.[0]?.facts?.pid, first.child.pid);
    await work.exit(0);
    assert.equal((await first.ended).code, 0);
  });
});

function lockSessions(url: string): Promise<object[]> {
  return query(
    url,
    `select pid from pg_stat_activity where application_name like 'dbb:%' and datname = current_database()`,
  );
}

async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
