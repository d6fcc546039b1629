import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { resolveConnection } from '../../lib/postgres/index.js';
import { databaseLock } from '../../lib/run/index.js';
import { bootstrap, runEnd } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, query } from '../support/postgres.js';

// "second" fails as long as there is no file "mended"; each task leaves a row, so that what was done twice would show.
const config = `
tasks:
  wait: { use: wait }
  table: { use: sql, text: "create table if not exists done (task text)", needs: [wait] }
  first: { use: command, run: psql -qc "insert into done values ('first')", needs: [table] }
  second: { use: command, run: test -e mended && psql -qc "insert into done values ('second')", needs: [first] }
  third: { use: command, run: psql -qc "insert into done values ('third')", needs: [second] }
  aside: { use: command, run: psql -qc "insert into done values ('aside')", needs: [table] }
`;

for (const ledger of ['file', 'database'] as const) {
  describe(`run --resume, with the ledger in ${ledger === 'file' ? 'files' : 'the database'}`, function () {
    this.timeout(60_000);
    let folder: ReturnType<typeof makeFolder>;
    let database: Awaited<ReturnType<typeof createTestDatabase>>;
    const run = (...args: string[]): ReturnType<typeof bootstrap> =>
      bootstrap(['run', '--reporter', 'ndjson', ...args], {
        cwd: folder.folder,
        env: { DATABASE_URL: database.url },
      });
    const statuses = (stdout: string): Record<string, string> =>
      Object.fromEntries(runEnd(stdout).tasks.map(({ name, status }) => [name, status]));
    const done = async (): Promise<string[]> =>
      (await query<{ task: string }>(database.url, 'select task from done order by 1')).map(
        ({ task }) => task,
      );

    before(async () => {
      folder = makeFolder();
      database = await createTestDatabase();
      folder.write('.bootstraprc', config + (ledger === 'file' ? 'ledger: file\n' : ''));
    });
    after(async () => {
      await database.drop();
      folder.remove();
    });

    it('is refused where no run is on record', async () => {
      const { code, stderr } = await run('--resume');
      assert.equal(code, 2, stderr);
      assert.match(stderr, /error\[DBB1011\]: no earlier run on this database is on record/);
    });

    it('does what failed and what waited for it, and nothing else', async () => {
      const failed = await run('--on-failure', 'stop');
      assert.equal(failed.code, 1, failed.stdout);
      assert.equal(existsSync(join(folder.folder, 'mended')), false);
      const before = await done();
      assert.deepEqual(
        before.filter((task) => task !== 'aside'),
        ['first'],
      );

      const plan = await bootstrap(['run', '--dry-run', '--resume'], {
        cwd: folder.folder,
        env: { DATABASE_URL: database.url },
      });
      assert.match(plan.stdout, /^skip +first +done, or left out, in run \d{8}-\d{6}-\w+$/m);
      assert.match(plan.stdout, /^run +second /m);

      const again = await run('--resume');
      assert.equal(again.code, 1, 'what is still wrong is tried again');
      folder.write('mended', '');
      const { code, stdout } = await run('--resume');
      assert.equal(code, 0, stdout);
      const ended = statuses(stdout);
      assert.deepEqual(
        [ended.table, ended.first, ended.second, ended.third],
        ['skipped', 'skipped', 'succeeded', 'succeeded'],
      );
      assert.deepEqual(await done(), ['aside', 'first', 'second', 'third']);
    });

    it('does not begin before it is known what another run leaves undone', async () => {
      const lock = databaseLock(resolveConnection(database.url, {}), { runId: 'other', wait: 0 });
      await lock.acquire(new AbortController().signal);
      const { code, stderr } = await run('--resume');
      await lock.release();
      assert.equal(code, 4, stderr);
      assert.match(stderr, /^error\[DBB4008\]: another run works on this database: run other /m);
    });

    it('does nothing after a run that succeeded', async () => {
      const { code, stdout } = await run('--resume');
      assert.equal(code, 0, stdout);
      assert.deepEqual([...new Set(Object.values(statuses(stdout)))], ['skipped']);
      assert.deepEqual(await done(), ['aside', 'first', 'second', 'third']);
    });
  });
}
