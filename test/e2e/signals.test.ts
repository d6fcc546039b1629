import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, runEnd } from '../support/command.js';
import { FakeCommands } from '../support/fake-command.js';
import { FreezingServer } from '../support/freezing-server.js';
import { createTestDatabase, freePort, query, startServer } from '../support/postgres.js';

describe('a run that is interrupted', function () {
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
    folder = mkdtempSync(join(tmpdir(), 'dbb-signals-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = (tasks: object, options: { config?: object; url?: string } = {}): Command => {
    writeFileSync(join(folder, '.bootstraprc'), JSON.stringify({ ...options.config, tasks }));
    return new Command(['run', '--reporter', 'ndjson'], {
      cwd: folder,
      env: { DATABASE_URL: options.url ?? database.url },
    });
  };
  const statuses = (stdout: string): string[] =>
    runEnd(stdout).tasks.map(({ name, status }) => `${name} ${status}`);

  it('by Ctrl-C: ends its children, exits with 130, and the ledger tells what was left', async () => {
    const run = start({
      wait: {},
      work: { use: 'command', run: fakes.line('work'), needs: ['wait'] },
      next: { use: 'command', run: 'true', needs: ['work'] },
    });
    const work = await fakes.next('work');
    run.kill('SIGINT');
    await work.ended;
    const { code, stdout, stderr } = await run.ended;
    assert.equal(code, 130, stdout + stderr);
    assert.equal(runEnd(stdout).status, 'cancelled');
    assert.deepEqual(statuses(stdout), ['wait succeeded', 'work cancelled', 'next cancelled']);
    const left = await query<{ task: string; status: string }>(
      database.url,
      `select task, t.status from db_bootstrap.task_results t join db_bootstrap.runs r on r.id = run_id
       where r.exit_code = 130 and t.status = 'cancelled' order by task`,
    );
    assert.deepEqual(
      left.map(({ task }) => task),
      ['next', 'work'],
    );
  });

  it('twice: does not wait for a child that ignores it', async () => {
    const run = start(
      { wait: {}, work: { use: 'command', run: fakes.line('work'), needs: ['wait'] } },
      { config: { grace: '10m' } },
    );
    const work = await fakes.next('work');
    await work.survive('SIGTERM');
    run.kill('SIGINT');
    await work.signalled();
    run.kill('SIGINT');
    assert.equal((await run.ended).code, 130);
    await work.ended;
  });

  it('by SIGTERM: exits with 143', async () => {
    const run = start({ work: { use: 'command', run: fakes.line('work') } });
    await fakes.next('work');
    run.kill('SIGTERM');
    assert.equal((await run.ended).code, 143);
  });

  for (const [what, task] of [
    ['a query of a task', { use: 'sql', text: 'select pg_sleep(600)' }],
    ['a query of a child', { use: 'command', run: `psql -X -c 'select pg_sleep(600)'` }],
  ] as const) {
    it(`ends ${what} on the server`, async () => {
      const run = start({ wait: {}, work: { ...task, needs: ['wait'] } });
      const sleeping = (): Promise<object[]> =>
        query(
          database.url,
          `select pid from pg_stat_activity where query = 'select pg_sleep(600)' and state = 'active' and datname = current_database()`,
        );
      await waitFor(async () => (await sleeping()).length === 1);
      run.kill('SIGINT');
      const { code, stdout } = await run.ended;
      assert.equal(code, 130, stdout);
      assert.deepEqual(await sleeping(), []);
    });
  }

  it('by its timeout: exits with 124', async () => {
    const run = start({ work: { use: 'command', run: 'sleep 600' } }, { config: { timeout: '300ms' } });
    const { code, stdout } = await run.ended;
    assert.equal(code, 124, stdout);
    assert.equal(runEnd(stdout).problems?.[0]?.code, 'DBB5016');
  });

  it('while it waits for a server', async () => {
    const port = await freePort();
    const run = start({ wait: { deadline: '10m' } }, { url: `postgres://a:b@127.0.0.1:${String(port)}/c` });
    await run.event(({ type }) => type === 'task.log');
    run.kill('SIGINT');
    assert.equal((await run.ended).code, 130);
  });

  for (const [what, args, code] of [
    ['a run, by Ctrl-C', ['run', '--reporter', 'ndjson'], 130],
    ['a run, by its timeout', ['run', '--timeout', '300ms'], 124],
    ['plan', ['plan'], 130],
    ['check', ['check'], 130],
    ['plan --resume', ['plan', '--resume'], 130],
    ['run --dry-run --resume', ['run', '--dry-run', '--resume'], 130],
    ['run --resume', ['run', '--resume'], 130],
    ['a run that is to do nothing', ['run', '--skip', 'wait', '--skip', 'roles'], 130],
    ['doctor', ['doctor'], 130],
    ['prove', ['prove'], 130],
  ] as const) {
    it(`while a server takes the connection and says nothing: ${what}`, async () => {
      const way = await FreezingServer.start();
      try {
        writeFileSync(
          join(folder, '.bootstraprc'),
          JSON.stringify({ tasks: { wait: {}, roles: { use: 'check-roles', roles: ['a'] } } }),
        );
        const command = new Command(args, { cwd: folder, env: { DATABASE_URL: way.url } });
        const knocked = way.knocked();
        const from = await knocked.then(() => performance.now());
        if (code === 130) command.kill('SIGINT');
        const ended = await command.ended;
        assert.equal(ended.code, code, ended.stdout + ended.stderr);
        // A login is given up after 10 s.
        assert.ok(performance.now() - from < 5000, `${String(performance.now() - from)} ms`);
      } finally {
        way.close();
      }
    });
  }

  it('a check says so beside its document, and repairs nothing', async () => {
    for (const args of [
      ['check', '--json'],
      ['check', '--fix'],
    ]) {
      const way = await FreezingServer.start();
      try {
        writeFileSync(join(folder, '.bootstraprc'), JSON.stringify({ tasks: { 'check-roles': {} } }));
        const command = new Command(args, { cwd: folder, env: { DATABASE_URL: way.url } });
        await way.knocked();
        command.kill('SIGINT');
        const { code, stdout, stderr } = await command.ended;
        assert.equal(code, 130, stdout + stderr);
        assert.match(stderr, /^error\[DBB5020\]: the check was interrupted$/m);
        assert.doesNotMatch(stdout, /nothing was repaired/);
      } finally {
        way.close();
      }
    }
  });

  it('where it has no check to make, is not even begun: nothing waits for the server', async () => {
    const way = await FreezingServer.start();
    try {
      writeFileSync(join(folder, '.bootstraprc'), JSON.stringify({ tasks: { wait: {} } }));
      const from = performance.now();
      const command = new Command(['check'], { cwd: folder, env: { DATABASE_URL: way.url } });
      const { code, stdout } = await command.ended;
      assert.deepEqual([code, stdout], [0, 'no check has anything to look at\n']);
      assert.ok(performance.now() - from < 5000);
    } finally {
      way.close();
    }
  });

  for (const args of [
    ['plan', '--resume'],
    ['run', '--resume'],
  ]) {
    it(`while it reads what the last run has done: ${args.join(' ')} says what it waited for`, async () => {
      const way = await FreezingServer.start();
      try {
        writeFileSync(join(folder, '.bootstraprc'), JSON.stringify({ tasks: { wait: {} } }));
        const command = new Command(args, { cwd: folder, env: { DATABASE_URL: way.url } });
        await way.knocked();
        const from = performance.now();
        command.kill('SIGINT');
        const { code, stderr } = await command.ended;
        assert.ok(performance.now() - from < 2000, `${String(performance.now() - from)} ms`);
        assert.equal(code, 130, stderr);
        assert.match(
          stderr,
          /^error\[DBB5020\]: the (?:plan|run) was interrupted while it waited for (?:what the last run has done|the lock), which 127\.0\.0\.1:\d+ did not/m,
        );
      } finally {
        way.close();
      }
    });
  }

  for (const signals of [1, 2]) {
    it(`while its server no longer answers: ends after ${String(signals)}`, async () => {
      const way = await FreezingServer.start(database.url);
      try {
        const run = start(
          { wait: {}, work: { use: 'command', run: fakes.line('work'), needs: ['wait'] } },
          { config: { grace: '100ms' }, url: way.url },
        );
        const work = await fakes.next('work');
        way.freeze();
        const from = performance.now();
        run.kill('SIGINT');
        if (signals === 2) {
          await work.ended;
          run.kill('SIGINT');
        }
        const { code, stdout } = await run.ended;
        assert.equal(code, 130, stdout);
        assert.deepEqual(statuses(stdout), ['wait succeeded', 'work cancelled']);
        // One waits for attempts and last words as long as it has to; two do not.
        if (signals === 2) assert.ok(performance.now() - from < 5000);
        else assert.match(stdout, /the ledger could not be written: the database does not answer/);
      } finally {
        way.close();
      }
    });
  }

  for (const [moment, last] of [
    ['after its last task, before the last write to the ledger', 'true'],
    ['while a task asks it', undefined],
  ] as const)
    it(`by a server that freezes ${moment}: ends with its timeout and the grace`, async () => {
      const way = await FreezingServer.start(database.url);
      try {
        const tasks = {
          wait: {},
          work: { use: 'command', run: fakes.line('frozen'), needs: ['wait'] },
          ...(last === undefined ? { roles: { use: 'check-roles', roles: ['a'], needs: ['work'] } } : {}),
        };
        const config = { timeout: '4s', grace: '1s' };
        const from = performance.now();
        const run = start(tasks, { config, url: way.url });
        const work = await fakes.next('frozen');
        way.freeze();
        await work.exit(0);
        const { code, stdout } = await run.ended;
        assert.equal(code, 124, stdout);
        assert.equal(runEnd(stdout).problems?.[0]?.code, 'DBB5016');
        // Node's own start, and a farewell to the server, come on top.
        const ms = performance.now() - from;
        assert.ok(ms < 8500, `${String(ms)} ms`);
      } finally {
        way.close();
      }
    });

  // Waits in a row, as those of "check", share one timeout: each of its own would take twice as long.
  for (const args of [['plan'], ['doctor'], ['check'], ['run']])
    it(`by the timeout of the config, while a server says nothing: ${args.join(' ')}`, async () => {
      const way = await FreezingServer.start();
      try {
        const tasks = { roles: { use: 'check-roles', roles: ['a'] } };
        writeFileSync(join(folder, '.bootstraprc'), JSON.stringify({ timeout: '3s', grace: '1s', tasks }));
        const from = performance.now();
        const command = new Command(args, { cwd: folder, env: { DATABASE_URL: way.url } });
        const { code, stdout, stderr } = await command.ended;
        assert.equal(code, 124, stdout + stderr);
        const ms = performance.now() - from;
        assert.ok(ms < 5900, `${String(ms)} ms`);
      } finally {
        way.close();
      }
    });

  it('by the end of its server: says so, and does not hang', async () => {
    const server = await startServer();
    try {
      const run = start(
        { wait: {}, work: { use: 'sql', text: 'select pg_sleep(600)', needs: ['wait'] } },
        { url: server.url },
      );
      await waitFor(
        async () =>
          (await query(server.url, `select 1 from pg_stat_activity where query = 'select pg_sleep(600)'`))
            .length > 0,
      );
      await server.halt('immediate');
      const { code, stdout, stderr } = await run.ended;
      assert.equal(code, 1, stdout);
      assert.equal(runEnd(stdout).tasks.find(({ name }) => name === 'work')?.problems?.[0]?.code, 'DBB4007');
      assert.doesNotMatch(stdout + stderr, /^ +at /m);
    } finally {
      await server.stop();
    }
  });
});

async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
