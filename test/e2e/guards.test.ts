import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bootstrap, runEnd, type Ended } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { startPgBouncer } from '../support/pgbouncer.js';
import { createTestDatabase, query } from '../support/postgres.js';

const plugin = `
import { defineTask, z } from 'db-bootstrap';
const kindOf = (kind, run, more = {}) => defineTask({ kind, description: kind, options: z.object({}), run, ...more });
export const empty = kindOf('empty', async (ctx) => {
  await ctx.database.query('delete from item');
  return { changed: true, summary: 'emptied' };
}, { destructive: true });
`;

describe('guards before a pooler', function () {
  this.timeout(60_000);
  let project: ReturnType<typeof makeFolder>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;

  before(async () => {
    database = await createTestDatabase({ name: `prod_${Date.now().toString(36)}` });
    await query(database.url, 'create table item (id integer)');
    await query(database.url, 'insert into item values (1)');
    project = makeFolder({ 'plugin.mjs': plugin });
    mkdirSync(join(project.folder, 'node_modules'));
    symlinkSync(resolve('.'), join(project.folder, 'node_modules/db-bootstrap'));
  });
  after(async () => {
    project.remove();
    await database.drop();
  });

  async function empty(alias: string, ...args: string[]): Promise<Ended & { readonly left: number }> {
    const config = {
      plugins: ['./plugin.mjs'],
      guards: { allowDestructive: true },
      tasks: { empty: { use: 'empty' } },
    };
    project.write('bootstrap.config.mjs', `export default ${JSON.stringify(config)};\n`);
    const pooler = await startPgBouncer(database.url, { mode: 'session', alias });
    try {
      const ended = await bootstrap(args, {
        cwd: project.folder,
        env: { DATABASE_URL: pooler.url.replace(/[^/]*$/, alias === '*' ? 'shop_test' : alias) },
      });
      return { ...ended, left: (await query(database.url, 'select from item')).length };
    } finally {
      await pooler.stop();
    }
  }

  for (const alias of ['fl_test', '*'])
    it(`refuse a name that leads to another database (alias ${alias})`, async () => {
      const { code, stderr, left } = await empty(alias, 'run', '--reporter', 'ndjson');
      assert.deepEqual([code, left], [5, 1], stderr);
      assert.match(
        stderr,
        /error\[DBB8001\]: a guard refused task "empty": "\w+_test" leads to the database "prod_\w+", as the server says/,
      );
      assert.match(stderr, /not done: nothing was started/);
    });

  it('let it pass where both names match', async () => {
    const allowed = '--set=guards.databases=["fl_test","prod_*"]';
    const { code, stdout, stderr, left } = await empty('fl_test', 'run', '--reporter', 'ndjson', allowed);
    assert.deepEqual([code, left], [0, 0], stdout + stderr);
    assert.equal(runEnd(stdout).tasks[0]?.status, 'succeeded');
  });

  it('keep a proof from a database that any name leads to', async () => {
    const { code, stderr } = await empty('*', 'prove');
    assert.equal(code, 1, stderr);
    assert.match(stderr, /error\[DBB5042\]: a connection to the new database "shop_test_prove_\w+" leads to/);
  });
});
