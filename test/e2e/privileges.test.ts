import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap, eventsOf, runEnd } from '../support/command.js';
import { createTestDatabase, query } from '../support/postgres.js';

describe('a role that may do little', function () {
  this.timeout(30_000);
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let folder: string;
  let url: string;
  const role = `little_${String(process.pid)}`;

  before(async () => {
    database = await createTestDatabase();
    await query(database.url, `create role ${role} login password 'little-secret'`);
    await query(database.url, 'revoke create on schema public from public');
    const parts = new URL(database.url);
    parts.username = role;
    parts.password = 'little-secret';
    url = parts.href;
    folder = mkdtempSync(join(tmpdir(), 'dbb-role-'));
  });
  after(async () => {
    await database.drop();
    const server = new URL(database.url);
    server.pathname = '/postgres';
    await query(server.href, `drop role ${role}`);
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (text: string): ReturnType<typeof bootstrap> => {
    const tasks = { wait: {}, work: { use: 'sql', text, needs: ['wait'] } };
    writeFileSync(join(folder, '.bootstraprc'), JSON.stringify({ tasks }));
    return bootstrap(['run', '--reporter', 'ndjson'], { cwd: folder, env: { DATABASE_URL: url } });
  };

  it('is told what it may not do', async () => {
    const { code, stdout } = await run('create table public.mine (id integer)');
    assert.equal(code, 1, stdout);
    const [problem] = runEnd(stdout).tasks.find(({ name }) => name === 'work')?.problems ?? [];
    assert.equal(problem?.code, 'DBB4014');
    assert.equal(problem.facts?.sqlstate, '42501');
    assert.match(problem.message, new RegExp(`role "${role}" lacks create on schema "public"$`));
  });

  it('has its ledger in files, and a warning that says so', async () => {
    const first = await run('select 1');
    assert.equal(first.code, 0, first.stdout);
    const notices = eventsOf(first.stdout).filter((event) => event.type === 'notice');
    assert.deepEqual(
      notices.map(({ problem }) => problem.code),
      ['DBB4030'],
    );
    assert.ok(readdirSync(join(folder, '.db-bootstrap')).some((name) => name.startsWith('ledger-')));
    const work = runEnd((await run('select 1')).stdout).tasks.find(({ name }) => name === 'work');
    assert.equal(work?.status, 'up-to-date');
  });
});
