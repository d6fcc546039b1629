import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, copyExample, runEnd } from '../support/command.js';
import { createTestDatabase, dump } from '../support/postgres.js';

describe('examples/sql', function () {
  this.timeout(60_000);
  let project: ReturnType<typeof copyExample>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const run = (...args: string[]): ReturnType<typeof bootstrap> =>
    bootstrap(args, { cwd: project.folder, env: { DATABASE_URL: database.url } });

  before(async () => {
    project = copyExample('sql');
    database = await createTestDatabase();
  });
  after(async () => {
    await database.drop();
    project.remove();
  });

  it('goes from nothing to ready', async () => {
    const { code, stdout, stderr } = await run('run', '--reporter', 'ndjson');
    assert.equal(code, 0, stdout + stderr);
    const changed = runEnd(stdout).tasks.filter((task) => task.changed);
    assert.deepEqual(
      changed.map(({ name }) => name),
      ['init', 'migrations'],
    );
  });

  it('has nothing to do the second time', async () => {
    const before = await dump(database.url, '--exclude-schema=db_bootstrap');
    const { code, stdout } = await run('run', '--reporter', 'ndjson');
    assert.equal(code, 0, stdout);
    assert.deepEqual(
      runEnd(stdout).tasks.map(({ name, status, changed }) => [name, status, changed]),
      [
        ['wait', 'succeeded', false],
        ['init', 'up-to-date', false],
        ['migrations', 'up-to-date', false],
        ['check-sequences', 'succeeded', false],
        ['check-constraints', 'succeeded', false],
        ['check-indexes', 'succeeded', false],
        ['check-extensions', 'succeeded', false],
        ['check-roles', 'succeeded', false],
      ],
    );
    assert.equal(await dump(database.url, '--exclude-schema=db_bootstrap'), before);
  });

  it('runs what is new, and nothing else', async () => {
    writeFileSync(join(project.folder, 'migrations/999_more.sql'), 'create table more (id integer);\n');
    const { stdout } = await run('run', '--reporter', 'ndjson');
    const migrations = runEnd(stdout).tasks.find(({ name }) => name === 'migrations');
    assert.deepEqual(
      [migrations?.status, migrations?.changed, migrations?.reason],
      ['succeeded', true, '1 script run'],
    );
  });

  it('a failing script leaves nothing of itself behind, and names its line', async () => {
    writeFileSync(
      join(project.folder, 'migrations/9999_bad.sql'),
      'create table half (id integer);\ninsert into half values (1);\nselect nothing from nowhere;\n',
    );
    const { code, stdout, stderr } = await run('run');
    assert.equal(code, 1, stderr);
    assert.match(
      stdout,
      /error\[DBB5053\]: no schema of database ".*" holds a table "nowhere"\n {2}--> migrations\/9999_bad\.sql:3:21/,
    );
    assert.doesNotMatch(await dump(database.url, '--schema=public'), /half/);
  });
});
