import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, query } from '../support/postgres.js';

/** Runs the init task of a folder, its ledger in a file that is written before the task goes on. */
const command = `
import { writeFileSync } from 'node:fs';
import { init } from ${JSON.stringify(join(process.cwd(), 'tasks/init.ts'))};
import { testContext, testMemory } from ${JSON.stringify(join(process.cwd(), 'test/support/task-context.ts'))};
const [root, url] = process.argv.slice(2);
const memory = testMemory();
const set = memory.ledger.set.bind(memory.ledger);
memory.ledger.set = (key, value) => {
  set(key, value);
  writeFileSync(root + '/ledger.json', JSON.stringify([...memory.ledger]));
  return memory.ledger;
};
await init.run(testContext({ kind: init, root, url, memory }));
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
        stdio: 'inherit',
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
    assert.deepEqual([name, entry.state], ['1.sh', 'running']);
  });
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
