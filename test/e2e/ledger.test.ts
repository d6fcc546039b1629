import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, copyExample, runEnd } from '../support/command.js';
import { createTestDatabase, dump, query } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';

interface Example {
  readonly open: () => Promise<ReturnType<typeof copyExample>>;
  readonly options: readonly string[];
  /** What is done again where nothing is remembered, because nothing but memory tells that it was done. */
  readonly again: readonly string[];
}

const examples: Readonly<Record<string, Example>> = {
  sql: {
    open: () => Promise.resolve(copyExample('sql')),
    options: [],
    again: ['init', 'migrations'],
  },
  'django-tenants': {
    open: async () => copyExample('django-tenants', await virtualEnv('new')),
    options: ['--skip', 'venv'],
    again: ['init', 'seed'],
  },
};

for (const [name, { open, options, again }] of Object.entries(examples)) {
  for (const kind of ['file', 'off'] as const) {
    describe(`ledger: ${kind}, in examples/${name}`, function () {
      this.timeout(180_000);
      let project: ReturnType<typeof copyExample>;
      let database: Awaited<ReturnType<typeof createTestDatabase>>;
      let content: string;
      const run = async (): Promise<ReturnType<typeof runEnd>> => {
        const { code, stdout, stderr } = await bootstrap(
          ['run', ...options, '--set', `ledger=${kind}`, '--reporter', 'ndjson'],
          { cwd: project.folder, env: { DATABASE_URL: database.url } },
        );
        assert.equal(code, 0, stdout + stderr);
        return runEnd(stdout);
      };
      // Without memory scripts run again, and inserts that find their rows there take numbers all the same.
      const dumped = (): Promise<string> => dump(database.url, ...(kind === 'off' ? ['--schema-only'] : []));

      before(async () => {
        project = await open();
        database = await createTestDatabase();
      });
      after(async () => {
        await database.drop();
        project.remove();
      });

      it('goes from nothing to ready', async () => {
        assert.equal((await run()).status, 'succeeded');
        content = await dumped();
      });

      it('leaves nothing of its own in the database', async () => {
        const ours = "select nspname from pg_namespace where nspname like '%bootstrap%'";
        assert.deepEqual(await query(database.url, ours), []);
        const files = readdirSync(join(project.folder, '.db-bootstrap'));
        assert.deepEqual(
          files.map((file) => file.replace(/-\d+-\d+/, '')).filter((file) => /^(ledger|history)/.test(file)),
          kind === 'file' ? ['history.ndjson', 'ledger.json'] : [],
        );
      });

      it(`${kind === 'file' ? 'has nothing to do' : 'does again what nobody remembers'} the second time`, async () => {
        const { status, tasks } = await run();
        assert.equal(status, 'succeeded');
        assert.deepEqual(
          tasks.filter((task) => task.changed).map((task) => task.name),
          kind === 'file' ? [] : again,
        );
        assert.equal(await dumped(), content);
      });
    });
  }
}
