import assert from 'node:assert/strict';
import { bootstrap, copyExample } from '../support/command.js';
import { createTestDatabase, dump, query } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';
import { setTraps, sprung } from '../support/traps.js';

interface Status {
  readonly total: number;
  readonly upToDate: number;
  readonly pending: number;
  readonly failed: number;
  readonly cohorts: readonly {
    readonly tenants: number;
    readonly pending: readonly string[];
    readonly examples: readonly string[];
  }[];
  readonly orphans: readonly string[];
}

describe('db-bootstrap status', function () {
  this.timeout(120_000);
  let project: ReturnType<typeof copyExample>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const run = (...args: string[]): ReturnType<typeof bootstrap> =>
    bootstrap(args, { cwd: project.folder, env: { DATABASE_URL: database.url } });
  const status = async (...args: string[]): Promise<Status> => {
    const { stdout, stderr } = await run('status', '--json', ...args);
    assert.notEqual(stdout, '', stderr);
    return JSON.parse(stdout) as Status;
  };

  before(async () => {
    project = copyExample('django-tenants', await virtualEnv('new'));
    database = await createTestDatabase();
    const { code, stderr } = await run('run', '--skip', 'venv');
    assert.equal(code, 0, stderr);
  });
  after(async () => {
    await database.drop();
    project.remove();
  });

  it('is empty of news for a fleet that is done, and changes nothing', async () => {
    const before = await dump(database.url);
    assert.deepEqual(await status(), {
      total: 2,
      upToDate: 2,
      pending: 0,
      failed: 0,
      cohorts: [],
      orphans: [],
    });
    const { code, stdout } = await run('status', '--exit-code');
    assert.equal(code, 0);
    assert.equal(stdout, '2 tenants: 2 up to date, 0 behind\n');
    assert.equal(await dump(database.url), before);
  });

  it('calls no operator and no function that a low role made, nor does any other command', async () => {
    const low = `low_${String(process.pid)}`;
    const flush = ['--set', 'tasks.flush.enabled=true', '--set', 'guards.allowDestructive=true'];
    const wholeRun = ['run', '--skip', 'venv'];
    await setTraps(database.url, low);
    try {
      for (const [damage, ...args] of [
        ['', 'status'],
        ['', 'plan'],
        ['', 'check'],
        ['', 'doctor'],
        ['', 'record', '--schema', 'test_tenant'],
        ['', ...wholeRun],
        ['drop schema corner_shop cascade; drop schema test_tenant cascade', ...wholeRun],
        ['delete from test_tenant.auth_permission', 'check', '--fix', '--yes'],
        ['', ...wholeRun, ...flush],
      ]) {
        await query(database.url, damage ?? '');
        const { code, stdout, stderr } = await run(...args);
        // Exit 3: Django's index with one of these operators is not as the models have it.
        assert.ok(code === 0 || code === 3, stdout + stderr);
        assert.deepEqual(await sprung(database.url), [], args.join(' '));
      }
    } finally {
      // An index that Django made meanwhile may have one of these operators in its predicate.
      await query(database.url, `drop owned by ${low} cascade; drop role ${low}`);
    }
  });

  it('names cohorts, what they lack, rows without a schema and schemas without a row', async () => {
    await query(
      database.url,
      `delete from corner_shop.django_migrations where app || '.' || name like 'carriers.0004%'`,
    );
    await query(database.url, 'create schema stray');
    await query(database.url, 'create table stray.django_migrations as table corner_shop.django_migrations');
    await query(
      database.url,
      `insert into tenants_client (schema_name, name, description, created_on) values ('nowhere', 'x', '', now())`,
    );
    const found = await status();
    assert.deepEqual(
      { ...found, cohorts: found.cohorts.map(({ tenants, examples }) => ({ tenants, examples })) },
      {
        total: 3,
        upToDate: 1,
        pending: 1,
        failed: 1,
        cohorts: [{ tenants: 1, examples: ['corner_shop'] }],
        orphans: ['stray'],
      },
    );
    assert.deepEqual(found.cohorts[0]?.pending, ['carriers.0004_own_collection']);
    const { code, stdout } = await run('status', '--exit-code');
    assert.equal(code, 3);
    assert.match(stdout, /^3 tenants: 1 up to date, 1 behind, 1 without a schema\n/);
    assert.match(stdout, /1 tenant lacks 1 migration: corner_shop\n {2}carriers\.0004_own_collection\n/);
    assert.match(stdout, /rows without a schema: nowhere\n/);
    assert.match(stdout, /schemas without a row: stray\n/);
  });

  it('speaks of the tenants that a pattern chooses', async () => {
    assert.equal((await status('--tenant', 'test_*')).total, 1);
    assert.equal((await status('--tenant', 'corner?shop')).pending, 1);
  });

  it('and a check name one cause, once, where the database does not exist', async () => {
    const url = new URL(database.url);
    url.pathname = '/no_such_db';
    const options = { cwd: project.folder, env: { DATABASE_URL: url.href } };
    const { code, stderr } = await bootstrap(['status'], options);
    assert.equal(code, 1);
    assert.match(stderr, /^error\[DBB4004\]: the database "no_such_db" does not exist\n {2}help: create it/);
    const { stdout } = await bootstrap(['check'], options);
    assert.deepEqual(stdout.match(/^error\[.*/gm), [
      'error[DBB4004]: the database "no_such_db" does not exist',
    ]);
  });

  it('and a plan say which right a role lacks, and who can grant it, as a run does', async () => {
    const role = `reads_${String(process.pid)}`;
    await query(database.url, `create role ${role} login password 'sesame'`);
    try {
      await query(database.url, `grant select on public.django_migrations to ${role}`);
      const url = Object.assign(new URL(database.url), { username: role, password: 'sesame' });
      const options = { cwd: project.folder, env: { DATABASE_URL: url.href } };
      // Scripts and commands might grant it.
      for (const command of [['status'], ['plan', '--skip', 'init,venv']]) {
        const { code, stderr } = await bootstrap(command, options);
        assert.equal(code, 1);
        assert.match(
          stderr,
          new RegExp(
            `^error\\[DBB4014\\]: role "${role}" lacks select on table "tenants_client" in schema "public"\n`,
          ),
        );
        assert.match(stderr, /\n {2}symptom: permission denied for table tenants_client\n/);
        assert.match(
          stderr,
          new RegExp(`\n {2}help: .*: grant select on "public"."tenants_client" to "${role}";`),
        );
      }
    } finally {
      await query(database.url, `drop owned by ${role}; drop role ${role}`);
    }
  });

  it('says what an empty database lacks: the shared schema, and the tenants of the config', async () => {
    const empty = await createTestDatabase();
    try {
      const options = { cwd: project.folder, env: { DATABASE_URL: empty.url } };
      const { code, stdout } = await bootstrap(['status', '--exit-code'], options);
      assert.equal(code, 3, stdout);
      assert.match(
        stdout,
        /^0 tenants: 0 up to date, 0 behind\n\nthe shared schema "public" lacks \d+ migrations\n/,
      );
      assert.match(stdout, /\ntenants of the config that do not exist yet: test_tenant, corner_shop\n$/);
    } finally {
      await empty.drop();
    }
  });

  it('refuses a project without tenants by a code', async () => {
    const plain = copyExample('sql');
    try {
      const { code, stderr } = await bootstrap(['status'], {
        cwd: plain.folder,
        env: { DATABASE_URL: database.url },
      });
      assert.equal(code, 1);
      assert.match(stderr, /^error\[DBB6/);
      assert.doesNotMatch(stderr, /^ +at /m);
    } finally {
      plain.remove();
    }
  });
});
