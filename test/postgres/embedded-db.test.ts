import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { dbCommand, runDb, type DbAction } from '../../lib/cli/db.js';
import { makeProject, problemOf, type Project } from '../support/embedded.js';
import { query } from '../support/postgres.js';

describe('db start, stop, url and psql', () => {
  let project: Project;
  before(() => {
    project = makeProject();
  });
  after(() => project.remove());

  async function run(action: DbAction, args?: string[]): Promise<{ code: number; out: string; err: string }> {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const code = await runDb(action, { ...project, stdout, stderr, ...(args ? { args } : {}) });
    return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
  }

  it('have nothing to stop or to name at first', async () => {
    assert.deepEqual(await run('stop'), { code: 0, out: 'no embedded server was running\n', err: '' });
    assert.equal((await problemOf(run('url'))).code, 'DBB4022');
    assert.equal((await problemOf(run('psql'))).code, 'DBB4022');
  });

  it('start a server, and say its URL with the password masked', async () => {
    const { code, out, err } = await run('start');
    const password = readFileSync(join(project.stateDirectory, 'postgres/password'), 'utf8');
    assert.equal(code, 0);
    assert.match(
      out,
      /^PostgreSQL 18\.\S+ is running: postgres:\/\/postgres:\*\*\*@127\.0\.0\.1:\d+\/app_dev\n$/,
    );
    assert.ok(!out.includes(password) && !err.includes(password));
    assert.match((await run('start')).out, /was running already/);
  });

  it('print the whole URL and nothing else', async () => {
    const { out, err } = await run('url');
    assert.equal(err, '');
    assert.match(out, /^postgres:\/\/\S+\n$/);
    assert.deepEqual(await query(out.trim(), 'select current_database() as name'), [{ name: 'app_dev' }]);
  });

  it('open psql, and end as it ends', async () => {
    const file = join(project.root, 'out');
    const { code } = await run('psql', ['-X', '-At', '-o', file, '-c', 'select current_user']);
    assert.deepEqual([code, readFileSync(file, 'utf8')], [0, 'postgres\n']);
    assert.equal(
      (await run('psql', ['-X', '-v', 'ON_ERROR_STOP=1', '-f', '/nonexistent', '-o', file])).code,
      1,
    );
  });

  it('say that psql is not there', async () => {
    const { PATH } = process.env;
    process.env.PATH = project.root;
    try {
      const problem = await problemOf(run('psql'));
      assert.equal(problem.code, 'DBB5002');
      assert.match(problem.message, /^psql was not found on the PATH/);
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('stop it', async () => {
    assert.equal((await run('stop')).out, 'the embedded server is stopped; its data stay\n');
    assert.equal((await problemOf(run('url'))).code, 'DBB4022');
  });

  it('are the only ones', async () => {
    const problem = await problemOf(dbCommand('strat', [], { cwd: project.root }));
    assert.deepEqual([problem.code, problem.help], ['DBB1002', 'did you mean "db start"?']);
  });
});
