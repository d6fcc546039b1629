import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, Command, copyExample, onTerminal, runEnd, type Ended } from '../support/command.js';
import { createTestDatabase, dump, query } from '../support/postgres.js';
import { pythonSets, virtualEnv } from '../support/python.js';

const tenants = ['corner_shop', 'test_tenant'];
const enabled = ['--skip', 'venv', '--set', 'tasks.flush.enabled=true'];
const allowed = [...enabled, '--set', 'guards.allowDestructive=true'];

/** Prints what a whole table holds, in one order. */
async function rows(url: string, table: string): Promise<unknown[]> {
  return query(url, `select t::text from ${table} t order by 1`);
}

/** What a flush keeps, by table: the same rows with the same ids. */
async function kept(url: string): Promise<Record<string, unknown[]>> {
  const shared = ['tenants_client', 'tenants_domain'].map((name) => `public.${name}`);
  const each = ['public', ...tenants].flatMap((schema) =>
    ['django_migrations', 'django_content_type', 'auth_permission'].map((name) => `${schema}.${name}`),
  );
  const found = await Promise.all([...shared, ...each].map(async (table) => [table, await rows(url, table)]));
  return Object.fromEntries(found) as Record<string, unknown[]>;
}

/** What a seed wrote: rows by table and tenant, and their lowest id. */
async function seeded(url: string): Promise<Record<string, unknown>> {
  const tables = tenants.flatMap((schema) =>
    ['carriers_rate', 'suppliers_supplier', 'plants_plant', 'customers_customer'].map(
      (name) => `${schema}.${name}`,
    ),
  );
  const found = await Promise.all(
    tables.map(async (table) => [
      table,
      (await query(url, `select count(*)::int as rows, min(id)::int as first from ${table}`))[0],
    ]),
  );
  return Object.fromEntries(found) as Record<string, unknown>;
}

const plain = ['run', '--no-color', '--reporter', 'append-only'];

function code(ended: Ended): number | null {
  assert.doesNotMatch(ended.stdout + ended.stderr, /\n {4}at /, 'a stack trace');
  return ended.code;
}

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`flush of examples/django-tenants with ${pythonSets[set].join(' ')}`, function () {
    this.timeout(180_000);
    let project: ReturnType<typeof copyExample>;
    let database: Awaited<ReturnType<typeof createTestDatabase>>;
    const options = (url = database.url): { cwd: string; env: NodeJS.ProcessEnv } => ({
      cwd: project.folder,
      env: { DATABASE_URL: url },
    });
    const run = (...args: string[]): Promise<Ended> =>
      bootstrap(['run', '--reporter', 'ndjson', ...args], options());
    const statuses = (ended: Ended): Record<string, string> =>
      Object.fromEntries(runEnd(ended.stdout).tasks.map(({ name, status }) => [name, status]));

    before(async () => {
      project = copyExample('django-tenants', await virtualEnv(set));
      database = await createTestDatabase();
      const ended = await run('--skip', 'venv');
      assert.equal(code(ended), 0, ended.stdout + ended.stderr);
    });
    after(async () => {
      await database.drop();
      project.remove();
    });

    describe('refused', () => {
      const state = (): string => join(project.folder, '.db-bootstrap');

      async function refusal(args: string[], url = database.url): Promise<string> {
        rmSync(state(), { recursive: true, force: true });
        const ended = await bootstrap(['run', '--reporter', 'ndjson', ...enabled, ...args], options(url));
        assert.equal(code(ended), 5, ended.stdout + ended.stderr);
        assert.equal(ended.stdout, '', 'no run began');
        assert.equal(existsSync(state()), false, 'nothing of a run was left');
        assert.match(ended.stderr, /^error\[DBB8001\]: a guard refused task "flush": /m);
        assert.match(ended.stderr, /not done: nothing was started/);
        return /refused task "flush": (.*)/.exec(ended.stderr)?.[1] ?? '';
      }

      it('where the config does not allow it, whatever --yes says', async () => {
        const before = await dump(database.url);
        for (const args of [[], ['--yes'], ['--set', 'guards.allowDestructive=false']])
          assert.equal(await refusal(args), 'guards.allowDestructive is not true');
        assert.equal(await dump(database.url), before);
      });

      it('where the name of the database does not match', async () => {
        const before = await dump(database.url);
        assert.equal(
          await refusal([...allowed, '--yes', '--set', 'guards.databases=["stage_*"]']),
          `the database's name "${database.name}" matches none of guards.databases (stage_*)`,
        );
        assert.equal(await dump(database.url), before);
        const real = await createTestDatabase({ name: database.name.replace('test_', 'latest') });
        try {
          const empty = await dump(real.url);
          assert.equal(
            await refusal([...allowed, '--yes'], real.url),
            `the database's name "${real.name}" has no "test", "ci" or "dev" in it`,
          );
          assert.equal(await dump(real.url), empty);
        } finally {
          await real.drop();
        }
      });

      it('where the server is another machine, which is not asked; and all conditions are named at once', async () => {
        const far = new URL(database.url);
        far.hostname = 'db.example.invalid';
        const host = 'the server "db.example.invalid" is neither loopback nor in guards.hosts';
        assert.equal(await refusal([...allowed, '--yes'], far.href), host);
        far.pathname = '/production';
        assert.equal(
          await refusal(['--yes'], far.href),
          `guards.allowDestructive is not true; the database's name "production" has no "test", "ci" or "dev" in it; ${host}`,
        );
      });

      it('and no embedded server is started for the answer', async () => {
        assert.equal(
          await refusal(['--yes', '--set', 'database=embedded']),
          'guards.allowDestructive is not true',
        );
      });

      it('on a terminal, where something else than the name is typed, nothing, or Ctrl-C', async () => {
        const before = await dump(database.url);
        const typing = (typed: string): Promise<Ended> =>
          onTerminal([...plain, ...allowed], [['Type its name to go on: ', typed]], options());
        for (const typed of ['yes\r', '\r', '\u0004']) {
          const ended = await typing(typed);
          assert.equal(code(ended), 5, ended.stdout + ended.stderr);
          assert.match(ended.stdout, /error\[DBB8002\]/);
          assert.match(ended.stdout, /not done: nothing was started/);
        }
        const ended = await typing('\u0003');
        assert.equal(code(ended), 130, ended.stdout + ended.stderr);
        assert.match(ended.stdout, /^error\[DBB5020\]: the run was interrupted before anything was started/m);
        assert.equal(await dump(database.url), before);
      });
    });

    it('is planned, with the seed that has to run again, and changes nothing by that', async () => {
      const before = await dump(database.url);
      const ended = await bootstrap(['plan', '--json', ...allowed], options());
      assert.equal(code(ended), 0, ended.stderr);
      const { tasks } = JSON.parse(ended.stdout) as {
        tasks: { name: string; action: string; reason: string }[];
      };
      const planned = (name: string): string =>
        tasks
          .filter((task) => task.name === name)
          .map(({ action, reason }) => `${action}: ${reason}`)
          .join();
      assert.match(planned('flush'), /^run: \d+ rows in \d+ tables of 2 schemas would be deleted$/);
      assert.equal(planned('seed'), 'run: what it did does not count any more once "flush" has run');
      assert.match(planned('tenant-migrations'), /^up-to-date: /);
      assert.equal(await dump(database.url), before);
    });

    it('empties public and the tenants, keeps what it must, and ends ready and seeded', async () => {
      const fresh = await seeded(database.url);
      const before = await kept(database.url);
      for (const schema of ['public', ...tenants])
        await query(database.url, `insert into ${schema}.auth_group (name) values ('a'), ('b')`);
      await query(
        database.url,
        `insert into corner_shop.carriers_carrier (code, name, active, tracking_url) values ('X', 'X', true, '')`,
      );

      const ended = await run(...allowed);
      assert.equal(code(ended), 0, ended.stdout + ended.stderr);
      const { tasks } = runEnd(ended.stdout);
      const of = (name: string): (typeof tasks)[number] | undefined =>
        tasks.find((task) => task.name === name);
      assert.deepEqual([of('flush')?.status, of('flush')?.changed], ['succeeded', true]);
      assert.deepEqual([of('seed')?.status, of('seed')?.changed], ['succeeded', true]);
      assert.deepEqual([of('init')?.status, of('tenants')?.status], ['up-to-date', 'up-to-date']);
      const warnings = (of('flush')?.warnings ?? []).map(({ code, message }) => `${code}: ${message}`);
      assert.deepEqual(warnings, [
        'DBB6035: what these data migrations wrote into emptied tables is gone: carriers.0004_own_collection',
        'DBB5021: what these tasks wrote may have been deleted by "flush", and they do not run again for that: "init"',
      ]);

      assert.deepEqual(await kept(database.url), before);
      // The seed's rows, and no others; and their sequences began again, as on the day of the first run.
      assert.deepEqual(await seeded(database.url), fresh);
      const carriers = await query<{ code: string; id: string }>(
        database.url,
        'select code, id::text from corner_shop.carriers_carrier order by id',
      );
      assert.deepEqual(
        carriers.map(({ code, id }) => `${id} ${code}`),
        ['1 NORTH', '2 RAIL'],
      );
      for (const schema of ['public', ...tenants]) {
        const [group] = await query(
          database.url,
          `insert into ${schema}.auth_group (name) values ('c') returning id::int, (select count(*)::int from ${schema}.auth_group) as others`,
        );
        assert.deepEqual(group, { id: 1, others: 0 }, schema);
      }
      const checked = await bootstrap(['check', '--json'], options());
      assert.equal(code(checked), 0, checked.stdout + checked.stderr);
    });

    it('killed in its midst leaves no seed "up to date" over empty tables', async () => {
      const fresh = await seeded(database.url);
      const command = new Command(['run', '--reporter', 'ndjson', ...allowed], options());
      const event = await command.event(({ type }) => type === 'tenant.end');
      command.kill('SIGKILL');
      await command.ended;
      assert.equal(event?.type === 'tenant.end' ? event.status : undefined, 'changed');

      const ended = await run('--skip', 'venv');
      assert.equal(code(ended), 0, ended.stdout + ended.stderr);
      assert.deepEqual([statuses(ended).flush, statuses(ended).seed], ['skipped', 'succeeded']);
      const counts = (found: Record<string, unknown>): unknown =>
        Object.entries(found).map(([table, each]) => [table, (each as { rows: number }).rows]);
      assert.deepEqual(counts(await seeded(database.url)), counts(fresh));
    });

    it('on a terminal runs once the name is typed; with --yes nobody is asked', async () => {
      const question = `Everything in the database "${database.name}" will be deleted. Type its name to go on: `;
      const asked = await onTerminal([...plain, ...allowed], [[question, `${database.name}\r`]], options());
      assert.equal(code(asked), 0, asked.stdout + asked.stderr);
      assert.match(asked.stdout, /rows of \d+ tables deleted in \d schemas/);
      const silent = await onTerminal([...plain, ...allowed, '--yes'], [], options());
      assert.equal(code(silent), 0, silent.stdout + silent.stderr);
      assert.doesNotMatch(silent.stdout, /Type its name/);
      assert.match(silent.stdout, /rows of \d+ tables deleted in \d schemas/);
    });
  });
}
