import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap } from '../support/command.js';
import { makeProject } from '../support/embedded.js';
import { makeFolder } from '../support/folder.js';

const task = 'tasks: { look: { use: sql, text: select 1 } }\n';

describe('db psql', function () {
  this.timeout(120_000);

  it('hands all that stands after it to psql, with "--" before it or without', async () => {
    const project = makeProject();
    try {
      const db = (...words: string[]): ReturnType<typeof bootstrap> =>
        bootstrap(['db', ...words], { cwd: project.root });
      writeFileSync(join(project.root, '.bootstraprc'), `database: embedded\n${task}`);
      const started = await db('start');
      assert.equal(started.code, 0, started.stderr);
      for (const words of [
        ['psql', '-Atc', 'select 1'],
        ['psql', '-At', '-c', 'select 1'],
        ['psql', '--', '-At', '-c', 'select 1'],
        ['-c', '.bootstraprc', '--cwd', project.root, 'psql', '-At', '-c', 'select 1'],
        ['--config=.bootstraprc', '-v', 'psql', '-At', '-c', 'select 1'],
      ]) {
        const { code, stdout, stderr } = await db(...words);
        assert.deepEqual([code, stdout], [0, '1\n'], `${words.join(' ')}\n${stderr}`);
      }
      assert.match((await db('psql', '--help')).stdout, /^psql is the PostgreSQL interactive terminal/);
      assert.match((await db('url', '-c', '.bootstraprc')).stdout, /^postgres:/);
      assert.match((await db('url', '--wat')).stderr, /^error\[DBB1001\]/);
    } finally {
      await project.remove();
    }
  });
});

describe('db start', function () {
  this.timeout(120_000);

  it('finds who the server may run as, also where PATH leads nowhere', async () => {
    const project = makeProject();
    try {
      writeFileSync(join(project.root, '.bootstraprc'), `database: embedded\n${task}`);
      const { code, stderr } = await bootstrap(['db', 'start'], { cwd: project.root, env: { PATH: '' } });
      assert.equal(code, 0, stderr);
    } finally {
      await project.remove();
    }
  });
});

describe('db, of a project that configures no database, in CI', function () {
  this.timeout(60_000);
  let project: ReturnType<typeof makeFolder>;
  before(() => (project = makeFolder()));
  after(() => project.remove());
  const db = (config: string, ...words: string[]): ReturnType<typeof bootstrap> => {
    project.write('.bootstraprc', config);
    return bootstrap(['db', ...words], { cwd: project.folder, env: { CI: 'true' } });
  };

  it('acts on the embedded server', async () => {
    const { code, stdout } = await db(task, 'stop');
    assert.deepEqual([code, stdout], [0, 'no embedded server was running\n']);
    const url = await db(task, 'url');
    assert.match(url.stderr, /^error\[DBB4022\]: no embedded server is running for /);
    assert.equal(url.code, 1);
  });

  it('does not ask for the variable of its database', async () => {
    const { code, stdout } = await db(`database: \${NEVER_SET}\n${task}`, 'stop');
    assert.deepEqual([code, stdout], [0, 'no embedded server was running\n']);
  });

  it('still tells other mistakes of the config', async () => {
    const { code, stderr } = await db(`database: \${NEVER_SET}\nconcurrency: \${NEITHER}\n${task}`, 'stop');
    assert.match(stderr, /^error\[DBB2010\]: .*NEITHER/);
    assert.doesNotMatch(stderr, /NEVER_SET/);
    assert.equal(code, 2);
  });
});
