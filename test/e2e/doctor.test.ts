import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, copyExample, type Ended } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, dump } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';

interface Json {
  readonly findings: readonly {
    readonly code: string;
    readonly severity: string;
    readonly at: string | null;
    readonly subject: Record<string, string>;
    readonly message: string;
    readonly evidence: readonly string[];
    readonly help: string;
  }[];
}

const findingsOf = ({ stdout }: Ended): Json['findings'] => (JSON.parse(stdout) as Json).findings;

describe('db-bootstrap doctor', function () {
  this.timeout(120_000);
  let project: ReturnType<typeof copyExample>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const doctor = (...args: string[]): Promise<Ended> =>
    bootstrap(['doctor', ...args], { cwd: project.folder, env: { DATABASE_URL: database.url } });

  before(async () => {
    project = copyExample('django-tenants', await virtualEnv('old'));
    database = await createTestDatabase();
  });
  after(async () => {
    await database.drop();
    project.remove();
  });

  it('finds nothing wrong with a healthy project, and changes nothing', async () => {
    const empty = await dump(database.url);
    const { code, stdout, stderr } = await doctor();
    assert.equal(code, 0, stdout + stderr);
    assert.equal(stderr, '');
    assert.match(stdout, /nothing wrong was found\n$/);
    const { stdout: json } = await doctor('--json');
    assert.deepEqual(JSON.parse(json), { findings: [] });
    assert.equal(await dump(database.url), empty);
    assert.equal(existsSync(join(project.folder, '.db-bootstrap')), false);
  });

  it('finds nothing wrong after a run either, and changes nothing of what the run left', async () => {
    const { code } = await bootstrap(['run', '--skip', 'venv'], {
      cwd: project.folder,
      env: { DATABASE_URL: database.url },
    });
    assert.equal(code, 0);
    const before = await dump(database.url);
    const ended = await doctor('--json');
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    assert.deepEqual(findingsOf(ended), []);
    assert.equal(await dump(database.url), before);
  });

  it('says why rules were left out', async () => {
    const { code, stdout } = await bootstrap(['doctor'], { cwd: project.folder });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^not examined, without the database \(no embedded server is running\): \S+/m);
    assert.match(stdout, /nothing wrong was found\n$/);
  });

  it('does not miss the virtual environment that a task will make', async () => {
    const fresh = copyExample('django-tenants');
    try {
      const { code, stdout } = await bootstrap(['doctor'], {
        cwd: fresh.folder,
        env: { DATABASE_URL: database.url, PATH: '/nowhere' },
      });
      assert.equal(code, 0, stdout);
      assert.match(stdout, /without Django \(.*, and a task of the workflow may have to make it first\)/);
      assert.match(stdout, /nothing wrong was found\n$/);
    } finally {
      fresh.remove();
    }
  });

  it('tells the mistakes of a config as findings with their places', async () => {
    const made = makeFolder({ 'sub/.keep': '' });
    try {
      made.write('.bootstraprc.yaml', 'preset: sql\ntasks:\n  init: { nedes: [wait] }\n');
      const ended = await bootstrap(['doctor', '--json'], { cwd: made.folder });
      assert.equal(ended.code, 3);
      assert.deepEqual(
        findingsOf(ended).map(({ code, severity, at }) => [code, severity, at]),
        [['DBB2003', 'error', '.bootstraprc.yaml:3:11']],
      );
      const text = await bootstrap(['doctor'], { cwd: join(made.folder, 'sub') });
      assert.equal(text.code, 3);
      assert.match(text.stdout, /--> \.\.\/\.bootstraprc\.yaml:3:11/);
      assert.match(text.stdout, /without the database \(the config says where it is, and has mistakes\)/);
      assert.match(text.stdout, /1 error, 0 warnings\n$/);
    } finally {
      made.remove();
    }
  });

  it('works without a config: it finds the project as "init" does', async () => {
    const made = copyExample('django-tenants', await virtualEnv('old'));
    try {
      rmSync(join(made.folder, '.bootstraprc'));
      const ended = await bootstrap(['doctor'], { cwd: made.folder, env: { DATABASE_URL: database.url } });
      assert.equal(ended.code, 0, ended.stdout + ended.stderr);
      assert.doesNotMatch(ended.stdout, /without (?:Django|the database)/);
      const inCi = await bootstrap(['doctor', '--json'], { cwd: made.folder, env: { CI: 'true' } });
      assert.deepEqual([inCi.code, findingsOf(inCi)], [0, []]);
    } finally {
      made.remove();
    }
  });

  it('has a finding where CI names no database, and looks at the rest', async () => {
    const ended = await bootstrap(['doctor', '--json'], { cwd: project.folder, env: { CI: 'true' } });
    assert.equal(ended.code, 3);
    assert.deepEqual(
      findingsOf(ended).map(({ code }) => code),
      ['DBB4005'],
    );
  });

  it('refuses a workflow file that does not exist or is no YAML', async () => {
    const made = makeFolder({ 'broken.yml': 'jobs: {\n' });
    try {
      for (const [file, reason] of [
        ['none.yml', /it does not exist/],
        ['broken.yml', /it is not YAML/],
        ['.', /it is a folder/],
      ] as const) {
        const { code, stdout, stderr } = await bootstrap(['doctor', '--workflow', file], {
          cwd: made.folder,
        });
        assert.equal(code, 2, stdout);
        assert.match(stderr, /^error\[DBB1010\]: /);
        assert.match(stderr, reason);
      }
    } finally {
      made.remove();
    }
  });

  it('refuses what is wrong with its own options as every command does', async () => {
    const { code, stderr } = await doctor('--config', 'none.yaml');
    assert.equal(code, 2);
    assert.match(stderr, /^error\[DBB2018\]: /);
  });
});
