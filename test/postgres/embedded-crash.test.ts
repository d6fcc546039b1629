import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedUrl, stopEmbedded } from '../../lib/postgres/embedded/stop.js';
import { makeProject, problemOf, startElsewhere, useMajor, type Project } from '../support/embedded.js';
import { query } from '../support/postgres.js';

describe('the embedded server after a crash', () => {
  let project: Project;
  before(async () => {
    project = makeProject();
    const { url } = await project.start();
    await query(url, 'create table kept as select 42 as answer; checkpoint');
    await query(url, 'create table late as select 43 as answer');
  });
  after(() => project.remove());

  async function isWhole(): Promise<void> {
    const server = await project.start();
    assert.deepEqual(await query(server.url, 'select answer from kept union select answer from late'), [
      { answer: 42 },
      { answer: 43 },
    ]);
  }

  it('recovers from kill -9', async () => {
    process.kill((await project.start(), project.pid()), 'SIGKILL');
    await isWhole();
  });

  it('recovers from kill -9 while a backend is at work and outlives its server for a while', async () => {
    const { url } = await project.start();
    const client = new pg.Client(url);
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const backend = rows[0]!.pid;
    // Stopped, it cannot notice that its server is gone, and holds the shared memory.
    process.kill(backend, 'SIGSTOP');
    process.kill(project.pid(), 'SIGKILL');
    const wakeUp = setTimeout(() => process.kill(backend, 'SIGCONT'), 1500);
    try {
      await isWhole();
    } finally {
      clearTimeout(wakeUp);
      await client.end().catch(() => undefined);
    }
  });

  for (const who of ['a process of the same user', 'a process of ours'] as const) {
    it(`takes no notice of an old pid that now belongs to ${who}`, async () => {
      await project.start();
      const pid = project.pid();
      const file = join(project.data, 'postmaster.pid');
      process.kill(pid, 'SIGKILL');
      const owner = statSync(project.data);
      const ids =
        who === 'a process of ours' || process.getuid?.() !== 0 ? {} : { uid: owner.uid, gid: owner.gid };
      const stranger = spawn('sleep', ['600'], { ...ids, cwd: '/' });
      try {
        await once(stranger, 'spawn');
        const lines = readFileSync(file, 'utf8').split('\n');
        writeFileSync(file, [String(stranger.pid), ...lines.slice(1)].join('\n'));
        assert.throws(() => embeddedUrl(project), { code: 'DBB4022' });
        assert.equal(await stopEmbedded(project), false);
        await isWhole();
        assert.equal(stranger.exitCode, null);
      } finally {
        stranger.kill();
      }
    });
  }

  it('is not confused by files that a crash left half written', async () => {
    await stopEmbedded(project);
    const folder = join(project.stateDirectory, 'postgres');
    for (const name of ['server.json.new', 'password.new', 'data-new-1.password'])
      writeFileSync(join(folder, name), 'x');
    mkdirSync(join(folder, 'data-new-1'));
    // A holder that is gone: no process has this id, and this one has another start.
    symlinkSync('2147483646 1 x', join(folder, 'lock'));
    await isWhole();
    await stopEmbedded(project);
    writeFileSync(join(folder, 'server.json'), '{"port":');
    symlinkSync(`${process.pid} 1 x`, join(folder, 'lock'));
    await isWhole();
  });

  it('takes another port where its own is taken meanwhile', async () => {
    const before = await project.start();
    const port = Number(new URL(before.url).port);
    await stopEmbedded(project);
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const after = await project.start();
      assert.notEqual(new URL(after.url).port, new URL(before.url).port);
      await isWhole();
      await stopEmbedded(project);
      const problem = await problemOf(project.start({ port }));
      assert.equal(problem.code, 'DBB4021');
      assert.match(problem.message, new RegExp(`^port ${port} `));
    } finally {
      squatter.close();
    }
  });

  it('is found where its folder has been moved while it ran', async () => {
    const moved = makeProject();
    const first = await moved.start();
    const elsewhere = makeProject();
    spawnSync('mv', [moved.stateDirectory, elsewhere.stateDirectory]);
    try {
      const second = await elsewhere.start();
      assert.deepEqual([second.started, second.url], [false, first.url]);
    } finally {
      await elsewhere.remove();
      await moved.remove();
    }
  });
});

describe('a start of the embedded server that is killed', () => {
  const moments = [
    { step: 'making a data directory', ms: 0 },
    { step: 'making a data directory', ms: 300 },
    { step: 'starting PostgreSQL', ms: 0 },
    { step: 'starting PostgreSQL', ms: 40 },
  ];
  for (const { step, ms } of moments) {
    it(`leaves nothing that the next start cannot handle: ${ms} ms into "${step}"`, async () => {
      const project = makeProject();
      const { child, ended } = startElsewhere({
        stateDirectory: project.stateDirectory,
        name: 'app_test',
        packageRoots: [project.root],
      });
      const over = ended.catch(() => undefined);
      await new Promise<void>((resolve) => {
        child.stderr?.on('data', (text: string) => text.includes(step) && resolve());
      });
      await sleep(ms);
      child.kill('SIGKILL');
      await over;
      try {
        const { url } = await project.start();
        assert.equal((await query(url, 'select 1 as one')).length, 1);
        await stopEmbedded(project);
        await project.start();
        const left = readdirSync(join(project.stateDirectory, 'postgres')).sort();
        assert.deepEqual(left, ['data', 'password', 'server.json', 'server.log']);
      } finally {
        await project.remove();
      }
    });
  }
});

describe('two starts of the embedded server at once', () => {
  it('start one server, which all use', async () => {
    const project = makeProject();
    const options = {
      stateDirectory: project.stateDirectory,
      name: 'app_test',
      packageRoots: [project.root],
    };
    try {
      const answers = await Promise.all([1, 2, 3].map(() => startElsewhere(options).ended));
      assert.deepEqual(answers.map(({ server }) => server?.started).sort(), [false, false, true]);
      assert.equal(new Set(answers.map(({ server }) => server?.url)).size, 1);
    } finally {
      await project.remove();
    }
  });

  it('share one dead lock without both taking it', async () => {
    const project = makeProject();
    const folder = join(project.stateDirectory, 'postgres');
    mkdirSync(folder, { recursive: true });
    symlinkSync('2147483646 1 x', join(folder, 'lock'));
    try {
      const servers = await Promise.all([project.start(), project.start(), project.start()]);
      assert.deepEqual(servers.map(({ started }) => started).sort(), [false, false, true]);
    } finally {
      await project.remove();
    }
  });
});

describe('an embedded server that cannot start', () => {
  let project: Project;
  let helper: ChildProcess | undefined;
  beforeEach(() => {
    project = makeProject(14);
  });
  afterEach(async () => {
    helper?.kill();
    await project.remove();
  });

  it('refuses data of another major version, and touches nothing', async () => {
    const { url } = await project.start();
    await query(url, 'create table kept as select 42 as answer');
    useMajor(project.root, 18);
    // It runs still, and may be used.
    assert.match((await project.start()).version, /^14\./);
    await stopEmbedded(project);
    const problem = await problemOf(project.start());
    assert.equal(problem.code, 'DBB4023');
    assert.match(problem.message, /are of PostgreSQL 14, the installed server is 18\./);
    assert.match(problem.help ?? '', /rm -r .*data$/);
    useMajor(project.root, 14);
    assert.deepEqual(await query((await project.start()).url, 'select answer from kept'), [{ answer: 42 }]);
  });

  it("says why in the server's own words, the cause first", async () => {
    await project.start();
    await stopEmbedded(project);
    writeFileSync(join(project.data, 'postgresql.auto.conf'), 'shared_buffers = nonsense\n');
    const problem = await problemOf(project.start());
    assert.equal(problem.code, 'DBB4021');
    assert.match(problem.message, /^configuration file .*auto\.conf" contains errors$/);
    assert.match(problem.output ?? '', /invalid value for parameter "shared_buffers": "nonsense"/);
  });

  it('says that a folder of data is none', async () => {
    mkdirSync(project.data, { recursive: true });
    writeFileSync(join(project.data, 'notes.txt'), 'mine');
    const problem = await problemOf(project.start());
    assert.equal(problem.code, 'DBB4021');
    assert.match(problem.message, /is not a data directory of PostgreSQL/);
    assert.ok(existsSync(join(project.data, 'notes.txt')));
  });

  it('says that its password is lost', async () => {
    await project.start();
    await stopEmbedded(project);
    rmSync(join(project.stateDirectory, 'postgres/password'));
    const problem = await problemOf(project.start());
    assert.match(problem.message, /^the password of the embedded server is missing/);
  });

  it('says that somebody changed its password', async () => {
    const { url } = await project.start();
    await query(url, `alter role postgres password 'another'`);
    const problem = await problemOf(project.start());
    assert.equal(problem.code, 'DBB4021');
    assert.match(problem.message, /does not take the password/);
    assert.ok(!JSON.stringify(problem).includes(new URL(url).password));
  });

  it('says that a folder cannot be written', async () => {
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    chmodSync(project.root, 0o555);
    const { problem } = await startElsewhere(
      { stateDirectory: project.stateDirectory, name: 'app_test', packageRoots: [project.root] },
      nobody,
    ).ended;
    chmodSync(project.root, 0o755);
    assert.equal(problem?.code, 'DBB4021');
    assert.match(problem.message, /\.db-bootstrap.*: permission denied \(mkdir\)$/);
  });
});
