import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { virtualEnvWith } from '../support/python.js';

const packages = [
  ...['Django', 'psycopg[binary]', 'celery', 'sentry-sdk', 'django-environ', 'django-simple-history'],
  ...['psutil', 'certifi', 'tzdata', 'pyogrio'],
];

describe('a second run of a project that reads the machine through its libraries', function () {
  this.timeout(120_000);
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let outside: ReturnType<typeof makeFolder>;
  let project: string;
  let path: string;

  before(async () => {
    database = await createTestDatabase();
    outside = makeFolder({ starts: '' });
    project = join(outside.folder, 'project');
    cpSync('test/fixtures/django/libraries', project, { recursive: true });
    const python = join(await virtualEnvWith('libraries', packages), 'bin/python');
    path = join(outside.folder, 'bin');
    mkdirSync(join(project, '.venv/bin'), { recursive: true });
    mkdirSync(path);
    for (const name of [join(project, '.venv/bin/python'), join(path, 'python3'), join(path, 'python')]) {
      writeFileSync(name, `#!/bin/sh\necho x >> '${outside.folder}/starts'\nexec '${python}' "$@"\n`);
      chmodSync(name, 0o755);
    }
    git('init', '--quiet');
    git('commit', '--quiet', '--allow-empty', '--message', 'first');
  });
  after(async () => {
    outside.remove();
    await database.drop();
  });

  const git = (...args: string[]): void => {
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], { cwd: project });
  };

  /** A run: how it ended, and how often an interpreter was started. */
  async function run(...args: string[]): Promise<{ stdout: string; code: number | null; starts: number }> {
    const starts = (): number => readFileSync(join(outside.folder, 'starts'), 'utf8').length;
    const before = starts();
    const env = { DATABASE_URL: database.url, PATH: `${path}:${process.env.PATH ?? ''}`, LANG: 'C.UTF-8' };
    const { code, stdout, stderr } = await bootstrap(['run', ...args], { cwd: project, env });
    return { stdout: stdout + stderr, code, starts: starts() - before };
  }

  it('starts no Python, and one after a change does and says why', async () => {
    const first = await run();
    assert.equal(first.code, 0, first.stdout);
    assert.notEqual(first.starts, 0);
    // Another version, as `git describe` tells it.
    git('tag', 'v1');
    for (const args of [[], ['-v']]) {
      const { code, stdout, starts } = await run(...args);
      assert.equal(code, 0, stdout);
      assert.equal(starts, 0, stdout);
    }
    appendFileSync(join(project, 'sensors/tasks.py'), '# more\n');
    const changed = await run('-v');
    assert.equal(changed.code, 0, changed.stdout);
    assert.notEqual(changed.starts, 0);
    assert.match(changed.stdout, /Django is asked: changed since answers were kept: files in sensors$/m);
  });

  it('knows what its migrations do by code, and nothing else', async () => {
    const column = (table: string): Promise<unknown> =>
      query(database.url, `alter table ${table} alter name type varchar(100) collate "POSIX"`);
    await column('sensors_sensor');
    await column('auth_group');
    const { code, stdout } = await run();
    assert.equal(code, 3, stdout);
    assert.match(stdout, /column "name" of table "sensors_sensor" is not as the models have it/);
    assert.match(stdout, /column "name" of table "auth_group" is not as the models have it/);
  });
});
