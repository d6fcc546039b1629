import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import type { TaskContext, TaskKind, TaskResult } from '../../config/define.js';
import { connect, disconnect, resolveConnection } from '../../lib/postgres/index.js';
import { wait } from '../../tasks/wait.js';
import { startPgBouncer } from '../support/pgbouncer.js';
import {
  createTestDatabase,
  freePort,
  query,
  startServer,
  testServer,
  type OwnServer,
} from '../support/postgres.js';
import { rejection } from '../support/rejection.js';
import { logOf, testContext, testMemory, type TestMemory } from '../support/task-context.js';
import { until } from '../support/until.js';

const kind = wait as unknown as TaskKind;

describe('wait', () => {
  let memory: TestMemory;
  beforeEach(() => (memory = testMemory()));

  const context = (
    url: string,
    options: Record<string, unknown> = {},
    signal?: AbortSignal,
  ): TaskContext<unknown> =>
    testContext({
      kind,
      root: '/',
      url,
      memory,
      name: 'wait',
      options,
      ...(signal === undefined ? {} : { signal }),
    });
  const run = (url: string, options?: Record<string, unknown>): Promise<TaskResult> =>
    kind.run(context(url, options));
  const elsewhere = async (change: (url: URL) => void): Promise<string> => {
    const url = new URL((await testServer()).url);
    change(url);
    return url.href;
  };

  it('is done at once where the database answers, and has changed nothing', async () => {
    const { url, host, port } = await testServer();
    const { changed, summary } = await run(url);
    assert.equal(changed, false);
    assert.match(summary, new RegExp(`^${host}:${String(port)}/postgres answers after \\d+ms$`));
    assert.deepEqual(logOf(memory), []);
  });

  it('asks the session of the run where there is one, and logs in where there is none', async () => {
    const { url, name } = await createTestDatabase();
    const connected = context(url);
    await connected.database.query('select 1');
    await query((await testServer()).url, `alter database "${name}" with allow_connections false`);
    assert.match((await kind.run(connected)).summary, /answers after/);
    await assert.rejects(run(url), /is not currently accepting connections/);
  });

  it('is planned to run each time, without a word of the password', async () => {
    const { url } = await testServer();
    const plan = await kind.plan?.(context(url));
    assert.equal(plan?.action, 'run');
    assert.match(plan.reason, /^waits for postgres:\/\/postgres:\*\*\*@/);
  });

  it('fails at once for what no waiting cures', async () => {
    const cases: readonly [string, (url: URL) => void][] = [
      ['DBB4002', (url) => (url.password = 'wrong')],
      ['DBB4002', (url) => (url.username = 'nobody')],
      ['DBB4004', (url) => (url.pathname = '/nowhere')],
      ['DBB4011', (url) => url.searchParams.set('sslmode', 'require')],
    ];
    for (const [code, change] of cases) {
      const from = performance.now();
      const error = await rejection(run(await elsewhere(change)));
      assert.equal(error.code, code, error.message);
      assert.ok(performance.now() - from < 5000);
    }
  });

  it('gives up at the deadline, and says what it waited for, how often, and the last answer', async () => {
    const port = await freePort();
    const error = await rejection(
      run(`postgres://u:secret@127.0.0.1:${String(port)}/d`, { deadline: '200ms' }),
    );
    const { code, message, notes, help } = error.problems[0];
    assert.equal(code, 'DBB4001');
    // 25, 50, 100 ms, and the last at the deadline.
    assert.match(
      message,
      new RegExp(`^nothing listens at 127\\.0\\.0\\.1:${String(port)}/d, after [45] tries in 2\\d\\dms$`),
    );
    assert.deepEqual(notes, [
      {
        label: 'waited for',
        text: `a login to postgres://u:***@127.0.0.1:${String(port)}/d and an answer to "select 1"`,
      },
    ]);
    assert.match(help ?? '', /"tasks\.wait\.deadline"/);
    assert.deepEqual(logOf(memory), [`not yet: nothing listens at 127.0.0.1:${String(port)}/d`]);
  });

  it('takes a host name that does not resolve for one that comes later, until the deadline', async () => {
    const error = await rejection(run('postgres://u@no-such-host.invalid/d', { deadline: '100ms' }));
    assert.equal(error.code, 'DBB4010');
    assert.match(
      error.message,
      /^the host name "no-such-host\.invalid" does not resolve.*, after \d+ tr(?:y|ies)/,
    );
  });

  it('is not held beyond the deadline by a server that says nothing', async () => {
    const silent = createServer((socket) => void socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const from = performance.now();
    const error = await rejection(run(`postgres://u@127.0.0.1:${String(port)}/d`, { deadline: '100ms' }));
    assert.equal(error.code, 'DBB4001');
    assert.match(error.message, /^127\.0\.0\.1:\d+\/d does not answer, after \d tr(?:y|ies)/);
    assert.ok(performance.now() - from < 3000);
    silent.close();
  });

  it('fails at once where something else than PostgreSQL answers', async () => {
    const other = createServer((socket) => {
      socket.on('error', () => undefined).write('J\0\0\0\n8.0.30\0');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { code, message, help } = (await rejection(run(`postgres://u@127.0.0.1:${String(port)}/d`)))
      .problems[0];
    other.close();
    assert.deepEqual(
      [code, message, help],
      [
        'DBB4007',
        `what answers at 127.0.0.1:${String(port)}/d is not PostgreSQL: received invalid response: 4a`,
        'correct host and port in the database URL',
      ],
    );
  });

  it('writes an address of IPv6 in brackets', async () => {
    const port = await freePort();
    const error = await rejection(run(`postgres://u@[::1]:${String(port)}/d`, { deadline: '50ms' }));
    assert.match(error.message, /^(?:nothing listens at|no route leads to) \[::1\]:\d+\/d, after/);
  });

  describe('a pooler whose server is away', () => {
    it('holds nobody beyond the deadline, and its words for that are "not yet"', async () => {
      const server = await startServer();
      const pooler = await startPgBouncer(server.url, {
        mode: 'transaction',
        settings: ['server_login_retry = 1'],
      });
      await server.halt('fast');
      const held = await rejection(run(pooler.url, { deadline: '300ms' }));
      assert.equal(held.code, 'DBB4001');
      assert.match(
        held.message,
        /^127\.0\.0\.1:\d+\/postgres takes the login, but does not answer "select 1", after \d+ tr/,
      );
      memory = testMemory();
      const waiting = run(pooler.url, { deadline: '60s' });
      await until(() => logOf(memory).some((line) => line.includes('server_login_retry')));
      await server.start();
      assert.match((await waiting).summary, /answers after/);
      await pooler.stop();
      await server.stop();
    }).timeout(90_000);
  });

  it('waits for a server that is full', async () => {
    const server = await startServer({
      settings: ['max_connections = 4', 'superuser_reserved_connections = 0'],
    });
    const guests = await Promise.all(
      Array.from({ length: 4 }, () =>
        connect(resolveConnection(server.url, {}), { applicationName: 'guest' }),
      ),
    );
    const late = await rejection(run(server.url, { deadline: '100ms' }));
    assert.equal(late.code, 'DBB4013');
    assert.match(late.message, /^the server has no free connection: .*, after \d tr(?:y|ies)/);
    memory = testMemory();
    const waiting = run(server.url);
    await until(() => logOf(memory).length > 0);
    await Promise.all(guests.map(disconnect));
    assert.match((await waiting).summary, /answers after/);
    await server.stop();
  });

  it('ends with its task', async () => {
    const controller = new AbortController();
    const port = await freePort();
    const waiting = kind.run(context(`postgres://u@127.0.0.1:${String(port)}/d`, {}, controller.signal));
    await until(() => logOf(memory).length > 0);
    controller.abort(new Error('stop'));
    await assert.rejects(waiting);
  });

  describe('a server that starts late, or again', () => {
    let server: OwnServer;
    before(async () => (server = await startServer()));
    after(() => server.stop());

    it('is waited for', async () => {
      await server.halt('fast');
      const waiting = run(server.url);
      await until(() => logOf(memory).length > 0);
      await server.start();
      assert.equal((await waiting).changed, false);
    });

    it('that is stopping or in recovery is not ready yet', async () => {
      // A session that stays keeps a smart shutdown waiting: the server answers 57P03 meanwhile.
      const held = query(server.url, 'select pg_sleep(60)').catch(() => undefined);
      await until(
        async () =>
          (
            await query(
              server.url,
              `select from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`,
            )
          ).length > 0,
      );
      const stopping = server.halt('smart').catch(() => undefined);
      await until(() =>
        query(server.url, 'select 1').then(
          () => false,
          () => true,
        ),
      );
      const waiting = run(server.url);
      await until(() => logOf(memory).some((line) => line.includes('the database system is shutting down')));
      await server.halt('fast');
      await Promise.all([stopping, held]);
      await server.start();
      await waiting;
    });

    it('that is killed and recovers is waited for, too', async () => {
      await server.halt('immediate');
      const waiting = run(server.url);
      await server.start();
      await waiting;
    });
  });

  describe('createDatabase', () => {
    const name = `made "ä" ${String(process.pid)}`;
    let url: string;
    before(async () => (url = await elsewhere((parts) => (parts.pathname = `/${encodeURIComponent(name)}`))));
    afterEach(async () => {
      await query(
        (await testServer()).url,
        `drop database if exists "${name.replaceAll('"', '""')}" with (force)`,
      );
    });

    it('creates what is missing, once', async () => {
      const { changed, summary } = await run(url, { createDatabase: true });
      assert.equal(changed, true);
      assert.match(summary, /created, and answers after/);
      assert.equal((await run(url, { createDatabase: true })).changed, false);
    });

    it('with template, owner and encoding', async () => {
      const template = await createTestDatabase();
      const role = `owner_${String(process.pid)}`;
      await query(template.url, 'create table of_template ()');
      await query(template.url, `create role ${role}`);
      await run(url, { createDatabase: true, template: template.name, owner: role });
      const [row] = await query<{ owner: string }>(
        url,
        'select pg_get_userbyid(datdba) as owner from pg_database where datname = current_database()',
      );
      assert.equal(row?.owner, role);
      assert.equal((await query(url, 'select from of_template')).length, 0);
      await query(template.url, `drop database "${name.replaceAll('"', '""')}"`);
      await query(template.url, `drop role ${role}`);
      await template.drop();
      await run(url, { createDatabase: true, encoding: 'SQL_ASCII' });
      assert.deepEqual(await query(url, 'show server_encoding'), [{ server_encoding: 'SQL_ASCII' }]);
    });

    it('by eight at the same moment is created by one', async () => {
      const results = await Promise.all(Array.from({ length: 8 }, () => run(url, { createDatabase: true })));
      assert.equal(results.filter(({ changed }) => changed).length, 1);
    });

    it('says what the server refused', async () => {
      const unknown = await rejection(run(url, { createDatabase: true, template: 'no_such_template' }));
      assert.deepEqual(
        [unknown.code, unknown.message],
        ['DBB5004', 'template database "no_such_template" does not exist'],
      );
      const role = `low_${String(process.pid)}`;
      await query((await testServer()).url, `create role ${role} login password 'low'`);
      const low = new URL(url);
      [low.username, low.password] = [role, 'low'];
      const refused = await rejection(run(low.href, { createDatabase: true }));
      assert.equal(refused.code, 'DBB4014');
      assert.match(refused.message, /permission denied to create database/);
      await query((await testServer()).url, `drop role ${role}`);
    });

    it('waits until nobody is in the template any more', async function () {
      this.timeout(60_000);
      const template = await createTestDatabase();
      const guest = await connect(resolveConnection(template.url, {}), { applicationName: 'guest' });
      const waiting = run(url, { createDatabase: true, template: template.name });
      await until(() => logOf(memory).some((line) => line.includes('is being accessed by other users')));
      await disconnect(guest);
      assert.equal((await waiting).changed, true);
      await template.drop();
    });

    it('works where the maintenance database "postgres" is gone', async () => {
      const server = await startServer();
      const parts = new URL(server.url);
      parts.pathname = '/template1';
      await query(parts.href, 'drop database postgres');
      parts.pathname = '/shop';
      assert.equal((await run(parts.href, { createDatabase: true })).changed, true);
      await server.stop();
    });
  });
});
