import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endSurvivors } from '../../lib/process/index.js';
import { createTestDatabase, query } from '../support/postgres.js';

/** Runs the init task of a folder, its ledger in a file that is written before the task goes on. */
const command = `
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { init } from ${JSON.stringify(join(process.cwd(), 'tasks/init.ts'))};
import { writeRunFile } from ${JSON.stringify(join(process.cwd(), 'lib/process/index.ts'))};
import { testContext, testMemory } from ${JSON.stringify(join(process.cwd(), 'test/support/task-context.ts'))};
const [root, url] = process.argv.slice(2);
const memory = testMemory();
if (existsSync(root + '/ledger.json')) {
  for (const [key, value] of JSON.parse(readFileSync(root + '/ledger.json', 'utf8'))) memory.ledger.set(key, value);
}
const set = memory.ledger.set.bind(memory.ledger);
memory.ledger.set = (key, value) => {
  set(key, value);
  writeFileSync(root + '/ledger.new', JSON.stringify([...memory.ledger]));
  renameSync(root + '/ledger.new', root + '/ledger.json');
  return memory.ledger;
};
const removeRunFile = await writeRunFile(root + '/.db-bootstrap', String(process.pid));
console.log('begin');
try {
  await init.run(testContext({ kind: init, root, url, memory, runId: String(process.pid) }));
  console.log('done');
} catch (error) {
  console.log(error.code);
}
removeRunFile();
`;

describe('init, when db-bootstrap is killed', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let root: string;

  before(async () => (database = await createTestDatabase()));
  after(() => database.drop());
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'dbb-killed-'));
    mkdirSync(join(root, 'docker-entrypoint-initdb.d'));
    writeFileSync(join(root, 'command.mts'), command);
    execFileSync('mkfifo', [join(root, 'ready'), join(root, 'go')]);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('ends its shell at the next file, and the ledger says which file was interrupted', async () => {
    const first = join(root, 'docker-entrypoint-initdb.d/1.sh');
    writeFileSync(
      first,
      `#!/bin/sh\necho $PPID > "${root}/ready"\nread answer < "${root}/go"\necho ended > "${root}/ended"\n`,
    );
    chmodSync(first, 0o755);
    writeFileSync(join(root, 'docker-entrypoint-initdb.d/2.sql'), 'create table must_not_exist ();');

    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(root, 'command.mts'), root, database.url],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        cwd: process.cwd(),
      },
    );
    const driver = Number(await readFile(join(root, 'ready'), 'utf8'));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await writeFile(join(root, 'go'), 'go\n');
    while (lives(driver)) await new Promise((resolve) => setTimeout(resolve, 10));

    assert.ok(existsSync(join(root, 'ended')), 'the file itself is not cut off');
    assert.deepEqual(await query(database.url, `select from pg_class where relname = 'must_not_exist'`), []);
    const [[name, entry]] = JSON.parse(readFileSync(join(root, 'ledger.json'), 'utf8')) as [
      [string, { state: string }],
    ];
    assert.deepEqual([name, entry.state], ['1.sh (attempt)', 'running']);
  });
});

describe('init, killed at random moments', function () {
  this.timeout(60_000);
  let database: Awaited<ReturnType<typeof createTestDatabase>>;

  before(async () => (database = await createTestDatabase()));
  after(() => database.drop());

  it('is ready in the end; what may run twice does, and what may not never does', async () => {
    const root = mkdtempSync(join(tmpdir(), 'dbb-random-'));
    const folder = join(root, 'docker-entrypoint-initdb.d');
    mkdirSync(folder);
    writeFileSync(join(root, 'command.mts'), command);
    await query(database.url, 'create table trail (step text)');
    writeFileSync(join(folder, '1.sql'), 'create table if not exists a ();\nselect pg_sleep(0.1);\n');
    writeFileSync(join(folder, '2.sql'), "insert into trail values ('two');\nselect pg_sleep(0.05);\n");
    writeFileSync(join(folder, '3.sh'), 'export COLOUR=blue\n');
    writeFileSync(join(folder, '4.sql'), 'create table if not exists b ();\nselect pg_sleep(0.1);\n');
    try {
      let reported = 0;
      for (let tries = 0; ; tries++) {
        assert.ok(tries < 30, 'it comes to an end');
        const answer = await attempt(root, tries < 8 ? Math.random() * 400 : undefined);
        await orphansEnded(root, database.url);
        const rows = await query(database.url, 'select from trail');
        assert.ok(rows.length <= 1, 'the file that may not run twice did not');
        if (answer === 'done') break;
        if (answer === 'killed') continue;
        assert.equal(answer, 'DBB5008');
        reported++;
        // The person looks at the database and says what happened.
        settle(root, '2.sql', rows.length === 1 ? 'done' : 'failed');
      }
      assert.ok(reported <= 8);
      assert.equal((await query(database.url, 'select from trail')).length, 1);
      assert.equal((await query(database.url, `select from pg_class where relname in ('a', 'b')`)).length, 2);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  /** Runs the command, killed so many milliseconds after it began; what it said last. */
  async function attempt(root: string, after: number | undefined): Promise<string> {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(root, 'command.mts'), root, database.url],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (said === '' && after !== undefined) setTimeout(() => child.kill('SIGKILL'), after);
      said += text;
    });
    await once(child, 'close');
    return child.signalCode === 'SIGKILL' ? 'killed' : (said.trim().split('\n').at(-1) ?? '');
  }

  function settle(root: string, name: string, state: string): void {
    const file = join(root, 'ledger.json');
    const entries = JSON.parse(readFileSync(file, 'utf8')) as [string, object][];
    writeFileSync(
      file,
      JSON.stringify(
        entries.map(([key, value]) =>
          key === `${name} (attempt)` ? [state === 'done' ? name : key, { ...value, state }] : [key, value],
        ),
      ),
    );
  }

  /** What the engine does before a run: nothing of an earlier one is at work any more. */
  async function orphansEnded(root: string, url: string): Promise<void> {
    await endSurvivors(join(root, '.db-bootstrap'), { grace: 500 });
    const others = `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
    while ((await query(url, others)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for is dead enough.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
