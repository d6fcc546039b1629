import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { connect, Database, disconnect, resolveConnection } from '../../lib/postgres/index.js';
import { FreezingServer } from '../support/freezing-server.js';
import { startPgBouncer } from '../support/pgbouncer.js';
import { createTestDatabase, query, startServer, type OwnServer } from '../support/postgres.js';
import { rejection } from '../support/rejection.js';
import { until } from '../support/until.js';

const open = (url: string): Database =>
  new Database(resolveConnection(url, {}), { applicationName: 'db-bootstrap/test' });

/** Resolves when the server runs a statement that holds these words. */
const running = (url: string, words: string): Promise<void> =>
  until(async () => {
    const [row] = await query<{ count: number }>(
      url,
      `select count(*)::int from pg_stat_activity where state = 'active' and query like '%' || $1 || '%' and pid <> pg_backend_pid()`,
      [words],
    );
    return (row?.count ?? 0) > 0;
  });

const gone = (url: string, words: string): Promise<void> =>
  until(async () => {
    const rows = await query(
      url,
      `select from pg_stat_activity where query like '%' || $1 || '%' and pid <> pg_backend_pid()`,
      [words],
    );
    return rows.length === 0;
  });

const settled = [() => 'resolved', () => 'rejected'] as const;

describe('Database', () => {
  let test: Awaited<ReturnType<typeof createTestDatabase>>;
  let database: Database;
  before(async () => {
    test = await createTestDatabase();
    database = open(test.url);
  });
  after(async () => {
    await database.close();
    await test.drop();
  });

  it('keeps a connection for the next statement, and opens one more for each that waits in vain', async () => {
    const backend = async (of: Database, seconds = 0): Promise<unknown> => {
      const [row] = await of.query('select pg_backend_pid() as pid, pg_sleep($1)', [seconds]);
      return (row as { pid: number }).pid;
    };
    const first = await backend(database);
    assert.equal(await backend(database), first);
    const long = await Promise.all([1, 2, 3].map(() => backend(database, 0.5)));
    assert.equal(new Set(long).size, 3);
    assert.ok(long.includes(first));
    const patient = new Database(resolveConnection(test.url, {}), {
      applicationName: 'db-bootstrap/test',
      patience: 60_000,
    });
    assert.equal(new Set(await Promise.all([backend(patient), backend(patient)])).size, 2);
    assert.equal(
      new Set(await Promise.all([backend(patient, 0.1), backend(patient), backend(patient)])).size,
      2,
    );
    await patient.close();
  });

  it('gives work a connection of its own, on which nothing stays set', async () => {
    await database.withClient((client) => client.query(`set search_path to nowhere`));
    const [row] = await database.query<{ search_path: string }>('show search_path');
    assert.equal(row?.search_path, 'pg_catalog');
    const [other] = await database.withClient((client) => client.query('select current_database() as name'), {
      database: 'postgres',
    });
    assert.deepEqual(other, { name: 'postgres' });
  });

  it('keeps the path of the role for SQL of others, and sets its own behind whatever answers', async () => {
    const ofRole = '"$user", public';
    const path = 'show search_path';
    const settings = async (of: Pick<Database, 'query'>): Promise<unknown> =>
      (await of.query<{ path: string }>(`select current_setting($1) as path`, ['search_path']))[0]?.path;
    assert.equal(await settings(database), 'pg_catalog');
    assert.equal(await database.transaction(settings), 'pg_catalog');
    assert.equal(await database.withClient(settings), ofRole);
    assert.equal(await database.forOthers().transaction(settings), ofRole);
    assert.deepEqual(await database.forOthers().query(path), [{ search_path: ofRole }]);
    const bouncer = await startPgBouncer(test.url, { mode: 'transaction', poolSize: 1 });
    const pooled = open(bouncer.url);
    try {
      assert.equal(await settings(pooled), 'pg_catalog');
      assert.deepEqual(await pooled.query(path), [{ search_path: 'pg_catalog' }]);
      await rejection(pooled.query('select 1 / $1::int', [0]));
      // The next client has the same session of the server.
      assert.deepEqual(await query(bouncer.url, path), [{ search_path: ofRole }]);
    } finally {
      await pooled.close();
      await bouncer.stop();
    }
  });

  it('reads its own statements by the standard where a role does not, and work on its own connection as the role does', async () => {
    const odd = await createTestDatabase();
    await query(odd.url, `alter database ${odd.name} set standard_conforming_strings = off`);
    const other = open(odd.url);
    try {
      const text = `select 'a\\.b' as text`;
      assert.deepEqual(await other.query(text), [{ text: 'a\\.b' }]);
      assert.deepEqual(await other.withClient((client) => client.query(text)), [{ text: 'a.b' }]);
    } finally {
      await other.close();
      await odd.drop();
    }
  });

  it('opens nothing any more once it is closed, also for statements that waited', async () => {
    const way = await FreezingServer.start(test.url);
    try {
      const closing = open(way.url);
      await closing.query('select 1');
      way.freeze();
      const knocked = way.knocked();
      const waiting = [1, 2].map(() => closing.query('select 1').then(...settled));
      await knocked;
      const from = performance.now();
      await closing.close();
      assert.deepEqual(await Promise.all(waiting), ['rejected', 'rejected']);
      assert.equal(await closing.query('select 1').then(...settled), 'rejected');
      // A login is given up after 10 s.
      assert.ok(performance.now() - from < 5000);
    } finally {
      way.close();
    }
  });

  it('commits what resolves and rolls back what rejects', async () => {
    await database.transaction((client) => client.query('create table public.kept (id int primary key)'));
    await rejection(
      database.transaction(async (client) => {
        await client.query('insert into public.kept values (1)');
        await client.query('insert into public.kept values (1)');
      }),
    );
    assert.deepEqual(await database.query('select * from public.kept'), []);
  });

  it('tells what the server told: SQLSTATE, statement, position, detail, constraint', async () => {
    const syntax = await rejection(database.query('select 1,\n  "ä", nonsense from nowhere'));
    const [problem] = syntax.problems;
    assert.equal(problem.code, 'DBB5004');
    assert.equal(problem.facts?.sqlstate, '42P01');
    assert.deepEqual(problem.notes?.find(({ label }) => label === 'statement')?.text.split('\n'), [
      '  "ä", nonsense from nowhere',
      '                     ^',
    ]);
    await database.query('create table public.one (id int primary key); insert into public.one values (1)');
    const clash = (await rejection(database.query('insert into public.one values ($1)', [1]))).problems[0];
    assert.deepEqual(clash.facts, {
      sqlstate: '23505',
      statement: 'insert into public.one values ($1)',
      schema: 'public',
      table: 'one',
      constraint: 'one_pkey',
    });
    assert.ok(clash.notes?.some(({ text }) => text === '23505 (unique_violation)'));
    assert.ok(clash.notes?.some(({ text }) => text === 'Key (id)=(1) already exists.'));
  });

  it('cancels the statement of an aborted signal on the server, and leaves other statements alone', async () => {
    const controller = new AbortController();
    const stop = new Error('stop');
    const other = database.query("select pg_sleep(0.5), 'other'");
    const long = database.bind(controller.signal).query("select pg_sleep(60), 'cancelled one'");
    await running(test.url, 'cancelled one');
    controller.abort(stop);
    await assert.rejects(long, stop);
    await gone(test.url, 'cancelled one');
    await other;
    await assert.rejects(database.bind(controller.signal).query('select 1'), stop);
    assert.equal((await database.query('select 1')).length, 1);
  });

  it('cancels many statements of one signal without a warning', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const controller = new AbortController();
    const bound = database.bind(controller.signal);
    const all = Array.from({ length: 15 }, () => bound.query("select pg_sleep(60), 'one of many'"));
    const settled = Promise.allSettled(all);
    await running(test.url, 'one of many');
    controller.abort(new Error('stop'));
    assert.ok((await settled).every(({ status }) => status === 'rejected'));
    await gone(test.url, 'one of many');
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
  });

  it('drops a connection whose backend does not obey', async () => {
    const controller = new AbortController();
    const bound = database.bind(controller.signal);
    const stuck = bound.withClient(async (client) => {
      const [row] = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      assert.ok(row);
      process.kill(row.pid, 'SIGSTOP');
      try {
        const statement = client.query('select 1');
        controller.abort(new Error('stop'));
        await assert.rejects(statement, /stop/);
      } finally {
        process.kill(row.pid, 'SIGCONT');
      }
    });
    await stuck;
  });

  it('gives up connecting when the signal aborts, or the time is over, where nobody answers', async () => {
    const silent = createServer((socket) => void socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const parameters = resolveConnection(`postgres://u:p@127.0.0.1:${port}/d`, {});
    const controller = new AbortController();
    const attempt = connect(parameters, { applicationName: 'test', signal: controller.signal });
    silent.once('connection', () => controller.abort(new Error('stop')));
    await assert.rejects(attempt, /^Error: stop$/);
    const late = await rejection(connect(parameters, { applicationName: 'test', connectTimeout: 50 }));
    assert.equal(late.code, 'DBB4001');
    assert.match(late.message, new RegExp(`^127\\.0\\.0\\.1:${port}/d does not answer$`));
    silent.close();
  });
});

describe('a server that goes away', () => {
  let server: OwnServer;
  before(async () => {
    server = await startServer({ settings: ['max_connections = 8', 'superuser_reserved_connections = 0'] });
  });
  after(() => server.stop());

  for (const mode of ['fast', 'immediate'] as const) {
    it(`ends a statement with DBB4007 when it is stopped (${mode}), and works again once it is back`, async () => {
      const database = open(server.url);
      await database.query('select 1');
      const idle = await connect(database.parameters, { applicationName: 'test' });
      const statement = rejection(database.query("select pg_sleep(60), 'mid-query'"));
      await running(server.url, 'mid-query');
      await server.halt(mode);
      const error = await statement;
      assert.equal(error.code, 'DBB4007', error.message);
      const refused = await rejection(database.query('select 1'));
      assert.equal(refused.code, 'DBB4001');
      assert.match(refused.message, /^nothing listens at 127\.0\.0\.1:/);
      await server.start();
      assert.equal((await database.query('select 1')).length, 1);
      await disconnect(idle);
      await database.close();
    });
  }

  it('says whose limit was reached where that is a role of its own', async () => {
    const role = `full_${String(process.pid)}`;
    await query(server.url, `create role ${role} login password 'x' connection limit 0`);
    try {
      const url = new URL(server.url);
      url.username = role;
      url.password = 'x';
      const refused = await rejection(
        connect(resolveConnection(url.href, {}), { applicationName: 'one more' }),
      );
      assert.equal(refused.code, 'DBB4013', refused.message);
      assert.equal(
        refused.problems[0].help,
        `lower the concurrency, end idle sessions, or raise what that role may have: alter role "${role}" connection limit …`,
      );
    } finally {
      await query(server.url, `drop role ${role}`);
    }
  });

  it('cancels although no connection is free, and says so to whoever wants one', async () => {
    const database = open(server.url);
    const controller = new AbortController();
    const bound = database.bind(controller.signal);
    const each = (text: string): Promise<unknown>[] => Array.from({ length: 8 }, () => bound.query(text));
    await Promise.all(each('select pg_sleep(0.1)'));
    const settled = Promise.allSettled(each('select pg_sleep(60)'));
    const refused = await rejection(connect(database.parameters, { applicationName: 'one more' }));
    assert.equal(refused.code, 'DBB4013', refused.message);
    controller.abort(new Error('stop'));
    const ends = await settled;
    assert.ok(ends.every((end) => end.status === 'rejected' && (end.reason as Error).message === 'stop'));
    await until(
      async () =>
        (await database.query('select from pg_stat_activity where query like $1', ['%pg_sleep(60)']))
          .length === 0,
    );
    await database.close();
  });
});
