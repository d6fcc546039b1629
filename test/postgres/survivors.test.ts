import assert from 'node:assert/strict';
import {
  connect,
  Database,
  disconnect,
  endSessions,
  resolveConnection,
  terminateSurvivors,
} from '../../lib/postgres/index.js';
import { createTestDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';

describe('sessions that an earlier run left', () => {
  let test: Awaited<ReturnType<typeof createTestDatabase>>;
  let other: Awaited<ReturnType<typeof createTestDatabase>>;
  let database: Database;
  before(async () => {
    [test, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    database = new Database(resolveConnection(test.url, {}), { applicationName: 'db-bootstrap/now' });
  });
  after(async () => {
    await database.close();
    await Promise.all([test.drop(), other.drop()]);
  });

  /** A session under a name, and a promise of the end of what it does. */
  async function session(
    applicationName: string,
    url = test.url,
  ): Promise<{ ended: Promise<string>; close(): Promise<void> }> {
    const client = await connect(resolveConnection(url, {}), { applicationName });
    const ended = client.query("select pg_sleep(60), 'still at it'").then(
      () => 'done',
      (error: unknown) => (error as { code?: string }).code ?? 'lost',
    );
    return { ended, close: () => disconnect(client) };
  }

  const names = async (): Promise<string[]> =>
    (
      await database.query<{ name: string }>(
        `select application_name as name from pg_stat_activity where datname = any($1) and pid <> pg_backend_pid() order by 1`,
        [[test.name, other.name]],
      )
    ).map(({ name }) => name);

  it('are ended and told; those of this run, of commands that only read, of other programs and of other databases are left alone', async () => {
    const [old, older] = await Promise.all([session('db-bootstrap/old/seed'), session('db-bootstrap/older')]);
    const kept = await Promise.all([
      session('db-bootstrap/now/seed'),
      session('psql'),
      session('db-bootstrap/other-reads/check'),
      session('db-bootstrap/elsewhere', other.url),
    ]);
    await until(async () => (await names()).length === 6);
    const told = await terminateSurvivors(database, { runId: 'now', grace: 0 });
    assert.deepEqual(told.map(({ run }) => run).sort(), ['old', 'older']);
    assert.ok(told.every(({ query }) => query.includes('still at it')));
    assert.deepEqual(await Promise.all([old.ended, older.ended]), ['57P01', '57P01']);
    assert.deepEqual(await names(), [
      'db-bootstrap/elsewhere',
      'db-bootstrap/now/seed',
      'db-bootstrap/other-reads/check',
      'psql',
    ]);
    assert.deepEqual(await terminateSurvivors(database, { runId: 'now', grace: 0 }), []);
    await Promise.all([...kept, old, older].map((each) => each.close()));
  });

  it('have their grace to end by themselves', async () => {
    const client = await connect(resolveConnection(test.url, {}), { applicationName: 'db-bootstrap/slow' });
    const ended = client.query("select pg_sleep(0.3), 'written'").then(() => disconnect(client));
    await terminateSurvivors(database, { runId: 'now', grace: 10_000 });
    await ended;
  });

  it('of one name are ended', async () => {
    const [one, two] = await Promise.all([session('db-bootstrap/now/one'), session('db-bootstrap/now/two')]);
    await until(async () => (await names()).length >= 2);
    await endSessions(database, 'db-bootstrap/now/one');
    assert.equal(await one.ended, '57P01');
    assert.ok((await names()).includes('db-bootstrap/now/two'));
    await Promise.all([one.close(), two.close()]);
  });
});
