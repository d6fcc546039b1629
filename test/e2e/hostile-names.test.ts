import assert from 'node:assert/strict';
import { bootstrap, copyExample, type Ended } from '../support/command.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';

/** What moves a cursor, ends a line, and is a command of GitHub's runner or the end of a Markdown cell. */
const hostile = 'x\u001b[2J\n::set-env name=A::b\r##[error]c|<b>\u009b1A\u202e';

describe('names from the database that hold escapes, line ends and commands', function () {
  this.timeout(120_000);
  let project: ReturnType<typeof copyExample>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const run = (...args: string[]): Promise<Ended> =>
    bootstrap(args, { cwd: project.folder, env: { DATABASE_URL: database.url } });

  before(async () => {
    project = copyExample('django-tenants', await virtualEnv('old'));
    database = await createTestDatabase();
    const { code, stdout, stderr } = await run('run', '--skip', 'venv', '--skip', 'seed');
    assert.ok(code === 0 || code === 3, stdout + stderr);
    await query(database.url, `create schema "${hostile}"`);
    await query(database.url, `create table "${hostile}".django_migrations (id int, app text, name text)`);
  });
  after(async () => {
    await database.drop();
    project.remove();
  });

  function assertHarmless({ stdout, stderr }: Ended, what: string): void {
    const text = stdout + stderr;
    assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/, what);
    assert.doesNotMatch(text, /^[ \t]*::|##\[/m, what);
    assert.doesNotMatch(text, /Traceback|DBB9001/, what + text);
  }

  const commands = [
    ['status'],
    ['status', '--json'],
    ['check'],
    ['check', '--json'],
    ['plan', '--skip', 'venv'],
    ['plan', '--skip', 'venv', '--json'],
    ['doctor'],
    ['record', '--schema', 'test_tenant'],
    ['record', '--schema', 'test_tenant', '--sql'],
    ['run', '--skip', 'venv', '--skip', 'seed', '--reporter', 'append-only'],
    ['run', '--skip', 'venv', '--skip', 'seed', '--reporter', 'ndjson'],
  ];

  it('take no effect in any output', async () => {
    for (const schema of ['public', 'test_tenant'])
      await query(
        database.url,
        `insert into ${schema}.django_migrations (app, name, applied) values ($1, $1, now())`,
        [hostile],
      );
    for (const args of commands) assertHarmless(await run(...args), args.join(' '));
  });

  it('go into no statement: rows of tenants with quotes are refused before anything is done with them', async () => {
    await query(database.url, 'create table marker ()');
    for (const name of [`a'; drop table marker; --`, 'a"b', 'a,public']) {
      await query(database.url, `create schema "${name.replaceAll('"', '""')}"`);
      await query(
        database.url,
        `insert into tenants_client select (jsonb_populate_record(c, jsonb_build_object('id', 1000, 'schema_name', $1::text))).* from tenants_client c where schema_name = 'test_tenant'`,
        [name],
      );
      for (const args of [
        ['status'],
        ['run', '--skip', 'venv', '--skip', 'seed'],
        [
          'run',
          '--skip',
          'venv',
          '--set',
          'tasks.flush.enabled=true',
          '--set',
          'guards.allowDestructive=true',
        ],
      ]) {
        const ended = await run(...args);
        assert.notEqual(ended.code, 0, name);
        assert.match(ended.stdout + ended.stderr, /error\[DBB6023\]: the tenant's row with the schema name/);
      }
      await query(database.url, 'delete from tenants_client where id = 1000');
    }
    await query(database.url, 'drop table marker');
  });
});
