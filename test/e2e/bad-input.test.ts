import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command, type Ended } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, dump, freePort, query, testServer } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';
import {
  checks,
  commands,
  configs,
  djangos,
  initScripts,
  options,
  raw,
  secret,
  sql,
  urlPlaces,
  urls,
  type Case,
} from './bad-input-cases.js';

describe('bad input', function () {
  this.timeout(60_000);
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let python: string;
  before(async () => {
    database = await createTestDatabase();
    python = await virtualEnv('new');
  });
  after(() => database.drop());

  const check = (each: Case): void => {
    it(`${each.name} is ${each.code}, exit ${String(each.exit)}`, async () => {
      const project = makeFolder(each.files);
      try {
        each.prepare?.(project.folder);
        const env = { DATABASE_URL: database.url, VIRTUAL_ENV: python, ...each.env };
        const ended = await endedSoon(
          new Command(['run', ...(each.args ?? [])], { cwd: project.folder, env }),
        );
        const output = ended.stdout + ended.stderr;
        assert.match(output, new RegExp(`^error\\[${each.code}\\]: `, 'm'), output);
        for (const text of each.says) assert.ok(output.includes(text), `${text}\n\n${output}`);
        assert.equal(ended.code, each.exit, output);
        assert.match(output, /^ +help: /m, output);
        refuseStack(output);
        await refuseSecrets(output, project.folder);
      } finally {
        project.remove();
      }
    });
  };

  const refuseSecrets = async (output: string, folder: string): Promise<void> => {
    const password = decodeURIComponent(new URL(database.url).password);
    const places = {
      output,
      files: textOf(join(folder, '.db-bootstrap')),
      database: await dump(database.url),
    };
    for (const [place, text] of Object.entries(places)) {
      for (const value of [secret, 's3cr3t', 'pA55w0rt', password, encodeURIComponent(password)])
        assert.ok(!text.includes(value), `${value} is in the ${place}:\n${text}`);
    }
  };

  describe('in the config', () => configs.forEach(check));
  describe('in options', () => options.forEach(check));
  describe('in the environment', () => urls.forEach(check));
  describe('where a database URL may be written', () => urlPlaces.forEach(check));
  describe('in init scripts', () => {
    // Each begins where nothing is remembered of the one before.
    beforeEach(() => query(database.url, 'drop schema if exists db_bootstrap cascade'));
    initScripts.forEach(check);
  });
  describe('in commands', () => commands.forEach(check));
  describe('in what checks find', () => checks.forEach(check));
  describe('in a Django project', () => djangos.forEach(check));

  describe('in what the server answers', () => {
    const connect = async (
      url: string,
      { code, exit, says }: Pick<Case, 'code' | 'exit' | 'says'>,
    ): Promise<void> => {
      const project = makeFolder({ '.bootstraprc': 'preset: sql\ntasks: { wait: { deadline: 300ms } }\n' });
      try {
        const ended = await endedSoon(
          new Command(['run'], { cwd: project.folder, env: { DATABASE_URL: url } }),
        );
        const output = ended.stdout + ended.stderr;
        assert.match(output, new RegExp(`^error\\[${code}\\]: `, 'm'), output);
        for (const text of [...says, 'help: ', 'not done: "init"'])
          assert.ok(output.includes(text), `${text}\n\n${output}`);
        assert.equal(ended.code, exit);
        refuseStack(output);
        await refuseSecrets(output, project.folder);
      } finally {
        project.remove();
      }
    };
    const at = async (change: (url: URL) => void): Promise<string> => {
      const url = new URL((await testServer()).url);
      url.pathname = `/${database.name}`;
      change(url);
      return url.href;
    };

    it('a wrong password', async () =>
      connect(await at((url) => (url.password = secret)), {
        code: 'DBB4002',
        exit: 1,
        says: ['the password of role "postgres" is wrong', '28P01'],
      }));
    it('a role that does not exist', async () =>
      connect(await at((url) => ((url.username = 'nobody_here'), (url.password = secret))), {
        code: 'DBB4002',
        exit: 1,
        says: ['or there is no such role'],
      }));
    it('a database that does not exist', async () =>
      connect(await at((url) => (url.pathname = '/no_such_db')), {
        code: 'DBB4004',
        exit: 1,
        says: ['"no_such_db" does not exist', 'createDatabase: true'],
      }));
    it('TLS that the server does not offer', async () =>
      connect(await at((url) => (url.search = '?sslmode=require')), {
        code: 'DBB4011',
        exit: 1,
        says: ['does not support SSL'],
      }));
    it('a root certificate that is not there', async () =>
      connect(await at((url) => (url.search = '?sslmode=verify-full&sslrootcert=/nowhere.pem')), {
        code: 'DBB4011',
        exit: 1,
        says: ['"/nowhere.pem"'],
      }));
    it('nothing that listens', async () => {
      const port = await freePort();
      await connect(`postgres://u:${secret}@127.0.0.1:${String(port)}/x`, {
        code: 'DBB4001',
        exit: 1,
        says: [`nothing listens at 127.0.0.1:${String(port)}`, 'tries in'],
      });
    });
    it('a host that does not resolve', () =>
      connect(`postgres://u:${secret}@no.such.host.invalid/x`, {
        code: 'DBB4010',
        exit: 1,
        says: ['"no.such.host.invalid" does not resolve'],
      }));
  });

  it('no database in CI is DBB4005, exit 2', async () => {
    const project = makeFolder(sql);
    try {
      const ended = await endedSoon(new Command(['run'], { cwd: project.folder, env: { CI: 'true' } }));
      assert.match(
        ended.stderr,
        /^error\[DBB4005\]: no database is configured, and in CI none is started by itself\n/,
      );
      assert.equal(ended.code, 2);
      assert.ok(!existsSync(join(project.folder, '.db-bootstrap')));
    } finally {
      project.remove();
    }
  });

  describe('in the surroundings', () => {
    const run = async (
      command: string,
      files: Case['files'] = raw('tasks: { x: { use: command, run: echo hello } }\n'),
    ): Promise<Ended> => {
      const project = makeFolder(files);
      try {
        // The shell plays the terminal: it redirects and pipes as people do.
        const shell = makeFolder({
          sh: `#!/bin/bash\nset -o pipefail\ndb() { "${process.execPath}" "$@"; }\nshift 0\n${command}\n`,
        });
        chmodSync(join(shell.folder, 'sh'), 0o755);
        const ended = await endedSoon(
          new Command([], { cwd: project.folder, node: join(shell.folder, 'sh') }),
        );
        shell.remove();
        return ended;
      } finally {
        project.remove();
      }
    };

    it('a reader that goes away: no stack, no hang', async () => {
      for (const args of ['explain', 'run', 'run --json', 'graph', '--help']) {
        const { code, stdout, stderr } = await run(`db "$1" ${args} | head -c 1`);
        assert.equal(stdout.length, 1, args);
        assert.equal(stderr, '', args);
        assert.equal(code, 0, args);
      }
    });

    it('a full disk below standard output is told, and is no success', async () => {
      for (const args of ['explain', 'run', 'graph --format json']) {
        const { code, stderr } = await run(`db "$1" ${args} > /dev/full`);
        assert.equal(
          stderr,
          'error[DBB1012]: there is no room where standard output goes (ENOSPC), so the rest of it is lost\n' +
            '  help: make room there, or send the output somewhere else\n',
          args,
        );
        assert.equal(code, 1, args);
      }
    });

    it('closed standard streams', async () => {
      for (const closed of ['<&-', '>&-', '2>&-']) {
        const { code, stderr } = await run(`db "$1" run ${closed}`);
        assert.equal(code, 0, closed);
        assert.equal(stderr, '', closed);
      }
    });

    it('no HOME, no locale, a dumb terminal', async () => {
      const { code, stdout, stderr } = await run(
        'env -i PATH="$PATH" LANG=C TERM=dumb "$(command -v node)" "$1" run',
      );
      assert.match(stdout, /^ready: 1 of 1 task changed something/m);
      assert.equal(stderr, '');
      assert.equal(code, 0);
    });

    it('thirty tasks at once, and one at a time', async () => {
      const tasks = Array.from(
        { length: 30 },
        (_, index) => `  t${String(index)}: { use: command, run: 'true' }`,
      );
      for (const concurrency of ['30', '1']) {
        const { code, stdout, stderr } = await run(
          `db "$1" run --quiet --concurrency ${concurrency}`,
          raw(`tasks:\n${tasks.join('\n')}\n`),
        );
        assert.equal(stderr, '');
        assert.match(stdout, /^ready: 30 of 30 tasks/);
        assert.equal(code, 0);
      }
    });

    describe('as a user who may do little', () => {
      const asNobody = process.getuid?.() === 0 ? 'setpriv --reuid=65534 --regid=65534 --clear-groups ' : '';

      it('a folder that cannot be written', async () => {
        const { code, stdout, stderr } = await run(`chmod 555 . && ${asNobody}"$(command -v node)" "$1" run`);
        assert.match(stdout, /^error\[DBB1009\]: the lock of this run cannot be written/m, stderr);
        refuseStack(stdout + stderr);
        assert.equal(code, 2);
      });

      it('a config that may not be read is not passed over', async () => {
        const { code, stderr } = await run(
          `chmod 755 . && chmod 000 .bootstraprc && ${asNobody}"$(command -v node)" "$1" run`,
        );
        assert.match(
          stderr,
          /^error\[DBB2018\]: the config file could not be read: this user may not read it\n {2}--> \.bootstraprc\n/,
        );
        assert.equal(code, 2);
      });
    });
  });
});

function refuseStack(output: string): void {
  assert.doesNotMatch(output, /^[ |]*at .*[(/:].*:\d+:\d+\)?$/m);
  assert.doesNotMatch(output, /Traceback \(most recent call last\)/);
}

/** How the command ended; it is killed, and the test fails, where it does not end by itself. */
async function endedSoon(command: Command): Promise<Ended> {
  const timer = setTimeout(() => command.kill('SIGKILL'), 25_000);
  const ended = await command.ended;
  clearTimeout(timer);
  assert.equal(ended.signal, null, `it did not end:\n${ended.stdout}${ended.stderr}`);
  return ended;
}

/** All files below a folder, one after the other. */
function textOf(path: string): string {
  if (!existsSync(path)) return '';
  if (!statSync(path).isDirectory()) return readFileSync(path, 'latin1');
  return readdirSync(path)
    .map((name) => textOf(join(path, name)))
    .join('\n');
}
