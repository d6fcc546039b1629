import assert from 'node:assert/strict';
import { bootstrap, runEnd, type Ended } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, query } from '../support/postgres.js';

const config = `
preset: sql
tasks:
  migrations: { use: sql, files: ["*.sql"], needs: [init] }
`;
const files = {
  '.bootstraprc': config,
  '001.sql': 'create table item (id serial primary key); insert into item values (1)',
};

describe('ready is judged on the end state', function () {
  this.timeout(60_000);
  const folders: ReturnType<typeof makeFolder>[] = [];
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const folderOf = (written: Record<string, string>): ReturnType<typeof makeFolder> => {
    const folder = makeFolder();
    folders.push(folder);
    for (const [name, text] of Object.entries(written)) folder.write(name, text);
    return folder;
  };
  const inFolder = ({ folder }: ReturnType<typeof makeFolder>, ...args: string[]): Promise<Ended> =>
    bootstrap(args, { cwd: folder, env: { DATABASE_URL: database.url } });
  const statuses = ({ stdout }: Ended): Record<string, string> =>
    Object.fromEntries(runEnd(stdout).tasks.map(({ name, status }) => [name, status]));

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await database.drop();
    for (const folder of folders.splice(0)) folder.remove();
  });

  it('the first run finds what the second finds, and one failing check leaves the others to run', async () => {
    const project = folderOf(files);
    for (const time of ['first', 'second']) {
      const run = await inFolder(project, 'run', '--reporter', 'ndjson', '--on-failure', 'stop');
      assert.equal(run.code, 3, `${time}: ${run.stdout}`);
      const ended = statuses(run);
      assert.equal(ended['check-sequences'], 'failed');
      assert.equal(ended['check-constraints'], 'succeeded');
      assert.equal(ended['check-indexes'], 'succeeded');
    }
    const plan = await inFolder(project, 'plan');
    assert.match(plan.stdout, /migrations [\s\S]*check-sequences/, 'the plan shows the order of the run');
  });

  it('a run that is taken up checks again what it may have changed', async () => {
    const project = folderOf({
      '.bootstraprc': `${config}  late: { use: command, run: test -e mended && psql -qc "insert into item values (1)", needs: [migrations] }\nonFailure: continue\n`,
      '001.sql': 'create table item (id serial primary key)',
    });
    const failed = await inFolder(project, 'run', '--reporter', 'ndjson');
    assert.equal(statuses(failed)['check-sequences'], 'succeeded', failed.stdout);
    project.write('mended', '');
    const resumed = await inFolder(project, 'run', '--resume', '--reporter', 'ndjson');
    assert.equal(statuses(resumed).migrations, 'skipped');
    assert.equal(resumed.code, 3, resumed.stdout);
  });

  it('--from, --only and --skip keep the checks behind what runs', async () => {
    const project = folderOf(files);
    const from = await inFolder(project, 'run', '--from', 'migrations', '--reporter', 'ndjson');
    assert.equal(from.code, 3, from.stdout);
    await query(database.url, 'drop table item; drop schema db_bootstrap cascade');
    const only = await inFolder(
      project,
      'run',
      '--reporter',
      'ndjson',
      '--only',
      'migrations,check-sequences',
    );
    assert.equal(only.code, 3, only.stdout);
    const skip = await inFolder(project, 'run', '--reporter', 'ndjson', '--skip', 'check-sequences,init');
    assert.equal(skip.code, 0, skip.stdout);
  });

  it('a check before a task is refused, unless another of its kind judges the end', async () => {
    const gate = `${config}  gate: { use: command, run: "true", needs: [check-roles] }\n`;
    const project = folderOf({ '.bootstraprc': gate, '001.sql': 'select 1' });
    const refused = await inFolder(project, 'run');
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(
      refused.stderr,
      /^error\[DBB3002\]: check "check-roles" comes before task "gate", but a check comes after every task that may change what it checks\n {2}--> \.bootstraprc:5:/m,
    );
    project.write(
      '.bootstraprc',
      gate.replace('needs: [check-roles]', 'needs: [roles-first]') +
        '  roles-first: { use: check-roles, needs: [init] }\n',
    );
    const run = await inFolder(project, 'run', '--reporter', 'ndjson');
    assert.equal(run.code, 0, run.stdout + run.stderr);
    const ended = runEnd(run.stdout).tasks.map(({ name }) => name);
    assert.ok(ended.indexOf('gate') < ended.indexOf('check-roles'));
  });
});

describe('an empty database that nothing builds', function () {
  this.timeout(60_000);
  let project: ReturnType<typeof makeFolder>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const run = (config: string, ...args: string[]): Promise<Ended> => {
    project.write('.bootstraprc', config);
    return bootstrap(['run', ...args], { cwd: project.folder, env: { DATABASE_URL: database.url } });
  };

  before(async () => {
    project = makeFolder();
    database = await createTestDatabase();
  });
  after(async () => {
    await database.drop();
    project.remove();
  });

  it('is not ready', async () => {
    for (const config of ['preset: sql\n', 'tasks: { wait: {}, init: { needs: [wait] } }\n']) {
      const ended = await run(config);
      assert.equal(ended.code, 2, ended.stdout);
      assert.match(
        ended.stdout + ended.stderr,
        /error\[DBB2017\]: database "[^"]+" is empty, and no task of the config has anything to build it with/,
      );
      assert.match(ended.stdout + ended.stderr, /init: no folder|init: .*docker-entrypoint-initdb\.d/);
    }
  });

  it('is what a workflow asked for that only waits', async () => {
    assert.equal((await run('tasks: { wait: {} }\n')).code, 0);
    assert.equal((await run('preset: sql\n', '--skip', 'init')).code, 0);
  });

  it('is ready once the folder that the help speaks of is named, and is not asked for where something is there', async () => {
    project.write('db/001.sql', 'create table item (id int primary key)');
    assert.equal((await run('preset: sql\ntasks: { init: { directory: db } }\n')).code, 0);
    assert.equal((await run('preset: sql\n')).code, 0);
  });
});
