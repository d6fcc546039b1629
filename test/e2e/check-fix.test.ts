import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { databaseLock } from '../../lib/run/lock.js';
import { resolveConnection } from '../../lib/postgres/index.js';
import { bootstrap, copyExample, type Ended } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';

interface Document {
  readonly checks: readonly {
    readonly name: string;
    readonly status: string;
    readonly findings: readonly { readonly code: string }[];
    readonly fixed?: readonly { readonly message: string; readonly subject: Record<string, string> }[];
  }[];
}

describe('check --fix', function () {
  this.timeout(60_000);
  let project: ReturnType<typeof makeFolder>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const check = (...args: string[]): Promise<Ended> =>
    bootstrap(['check', ...args], { cwd: project.folder, env: { DATABASE_URL: database.url } });

  before(async () => {
    project = makeFolder({ '.bootstraprc': 'preset: sql\n' });
    database = await createTestDatabase();
    await query(database.url, 'create table "Größe" ("Id" serial primary key)');
  });
  after(async () => {
    await database.drop();
    project.remove();
  });
  const breakIt = (): Promise<unknown> =>
    query(database.url, `truncate "Größe" restart identity; insert into "Größe" values (7)`);

  it('says that it repaired nothing where nothing that was found is safe to repair', async () => {
    await query(database.url, 'create table apart (id integer)');
    await query(database.url, 'alter table apart add constraint positive check (id > 0) not valid');
    const left = await check('--fix');
    assert.equal(left.code, 3, left.stderr);
    assert.match(left.stdout, /\n\nnothing was repaired: what was found is left to a person\n$/);
    await query(database.url, 'drop table apart');
    assert.doesNotMatch((await check('--fix')).stdout, /nothing was repaired/);
  });

  it('says what it did, and finds nothing to do the second time', async () => {
    await breakIt();
    assert.equal((await check('--only', 'sequences')).code, 3);
    const { code, stdout, stderr } = await check('--fix', '--json');
    assert.equal(code, 0, stdout + stderr);
    const { checks } = JSON.parse(stdout) as Document;
    assert.deepEqual(checks[0], {
      name: 'sequences',
      status: 'passed',
      findings: [],
      fixed: [
        {
          message: 'sequence "Größe_Id_seq" in schema "public" set from 1 to 7',
          subject: { schema: 'public', sequence: 'Größe_Id_seq', table: 'Größe', column: 'Id' },
        },
      ],
    });
    const again = JSON.parse((await check('--fix', '--json')).stdout) as Document;
    assert.ok(again.checks.every(({ fixed }) => fixed?.length === 0));
    assert.deepEqual(await query(database.url, `insert into "Größe" default values returning "Id"`), [
      { Id: 8 },
    ]);
  });

  it('refuses a database that only reads, and a run beside it', async () => {
    await breakIt();
    const name = new URL(database.url).pathname.slice(1);
    await query(database.url, `alter database "${name}" set default_transaction_read_only to on`);
    const refused = await check('--fix');
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^error\[DBB6094\]: nothing was repaired: transactions of role "postgres" in database/,
    );
    await query(
      database.url,
      `begin read write; alter database "${name}" reset default_transaction_read_only; commit`,
    );

    const lock = databaseLock(resolveConnection(database.url, {}), { runId: 'other', wait: 0 });
    await lock.acquire(new AbortController().signal);
    try {
      const beside = await check('--fix');
      assert.equal(beside.code, 4, beside.stdout + beside.stderr);
      assert.match(beside.stdout, /error\[DBB4008\]/);
      assert.match(beside.stdout, /^FAILED {2}sequences: /m);
    } finally {
      await lock.release();
    }
    assert.equal((await check('--fix')).code, 0);
  });

  it('deletes where the name of the database was typed, and not where another was', async () => {
    const example = copyExample('django-tenants', await virtualEnv('old'));
    const own = await createTestDatabase();
    const env = { DATABASE_URL: own.url };
    try {
      const run = await bootstrap(['run', '--skip', 'venv'], { cwd: example.folder, env });
      assert.equal(run.code, 0, run.stdout);
      const [key] = await query<{ name: string }>(
        own.url,
        `select conname as name from pg_constraint where conrelid = 'tenants_domain'::regclass and contype = 'f'`,
      );
      await query(own.url, `alter table tenants_domain drop constraint "${key?.name ?? ''}"`);
      await query(
        own.url,
        `insert into tenants_domain (domain, is_primary, tenant_id) values ('lost.example.com', true, 4711)`,
      );
      const count = async (): Promise<unknown> =>
        (await query<{ n: number }>(own.url, 'select count(*)::int as n from tenants_domain'))[0]?.n;
      const wrong = await onTerminal('something else', example.folder, env);
      assert.match(wrong.output, /1 row in the database ".*" will be deleted\. Type its name to go on: /);
      assert.match(wrong.output, /error\[DBB8002\]/);
      assert.deepEqual([wrong.code, await count()], [5, 3]);
      const right = await onTerminal(new URL(own.url).pathname.slice(1), example.folder, env);
      assert.match(right.output, /fixed {3}orphans: domain "lost\.example\.com" deleted/);
      assert.deepEqual([right.code, await count()], [0, 2]);
    } finally {
      await own.drop();
      example.remove();
    }
  });
});

/** Runs the command on a terminal of its own, where a person types one line when asked. */
async function onTerminal(
  line: string,
  cwd: string,
  env: Record<string, string>,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const terminal = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  const command = [
    process.execPath,
    resolve('dist/bin/db-bootstrap.js'),
    'check',
    '--fix',
    '--only',
    'orphans',
  ];
  const child = spawn('python3', ['-c', terminal, ...command], {
    cwd,
    env: { ...process.env, CI: undefined, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.includes('to go on: ') && child.stdin.writable) child.stdin.end(`${line}\n`);
  });
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, output };
}
