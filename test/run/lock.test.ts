import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { connect, disconnect, resolveConnection } from '../../lib/postgres/index.js';
import { databaseLock, fileLock, type LockOptions } from '../../lib/run/index.js';
import { makeFolder } from '../support/folder.js';
import { startPgBouncer } from '../support/pgbouncer.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { rejection } from '../support/rejection.js';

const never = new AbortController().signal;

/** Another process that takes locks as it is told. */
class Holder {
  readonly child: ChildProcess;
  readonly #told: string[] = [];

  private constructor(kind: 'file' | 'database', where: string, runId: string) {
    this.child = fork('test/fixtures/hold-lock.ts', [kind, where, runId], { execArgv: ['--import=tsx'] });
    this.child.on('message', (message) => void this.#told.push(message as string));
  }

  static async start(kind: 'file' | 'database', where: string, runId: string): Promise<Holder> {
    const holder = new Holder(kind, where, runId);
    await holder.next();
    return holder;
  }

  async next(): Promise<string> {
    if (this.#told.length === 0) await once(this.child, 'message');
    return this.#told.shift() ?? '';
  }

  ask(order: 'take' | 'release' | 'hammer'): Promise<string> {
    this.child.send(order);
    return this.next();
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }
}

describe('databaseLock', () => {
  let test: Awaited<ReturnType<typeof createTestDatabase>>;
  const holders: Holder[] = [];
  const start = async (runId: string): Promise<Holder> => {
    const holder = await Holder.start('database', test.url, runId);
    holders.push(holder);
    return holder;
  };
  const lockOf = (options: Partial<LockOptions> = {}, url = test.url): ReturnType<typeof databaseLock> =>
    databaseLock(resolveConnection(url, {}), { runId: 'mine', wait: 0, ...options });

  before(async () => (test = await createTestDatabase()));
  after(() => test.drop());
  afterEach(() => Promise.all(holders.splice(0).map((holder) => holder.kill())));

  it('does not outlive its run behind a transaction pooler, and holds there meanwhile', async () => {
    const pooler = await startPgBouncer(test.url, { mode: 'transaction' });
    try {
      const options = { wait: 0 };
      const pooled = databaseLock(resolveConnection(pooler.url, {}), { ...options, runId: 'pooled' });
      await pooled.acquire(never);
      const direct = databaseLock(resolveConnection(test.url, {}), { ...options, runId: 'direct' });
      assert.equal((await rejection(direct.acquire(never))).code, 'DBB4008');
      await pooled.release();
      const next = databaseLock(resolveConnection(test.url, {}), { wait: 5000, runId: 'next' });
      await next.acquire(never);
      await next.release();
    } finally {
      await pooler.stop();
    }
  });

  it('is held by one process; the other is told run, host, pid and since when', async () => {
    const other = await start('20261123-124501-9f3a');
    assert.equal(await other.ask('take'), 'done');
    const error = await rejection(lockOf().acquire(never));
    assert.equal(error.code, 'DBB4008');
    const { run, host, pid, since } = error.problems[0].facts ?? {};
    assert.deepEqual([run, host, pid], ['20261123-124501-9f3a', hostname(), other.child.pid]);
    assert.match(String(since), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    assert.equal(
      error.message,
      `another run works on this database: run 20261123-124501-9f3a on host ${hostname()}, pid ${String(other.child.pid)}, since ${String(since)}`,
    );
    assert.equal(await other.ask('release'), 'done');
    const mine = lockOf();
    await mine.acquire(never);
    assert.match(await other.ask('take'), /^another run works on this database: run mine /);
    await mine.release();
    assert.equal(mine.lost.aborted, false);
  });

  it('of two processes that try at the same moment one has it', async () => {
    const both = await Promise.all([start('a'), start('b')]);
    const answers = await Promise.all(both.map((each) => each.ask('take')));
    assert.equal(answers.filter((answer) => answer === 'done').length, 1, answers.join('; '));
    assert.match(answers.find((answer) => answer !== 'done') ?? '', /run [ab] on host/);
  });

  it('is free at once when its holder is killed', async () => {
    const other = await start('killed');
    assert.equal(await other.ask('take'), 'done');
    await other.kill();
    const mine = lockOf({ wait: 5000 });
    await mine.acquire(never);
    await mine.release();
  });

  it('ends the sessions that a crashed run left, once it is held and their grace is over', async () => {
    const left = await connect(resolveConnection(test.url, {}), {
      applicationName: 'db-bootstrap/crashed/seed',
    });
    const ended = left.query('select pg_sleep(60)').then(
      () => 'done',
      (error: unknown) => (error as { code?: string }).code,
    );
    const other = await start('other');
    assert.equal(await other.ask('take'), 'done');
    assert.equal((await rejection(lockOf({ grace: 0 }).acquire(never))).code, 'DBB4008');
    assert.equal(await other.ask('release'), 'done');
    const mine = lockOf({ grace: 10 });
    await mine.acquire(never);
    assert.equal(await ended, '57P01');
    await mine.release();
    await disconnect(left);
  });

  it('is waited for, until the other lets go or the time is over', async () => {
    const other = await start('other');
    assert.equal(await other.ask('take'), 'done');
    assert.equal((await rejection(lockOf({ wait: 100 }).acquire(never))).code, 'DBB4008');
    const mine = lockOf({ wait: 20_000 });
    const taken = mine.acquire(never);
    assert.equal(await other.ask('release'), 'done');
    await taken;
    await mine.release();
  });

  it('is no longer waited for when the run is interrupted', async () => {
    const other = await start('other');
    assert.equal(await other.ask('take'), 'done');
    const controller = new AbortController();
    const taken = lockOf({ wait: 20_000 }).acquire(controller.signal);
    setImmediate(() => controller.abort());
    await assert.rejects(taken);
  });

  it('is lost when the server ends its session', async () => {
    const mine = lockOf({ runId: 'to-be-lost' });
    await mine.acquire(never);
    const lost = once(mine.lost, 'abort');
    await query(
      test.url,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'dbb:to-be-lost:%'`,
    );
    await lost;
    await mine.release();
  });

  describe('whose connection is opened early', () => {
    const sessions = (runId: string): Promise<{ pid: number }[]> =>
      query<{ pid: number }>(
        test.url,
        `select pid from pg_stat_activity where application_name like 'dbb:${runId}:%'`,
      );
    const opened = async (runId: string): Promise<void> => {
      while ((await sessions(runId)).length === 0);
    };

    it('is taken on that connection', async () => {
      const mine = lockOf({ runId: 'early' });
      mine.approach?.(never);
      await opened('early');
      const before = await sessions('early');
      await mine.acquire(never);
      assert.deepEqual(await sessions('early'), before);
      await mine.release();
    });

    it('is taken on another where that one has ended meanwhile', async () => {
      const mine = lockOf({ runId: 'ended' });
      mine.approach?.(never);
      await opened('ended');
      await query(
        test.url,
        `select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name like 'dbb:ended:%'`,
      );
      await mine.acquire(never);
      assert.equal((await sessions('ended')).length, 1);
      assert.equal(mine.lost.aborted, false);
      await mine.release();
    });

    it('leaves no session behind where it is never taken', async () => {
      const mine = lockOf({ runId: 'unused' });
      mine.approach?.(never);
      await mine.release();
      while ((await sessions('unused')).length > 0);
    });

    it('tells why it cannot be taken, where that connection could not be opened', async () => {
      const refused = lockOf({}, 'postgres://127.0.0.1:1/nothing');
      refused.approach?.(never);
      assert.equal((await rejection(refused.acquire(never))).code, 'DBB4001');
      await refused.release();
    });
  });

  it('outlives what the server allows an idle session', async () => {
    const other = await createTestDatabase();
    await query(other.url, `alter database "${other.name}" set idle_session_timeout = '200ms'`);
    const mine = lockOf({}, other.url);
    await mine.acquire(never);
    // A session that began later and was as idle is ended: ours had its time.
    const guest = await connect(resolveConnection(other.url, {}), { applicationName: 'guest' });
    await new Promise<void>((resolve) => guest.on('end', () => resolve()));
    await query(other.url, 'select 1');
    assert.equal(mine.lost.aborted, false);
    assert.equal((await rejection(lockOf({}, other.url).acquire(never))).code, 'DBB4008');
    await mine.release();
    await other.drop();
  });

  it('is of one database alone', async () => {
    const other = await createTestDatabase();
    const [here, there] = [lockOf(), lockOf({}, other.url)];
    await here.acquire(never);
    await there.acquire(never);
    await Promise.all([here.release(), there.release()]);
    await other.drop();
  });

  it('tells since when to a role that may see nothing of the other session, by the id of its run', async () => {
    await query(test.url, `create role lock_reader login password 'reader'`);
    try {
      const other = await start('20261123-124501-9f3a');
      assert.equal(await other.ask('take'), 'done');
      const url = new URL(test.url);
      [url.username, url.password] = ['lock_reader', 'reader'];
      const error = await rejection(lockOf({}, url.href).acquire(never));
      assert.match(error.message, /since 2026-11-23 12:45:01 UTC$/);
    } finally {
      await query(test.url, 'drop role lock_reader');
    }
  });

  it('says so where a stranger holds it', async () => {
    const stranger = await connect(resolveConnection(test.url, {}), { applicationName: 'psql' });
    await stranger.query('select pg_advisory_lock($1, 1)', [0x64_62_62]);
    const error = await rejection(lockOf().acquire(never));
    assert.match(
      error.message,
      /^a session that is not a db-bootstrap run holds its lock: "psql", backend \d+$/,
    );
    await disconnect(stranger);
  });
});

describe('fileLock', () => {
  let home: ReturnType<typeof makeFolder>;
  const holders: Holder[] = [];
  const start = async (runId: string): Promise<Holder> => {
    const holder = await Holder.start('file', home.folder, runId);
    holders.push(holder);
    return holder;
  };
  beforeEach(() => (home = makeFolder()));
  afterEach(async () => {
    await Promise.all(holders.splice(0).map((holder) => holder.kill()));
    home.remove();
  });

  it('is held by one process; the other is told run, host, pid and since when', async () => {
    const other = await start('other');
    assert.equal(await other.ask('take'), 'done');
    const mine = fileLock(home.folder, { runId: 'mine', wait: 0 });
    const error = await rejection(mine.acquire(never));
    assert.equal(error.code, 'DBB4008');
    const { run, host, pid, since } = error.problems[0].facts ?? {};
    assert.deepEqual([run, host, pid], ['other', hostname(), other.child.pid]);
    assert.ok(Date.now() - Date.parse(String(since)) < 60_000);
    await mine.release();
    assert.ok(existsSync(join(home.folder, 'lock')), 'who has no lock must not take it away');
    assert.equal(await other.ask('release'), 'done');
    await mine.acquire(never);
    await mine.release();
    assert.ok(!existsSync(join(home.folder, 'lock')));
  });

  it('is taken over from a killed holder, and from whoever was killed while it did that', async () => {
    const other = await start('killed');
    assert.equal(await other.ask('take'), 'done');
    await other.kill();
    const left = readFileSync(join(home.folder, 'lock'), 'utf8');
    writeFileSync(join(home.folder, 'lock-removal'), left);
    const mine = fileLock(home.folder, { runId: 'mine', wait: 0 });
    await mine.acquire(never);
    assert.equal(
      (JSON.parse(readFileSync(join(home.folder, 'lock'), 'utf8')) as { run: string }).run,
      'mine',
    );
    await mine.release();
  });

  it('is not taken for held because a pid is in use again, or because the file is garbage', async () => {
    const mine = fileLock(home.folder, { runId: 'mine', wait: 0 });
    const forged = { run: 'old', pid: process.pid, start: 'another boot:1', host: hostname(), since: 'then' };
    for (const text of [JSON.stringify(forged), '{"run": "ol', '', 'null', '[]']) {
      writeFileSync(join(home.folder, 'lock'), text);
      await mine.acquire(never);
      await mine.release();
    }
  });

  it('is held by a run of another host, whether or not it lives: that cannot be seen from here', async () => {
    const file = join(home.folder, 'lock');
    const far = { run: 'far', pid: process.pid, start: 'another boot:1', host: 'ci-7', since: 'then' };
    writeFileSync(file, JSON.stringify(far));
    const mine = fileLock(home.folder, { runId: 'mine', wait: 0 });
    const [problem] = (await rejection(mine.acquire(never))).problems;
    assert.equal(problem.code, 'DBB4008');
    assert.match(problem.message, /run far on host ci-7, pid \d+, since then$/);
    assert.match(problem.help ?? '', new RegExp(`where it has died on ci-7, delete ${file}$`));
    assert.deepEqual(readdirSync(home.folder).sort(), ['.gitignore', 'lock']);
    rmSync(file);
    await mine.acquire(never);
    await mine.release();
  });

  it('is never held by two of many processes that find a dead holder again and again', async () => {
    const all = await Promise.all(['a', 'b', 'c', 'd'].map(start));
    const answers = await Promise.all(all.map((each) => each.ask('hammer')));
    assert.deepEqual(answers, ['done', 'done', 'done', 'done']);
  });

  it('is waited for', async () => {
    const other = await start('other');
    assert.equal(await other.ask('take'), 'done');
    const mine = fileLock(home.folder, { runId: 'mine', wait: 20_000 });
    const taken = mine.acquire(never);
    await other.kill();
    await taken;
    await mine.release();
  });
});
