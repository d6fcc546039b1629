import assert from 'node:assert/strict';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, runEnd } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, query } from '../support/postgres.js';

describe('scripts that changed after they were applied', function () {
  this.timeout(60_000);

  for (const ledger of ['database', 'file']) {
    it(`stop the run before its first change, until somebody decides (ledger: ${ledger})`, async () => {
      const home = makeFolder();
      const test = await createTestDatabase();
      const run = (...args: string[]): ReturnType<typeof bootstrap> =>
        bootstrap(args, { cwd: home.folder, env: { DATABASE_URL: test.url } });
      const price = async (): Promise<unknown> => (await query(test.url, 'select price from item'))[0]?.price;
      home.write(
        '.bootstraprc.yaml',
        `ledger: ${ledger === 'file' ? 'file' : '{ schema: db_bootstrap }'}
tasks:
  first: { use: command, run: touch ran }
  init: { use: init }
  files: { use: sql, files: ['*.sql'], needs: [init] }
`,
      );
      home.write('docker-entrypoint-initdb.d/1.sql', 'create table item (id int primary key, price int)');
      home.write('001.sql', 'insert into item values (1, 100)');
      home.write('002.sql', 'update item set price = price * 2');
      assert.equal((await run('run')).code, 0);
      rmSync(join(home.folder, 'ran'));
      home.write('docker-entrypoint-initdb.d/1.sql', 'create table other ()');
      home.write('002.sql', 'update item set price = price * 3');

      const stopped = await run('run', '--reporter', 'ndjson');
      assert.equal(stopped.code, 1);
      assert.deepEqual(
        runEnd(stopped.stdout).problems?.map(({ code, message }) => [code, message]),
        [
          ['DBB5023', '"docker-entrypoint-initdb.d/1.sql" has changed since it was applied'],
          ['DBB5023', '"002.sql" has changed since it was applied'],
        ],
      );
      assert.equal(existsSync(join(home.folder, 'ran')), false);
      const plan = await run('plan');
      assert.equal(plan.code, 1);
      assert.match(plan.stdout + plan.stderr, /DBB5023.*002\.sql/);
      assert.equal(await price(), 200);

      assert.equal((await run('repair', 'nobody')).code, 2);
      const accepted = await run('repair', 'init');
      assert.match(
        accepted.stdout,
        /^"docker-entrypoint-initdb\.d\/1\.sql" counts as applied .* was not run\n$/,
      );
      assert.match((await run('repair')).stdout, /^"002\.sql" counts/);
      assert.match((await run('repair')).stdout, /^nothing to repair/);
      const ready = await run('run');
      assert.deepEqual([ready.code, await price()], [0, 200], ready.stdout + ready.stderr);
      home.write('002.sql', 'update item set price = price * 5');
      assert.equal((await run('run', '--set', 'tasks.files.rerun=changed')).code, 0);
      assert.equal(await price(), 1000);
      await test.drop();
      home.remove();
    });
  }

  it('are not applied again under another name, until somebody accepts the name', async () => {
    const home = makeFolder();
    const test = await createTestDatabase();
    const run = (...args: string[]): ReturnType<typeof bootstrap> =>
      bootstrap(args, { cwd: home.folder, env: { DATABASE_URL: test.url } });
    const price = async (): Promise<unknown> => (await query(test.url, 'select price from item'))[0]?.price;
    home.write('.bootstraprc', "tasks: { files: { use: sql, files: ['*.sql'] } }\n");
    home.write('001.sql', 'create table item (price int); insert into item values (100)');
    home.write('002.sql', 'update item set price = price * 2');
    assert.equal((await run('run')).code, 0);
    renameSync(join(home.folder, '002.sql'), join(home.folder, '010.sql'));
    const stopped = await run('run');
    assert.equal(stopped.code, 1);
    assert.match(stopped.stdout, /^error\[DBB5023\]: "010\.sql" was applied already, as "002\.sql"$/m);
    assert.match((await run('repair')).stdout, /^"010\.sql" counts as applied/);
    const ready = await run('run');
    assert.deepEqual([ready.code, await price()], [0, 200], ready.stdout + ready.stderr);
    // A file with the content of one that is still there is a new script.
    home.write('011.sql', 'update item set price = price * 2');
    assert.equal((await run('run')).code, 0);
    assert.equal(await price(), 400);
    await test.drop();
    home.remove();
  });
});
