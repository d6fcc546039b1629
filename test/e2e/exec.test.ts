import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap } from '../support/command.js';
import { createTestDatabase } from '../support/postgres.js';

describe('exec', function () {
  this.timeout(30_000);
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let folder: string;
  const exec = (...words: string[]): ReturnType<typeof bootstrap> =>
    bootstrap(['exec', ...words], { cwd: folder, env: { DATABASE_URL: database.url } });
  const configure = (tasks: object): void =>
    writeFileSync(join(folder, '.bootstraprc'), JSON.stringify({ tasks }));

  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dbb-exec-'));
    configure({ wait: {} });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('runs the command in the environment of tasks; standard output is the command’s alone', async () => {
    const { code, stdout, stderr } = await exec('--', 'sh', '-c', 'echo "$PGDATABASE $DATABASE_URL"');
    assert.equal(code, 0, stderr);
    const [name, url] = stdout.trim().split(' ');
    assert.equal(name, database.name);
    assert.equal(new URL(url ?? '').pathname, `/${database.name}`);
    assert.match(stderr, /wait {2}/);
  });

  it('ends with the exit code of the command', async () => {
    assert.equal((await exec('--', 'sh', '-c', 'exit 42')).code, 42);
    assert.equal((await exec('--', 'sh', '-c', 'kill -9 $$')).code, 137);
  });

  it('passes the options of the command on', async () => {
    const { stdout } = await exec('sh', '-c', 'echo "$1"', '--', '--keepdb');
    assert.equal(stdout, '--keepdb\n');
  });

  it('does not start the command where the database is not ready', async () => {
    configure({ wait: {}, broken: { use: 'command', run: 'exit 3', needs: ['wait'] } });
    const { code, stdout } = await exec('--', 'echo', 'started');
    assert.equal(code, 1);
    assert.equal(stdout, '');
  });

  it('says so where the command is an empty text, before anything is started', async () => {
    const { code, stdout, stderr } = await exec('--', '');
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^error\[DBB1008\]: the command "exec" needs an argument/);
  });

  it('says so where there is no such program', async () => {
    const { code, stderr } = await exec('--', 'no-such-program');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /error\[DBB5017\]: .*"no-such-program" could not be started: there is no such program/,
    );
  });
});
