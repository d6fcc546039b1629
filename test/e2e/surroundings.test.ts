import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, Command, copyExample, type Ended } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';

/** The parts of a URL as libpq's variables. */
function variablesOf(url: string): NodeJS.ProcessEnv {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: pathname.slice(1),
  };
}

describe('what surrounds a run', function () {
  this.timeout(60_000);
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let project: ReturnType<typeof makeFolder>;
  let pipe: string;
  before(async () => {
    database = await createTestDatabase();
    project = makeFolder({
      '.bootstraprc': 'tasks: { x: { use: sql, text: select 1 } }\n',
      'command.yaml': 'tasks: { x: { use: command, run: echo hello } }\n',
    });
    pipe = join(project.folder, 'pipe');
    spawnSync('mkfifo', ['-m', '600', pipe]);
  });
  after(async () => {
    project.remove();
    await database.drop();
  });

  /** Runs the command, behind a line of the shell; ends it, and fails, where it hangs. */
  const run = async (env: NodeJS.ProcessEnv, args: readonly string[] = [], before = ''): Promise<Ended> => {
    const shell = join(project.folder, 'sh');
    writeFileSync(shell, `#!/bin/sh\n${before}\nexec "${process.execPath}" "$@"\n`);
    chmodSync(shell, 0o755);
    const command = new Command(['run', ...args], { cwd: project.folder, env, node: shell });
    const timer = setTimeout(() => command.kill('SIGKILL'), 20_000);
    const ended = await command.ended;
    clearTimeout(timer);
    assert.equal(ended.signal, null, ended.stdout + ended.stderr);
    assert.doesNotMatch(ended.stdout + ended.stderr, /^[ |]*at .*[(/:].*:\d+:\d+\)?$/m);
    assert.doesNotMatch(ended.stdout + ended.stderr, /DBB9001/);
    return ended;
  };

  it('a file of services that is a pipe: no hang', async () => {
    const { code, stderr } = await run({ PGSERVICE: 'shop', PGSERVICEFILE: pipe });
    assert.match(
      stderr,
      /^error\[DBB4006\]: there is no service "shop", which PGSERVICE names\n {2}--> PGSERVICE\n/,
    );
    assert.equal(code, 2);
  });

  it('a root certificate that is a pipe: no hang', async () => {
    const { code, stdout } = await run({
      ...variablesOf(database.url),
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: pipe,
    });
    assert.match(
      stdout,
      /^error\[DBB4011\]: the file that sslrootcert names, ".*pipe", cannot be read \(it is not a regular file\)$/m,
    );
    assert.equal(code, 1);
  });

  it('a file of passwords that is not used: why', async () => {
    const folder = join(project.folder, 'folder');
    const open = join(project.folder, 'open');
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(open, '*:*:*:*:secret\n');
    for (const [file, why] of [
      [pipe, 'it is not a regular file'],
      [folder, 'it is not a regular file'],
      ['/nowhere', 'ENOENT'],
      [open, 'others may read it, which "chmod 600" ends'],
    ] as const) {
      const { code, stdout } = await run({ ...variablesOf(database.url), PGPASSWORD: '', PGPASSFILE: file });
      assert.match(stdout, /^error\[DBB4002\]: role "\w+" needs a password and none is given$/m);
      assert.ok(stdout.includes(`cause: the file of passwords "${file}" is not used: ${why}\n`), stdout);
      assert.equal(code, 1);
    }
  });

  it('options of the connection that the server does not know', async () => {
    const { code, stdout } = await run({ ...variablesOf(database.url), PGOPTIONS: '-cnonsense=1' });
    assert.match(
      stdout,
      /^error\[DBB4015\]: the server refuses the options of the connection, "-cnonsense=1": unrecognized configuration parameter "nonsense"\n {2}--> PGOPTIONS$/m,
    );
    assert.equal(code, 1);
  });

  it('a timeout that is no number, which libpq refuses', async () => {
    const variables = variablesOf(database.url);
    const { code, stderr } = await run({ ...variables, PGCONNECT_TIMEOUT: 'abc' });
    assert.match(
      stderr,
      /^error\[DBB4006\]: "abc" in PGCONNECT_TIMEOUT is not a number\n {2}--> PGCONNECT_TIMEOUT\n {2}help: write/,
    );
    assert.equal(code, 2);
    const inUrl = await run({ DATABASE_URL: 'postgres://u@h/d?connect_timeout=abc' });
    assert.match(
      inUrl.stderr,
      /^error\[DBB4006\]: .*: "abc" in connect_timeout is not a number\n {2}--> DATABASE_URL\n/,
    );
    assert.equal((await run({ ...variables, PGCONNECT_TIMEOUT: ' 5 ' })).code, 0);
  });

  it('a URL of several hosts', async () => {
    for (const hosts of ['h1,h2', 'h1:1,h2:2']) {
      const { code, stderr } = await run({ DATABASE_URL: `postgres://u@${hosts}/d` });
      assert.match(
        stderr,
        /^error\[DBB4006\]: .* it names several hosts, and a run works with one\n {2}--> DATABASE_URL\n {2}help: name one host in it\n/,
      );
      assert.equal(code, 2);
    }
  });

  it('a job summary that is a pipe: no hang', async () => {
    const { code, stdout } = await run({ GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: pipe }, [
      '--config',
      'command.yaml',
    ]);
    assert.match(
      stdout,
      /^::warning title=db-bootstrap::the job summary could not be written: it is a pipe; let GITHUB_STEP_SUMMARY name a file that this user may write \[DBB1009\]$/m,
    );
    assert.equal(code, 0);
  });

  it('a folder for temporary files that is not there', async () => {
    const { code, stdout } = await run({ TMPDIR: '/nowhere' }, ['--config', 'command.yaml']);
    assert.match(
      stdout,
      /^error\[DBB1009\]: the folder for temporary files, "\/nowhere", does not exist, or takes no folders\n {2}--> TMPDIR\n {2}task: x\n {2}help: let TMPDIR name a folder that this user may write$/m,
    );
    assert.equal(code, 1);
  });

  for (const scheme of ['postgis', 'pgsql', 'django.contrib.gis.db.backends.postgis'])
    it(`a database URL with the scheme ${scheme}, which reaches commands unchanged`, async () => {
      const url = database.url.replace(/^\w+/, scheme);
      const config = join(project.folder, 'scheme.yaml');
      writeFileSync(config, `tasks: { x: { use: command, run: 'test "$DATABASE_URL" = "${url}"' } }\n`);
      const { code, stdout } = await run({ DATABASE_URL: url }, ['--config', config]);
      assert.equal(code, 0, stdout);
    });

  it('few files that may be open', async () => {
    // How many are enough depends on Node, which needs some before anything of ours is read.
    const isEnough = (limit: string, args: string): boolean =>
      spawnSync('sh', ['-c', `${limit}; "$0" ${args}`, process.execPath], { stdio: 'ignore' }).status === 0;
    const said: string[] = [];
    for (let files = 16; files <= 40; files++) {
      const limit = `ulimit -n ${String(files)}`;
      if (!isEnough(limit, `dist/bin/db-bootstrap.js --version`)) continue;
      const { code, stdout, stderr } = await run({ DATABASE_URL: database.url }, [], limit);
      if (code === 0) break;
      const [, what = limit] = /^error\[(DBB\d+\]: .*EMFILE)/m.exec(stdout + stderr) ?? [];
      said.push(what);
    }
    assert.deepEqual([...new Set(said)].slice(-1), [
      'DBB5022]: the limit of open files of this process is reached (EMFILE',
    ]);
    assert.deepEqual(
      said.filter((what) => !what.includes('EMFILE')),
      [],
    );
  });

  describe('of a project of Django', () => {
    let django: ReturnType<typeof copyExample>;
    before(async () => {
      django = copyExample('django-tenants', await virtualEnv('new'));
    });
    after(() => django.remove());
    const status = (env: NodeJS.ProcessEnv): Promise<Ended> =>
      bootstrap(['status'], { cwd: django.folder, env: { DATABASE_URL: database.url, ...env } });

    it('a variable that keeps Python from starting', async () => {
      for (const [name, value] of [
        ['PYTHONHASHSEED', 'abc'],
        ['PYTHONHOME', '/nowhere'],
        ['PYTHONIOENCODING', 'nonsense'],
      ] as const) {
        const { code, stderr } = await status({ [name]: value });
        assert.match(
          stderr,
          new RegExp(
            `^error\\[DBB6009\\]: the host died: Python cannot start in this environment: .*\\n {2}--> ${name}\\n {2}help: correct or unset ${name}\\n`,
          ),
        );
        assert.equal(code, 1);
      }
    });

    it('a time zone that the server does not know', async () => {
      const { code, stderr } = await status({ PGTZ: 'nonsense' });
      assert.match(
        stderr,
        /^error\[DBB4015\]: the server refuses the options of the connection: invalid value for parameter "TimeZone": "nonsense"\n {2}help: correct or unset the variable of libpq/,
      );
      assert.equal(code, 1);
    });
  });

  it('a working directory that may be entered and not listed', async () => {
    const closed = makeFolder({ '.bootstraprc': 'database: none\ntasks: {}\n' });
    chmodSync(closed.folder, 0o311);
    const { stderr } = await run(
      { DATABASE_URL: database.url },
      ['--help'],
      `cd "${closed.folder}" && ${process.getuid?.() === 0 ? 'setpriv --reuid=65534 --regid=65534 --clear-groups ' : ''}"${process.execPath}" "$1" status; exit`,
    );
    assert.match(stderr, /^error\[DBB6004\]: no settings module is known/);
    chmodSync(closed.folder, 0o755);
    closed.remove();
  });
});
