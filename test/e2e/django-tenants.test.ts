import assert from 'node:assert/strict';
import { bootstrap, copyExample, eventsOf, runEnd } from '../support/command.js';
import { createTestDatabase, dump, query } from '../support/postgres.js';
import { pythonSets, virtualEnv } from '../support/python.js';

const tenants = ['test_tenant', 'corner_shop'];

interface Fixed {
  readonly checks: readonly {
    readonly name: string;
    readonly status: string;
    readonly fixed: readonly { readonly message: string }[];
  }[];
}

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`examples/django-tenants with ${pythonSets[set].join(' ')}`, function () {
    this.timeout(180_000);
    let project: ReturnType<typeof copyExample>;
    let database: Awaited<ReturnType<typeof createTestDatabase>>;
    const run = (...args: string[]): ReturnType<typeof bootstrap> =>
      bootstrap(args, { cwd: project.folder, env: { DATABASE_URL: database.url } });

    before(async () => {
      project = copyExample('django-tenants', await virtualEnv(set));
      database = await createTestDatabase();
    });
    after(async () => {
      await database.drop();
      project.remove();
    });

    it('plans everything before anything exists, and changes nothing by it', async () => {
      const empty = await dump(database.url);
      const { code, stdout, stderr } = await run('plan', '--json', '--skip', 'venv');
      assert.equal(code, 0, stderr);
      const { tasks } = JSON.parse(stdout) as { tasks: { name: string; action: string }[] };
      const actions = Object.fromEntries(tasks.map(({ name, action }) => [name, action]));
      for (const name of ['wait', 'init', 'shared', 'tenants', 'tenant-migrations', 'seed'])
        assert.equal(actions[name], 'run', name);
      assert.equal(actions.flush, 'skip');
      assert.equal(await dump(database.url), empty);
    });

    it('goes from nothing to ready', async () => {
      const { code, stdout, stderr } = await run('run', '--skip', 'venv', '--reporter', 'ndjson');
      assert.equal(code, 0, stdout + stderr);
      const end = runEnd(stdout);
      assert.equal(end.status, 'succeeded');
      for (const name of ['init', 'shared', 'tenants', 'tenant-migrations', 'seed']) {
        assert.equal(end.tasks.find((task) => task.name === name)?.changed, true, name);
      }
      for (const tenant of tenants) {
        for (const table of ['carriers_carrier', 'suppliers_supplier', 'customers_customer']) {
          const [row] = await query<{ there: boolean }>(
            database.url,
            'select to_regclass($1) is not null as there',
            [`${tenant}.${table}`],
          );
          assert.equal(row?.there, true, `${tenant}.${table}`);
        }
      }
      assert.equal(eventsOf(stdout)[0]?.type, 'run.start');
    });

    it('has nothing to do the second time, and says so', async () => {
      const before = await dump(database.url, '--exclude-schema=db_bootstrap');
      const { code, stdout, stderr } = await run('run', '--skip', 'venv', '--reporter', 'ndjson');
      assert.equal(code, 0, stdout + stderr);
      const { tasks } = runEnd(stdout);
      assert.deepEqual(
        tasks.filter(({ changed }) => changed),
        [],
      );
      for (const { name, use, check, status } of tasks) {
        if (check || use === 'wait') assert.equal(status, 'succeeded', name);
        else if (name === 'flush' || name === 'venv') assert.equal(status, 'skipped', name);
        else assert.equal(status, 'up-to-date', name);
      }
      assert.equal(await dump(database.url, '--exclude-schema=db_bootstrap'), before);
    });

    it('plans that nothing is to be done then', async () => {
      const { code, stdout } = await run('plan', '--json', '--exit-code', '--skip', 'venv');
      assert.equal(code, 0, stdout);
    });

    it('checks', async () => {
      const { code, stdout, stderr } = await run('check', '--json');
      assert.equal(code, 0, stdout + stderr);
      const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
      assert.deepEqual(checks.map(({ name }) => name).sort(), [
        'constraints',
        'content-types',
        'drift',
        'duplicates',
        'extensions',
        'foreign-keys',
        'indexes',
        'migrations',
        'orphans',
        'roles',
        'sequences',
        'tables',
        'tenants',
      ]);
      assert.ok(checks.every(({ status }) => status === 'passed'));
    });

    it('repairs sequences, content types and, where a person agrees, domains', async () => {
      await query(database.url, `select setval('corner_shop.carriers_carrier_id_seq', 1)`);
      await query(database.url, `delete from test_tenant.auth_permission where codename = 'view_plant'`);
      const [key] = await query<{ name: string }>(
        database.url,
        `select conname as name from pg_constraint where conrelid = 'tenants_domain'::regclass and contype = 'f'`,
      );
      await query(database.url, `alter table tenants_domain drop constraint "${key?.name ?? ''}"`);
      await query(
        database.url,
        `insert into tenants_domain (domain, is_primary, tenant_id) values ('lost.example.com', true, 4711)`,
      );
      const names = ['--only', 'sequences,content-types,orphans'];
      const first = JSON.parse((await run('check', '--fix', '--json', ...names)).stdout) as Fixed;
      assert.deepEqual(
        first.checks.map(({ name, status, fixed }) => [name, status, fixed.map(({ message }) => message)]),
        [
          ['orphans', 'failed', []],
          [
            'sequences',
            'passed',
            ['sequence "carriers_carrier_id_seq" in schema "corner_shop" set from 1 to 3'],
          ],
          ['content-types', 'passed', ['1 permission added to schema "test_tenant"']],
        ],
      );
      const second = await run('check', '--fix', '--yes', ...names);
      assert.equal(second.code, 0, second.stdout + second.stderr);
      assert.match(second.stdout, /^fixed {3}orphans: domain "lost\.example\.com" deleted$/m);
      assert.doesNotMatch(second.stdout, /^fixed {3}(?!orphans)/m);
      await query(
        database.url,
        `alter table tenants_domain add constraint "${key?.name ?? ''}" foreign key (tenant_id)
           references tenants_client deferrable initially deferred`,
      );
      assert.equal((await run('check')).code, 0);
    });

    it('names the schema, the migration and the table when a table is gone', async () => {
      await query(database.url, 'drop table corner_shop.carriers_carrier cascade');
      const { code, stdout } = await run('check', '--json');
      assert.equal(code, 3, stdout);
      const { checks } = JSON.parse(stdout) as {
        checks: {
          name: string;
          status: string;
          findings: { code: string; subject: Record<string, string> }[];
        }[];
      };
      const findings = checks.find(({ name }) => name === 'tables')?.findings ?? [];
      assert.equal(findings[0]?.code, 'DBB6012');
      const { schema, table } = findings[0].subject;
      assert.deepEqual({ schema, table }, { schema: 'corner_shop', table: 'carriers_carrier' });
    });
  });
}
