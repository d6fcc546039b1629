import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  appendFile,
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createHostService } from '../../lib/django/index.js';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import { storeOver } from '../support/host.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { pythonOf } from '../support/python.js';

describe('kept answers of the host', () => {
  let folder: string;
  let project: string;
  let installed: string;
  let url: string;
  let drop: () => Promise<void>;
  let ours: Database;
  let watched: Pick<Database, 'query'>;
  let settings = 'wholesale.settings.base';
  const kept = new Map<string, string>();
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: '/',
    PYTHONDONTWRITEBYTECODE: '1',
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'db-bootstrap-answers-'));
    project = join(folder, 'project');
    await cp('examples/django-tenants', project, { recursive: true });
    const real = await makeEnvironment(join(folder, 'venv'), await pythonOf('old'));
    await writeFile(join(folder, 'python'), `#!/bin/sh\necho x >> '${folder}/starts'\nexec '${real}' "$@"\n`);
    await chmod(join(folder, 'python'), 0o755);
    await writeFile(join(folder, 'starts'), '');
    const made = await createTestDatabase();
    url = made.url;
    drop = () => made.drop();
    env.DATABASE_URL = url;
    ours = new Database(resolveConnection(url, {}), { applicationName: 'db-bootstrap/test' });
    watched = ours;
    await run([['migrate', { schema: 'public' }]]);
  });
  after(async () => {
    await ours.close();
    await drop();
    await rm(folder, { recursive: true, force: true });
  });

  /** A run of its own: the answers, and how often an interpreter was started. */
  async function run(
    questions: readonly (readonly [string, Record<string, unknown>])[] = [
      ['inspect', {}],
      ['preflight', {}],
      ['expectedRules', {}],
      ['states', {}],
      ['tenants', {}],
    ],
    more: Record<string, string> = {},
    between: () => Promise<unknown> = () => Promise.resolve(),
    fresh = false,
    remember: Record<string, object> = {},
  ): Promise<{ answers: unknown[]; starts: number; recalled: unknown; log: string }> {
    const starts = async (): Promise<number> => (await readFile(join(folder, 'starts'), 'utf8')).length;
    const before = await starts();
    let log = '';
    const service = createHostService({
      django: { directory: project, python: join(folder, 'python'), settings },
      root: project,
      config: join(project, '.bootstraprc.yaml'),
      runId: 'test',
      grace: 2000,
      answers: {
        database: watched,
        keep: true,
        fresh,
        store: storeOver(kept),
      },
    });
    const client = service.forTask({
      name: 'test',
      signal: new AbortController().signal,
      log: { output: (_stream, text) => (log += text) },
      env: { ...env, ...more },
      database: ours,
    });
    const answers: unknown[] = [];
    for (const [method, params] of questions) {
      answers.push(await client.request(method, params));
      await between();
    }
    const recalled = await client.recall('shape');
    for (const [name, value] of Object.entries(remember)) await client.remember(name, value);
    await service.close();
    return { answers, starts: (await starts()) - before, recalled, log };
  }

  /** Asked after a change, and not again after that. */
  async function asksOnce(): Promise<void> {
    assert.notEqual((await run()).starts, 0, 'a change was not seen');
    const { answers, starts } = await run();
    assert.equal(starts, 0, 'nothing changed, and the host was asked');
    kept.clear();
    assert.deepEqual(answers, (await run()).answers);
  }

  /** A virtual environment of our own, in which all of another one is installed, a package to be edited, and something more. */
  async function makeEnvironment(environment: string, python: string): Promise<string> {
    await promisify(execFile)(python, ['-m', 'venv', '--without-pip', environment]);
    const sites = async (base: string): Promise<string> => {
      const [version = ''] = await readdir(join(base, 'lib'));
      return join(base, 'lib', version, 'site-packages');
    };
    installed = await sites(environment);
    await writeFile(join(installed, 'all.pth'), `${await sites(dirname(dirname(python)))}\n`);
    await writeFile(join(installed, 'shelf.pth'), `${join(folder, 'shelf')}\n`);
    await mkdir(join(installed, 'extra-1.0.dist-info'));
    await mkdir(join(folder, 'shelf'));
    await writeFile(join(folder, 'shelf/shelf.py'), 'size = 1\n');
    await cp(join(project, 'wholesale/plants/migrations'), join(folder, 'shelf/moved'), { recursive: true });
    await writeFile(join(folder, 'linked.py'), 'A = 1\n');
    await symlink(join(folder, 'linked.py'), join(project, 'wholesale/linked.py'));
    await appendFile(
      join(project, 'wholesale/settings/base.py'),
      '\nimport shelf\nimport wholesale.linked\nMIGRATION_MODULES = {"plants": "moved"}\n',
    );
    return join(environment, 'bin/python');
  }

  it('are used while nothing has changed', asksOnce);

  it('hold in another checkout', async () => {
    const old = project;
    project = join(folder, 'elsewhere');
    await cp(old, project, { recursive: true });
    assert.equal((await run()).starts, 0);
  });

  it('store no values', () => {
    assert.ok(![...kept.values()].join('').includes(url));
  });

  it('hold when tenants are added to the config, unless Django reads it', async () => {
    const config = join(project, '.bootstraprc.yaml');
    await writeFile(config, 'preset: django-tenants\n');
    await run();
    await appendFile(config, '# one tenant more\n');
    assert.equal((await run()).starts, 0);
    await appendFile(
      join(project, 'wholesale/settings/base.py'),
      `\nCONFIG = open(${JSON.stringify(config)}).read()\n`,
    );
    await run();
    assert.equal((await run()).starts, 0);
    await appendFile(config, '\n# and one more\n');
    await asksOnce();
  });

  /** Others change the database, when its state has been read and Django has not yet answered, and back after the run. */
  async function keptBeside(change: string, back: string): Promise<boolean> {
    let changes = 0;
    watched = {
      query: async <Row extends object>(text: string, values?: readonly unknown[]) => {
        const rows = await ours.query<Row>(text, values);
        if (text.includes('pg_control_system') && changes++ === 0) await query(url, change);
        return rows;
      },
    };
    kept.clear();
    await run();
    watched = ours;
    assert.ok(changes > 0);
    await query(url, back);
    return (await run()).starts === 0;
  }

  it('are kept where others change what they do not depend on, and not where they do', async () => {
    assert.equal(await keptBeside('create table public.beside ()', 'drop table beside'), true);
    assert.equal(await keptBeside('create schema beside', 'drop schema beside'), false);
    await run();
  });

  it('leave room for what a run remembers, as long as the project is what it was', async () => {
    const shape = { sides: [3, 4], name: 'größe' };
    const seen = (more: Record<string, object> = {}, fresh = false): ReturnType<typeof run> =>
      run([['inspect', {}]], {}, undefined, fresh, more);
    await appendFile(join(project, 'wholesale/urls.py'), '\n# begun\n');
    assert.equal((await seen({ shape })).recalled, undefined);
    assert.deepEqual(await seen(), { ...(await seen()), starts: 0, recalled: shape });
    // More is read for another question, so the fingerprint is another one, of the same files.
    await run([['autodetect', {}]]);
    assert.deepEqual((await seen()).recalled, shape);
    const memory = [...kept].find(([key]) => key.startsWith('memory ')) ?? ['', ''];
    kept.set(memory[0], memory[1].replace(/"packed":"..../, '"packed":"AAAA'));
    assert.equal((await seen()).recalled, undefined);
    kept.set(...memory);
    assert.deepEqual((await seen()).recalled, shape);
    assert.equal((await seen({}, true)).recalled, undefined);
    await appendFile(join(project, 'wholesale/urls.py'), '\n# other\n');
    assert.equal((await seen()).recalled, undefined);
    assert.equal((await seen({ other: shape })).recalled, undefined);
    assert.equal((await seen()).recalled, undefined);
  });

  const changes: Record<string, () => Promise<unknown>> = {
    'another settings module': () => Promise.resolve((settings = 'wholesale.settings.test')),
    'an installed distribution': () =>
      rename(join(installed, 'extra-1.0.dist-info'), join(installed, 'extra-1.1.dist-info')),
    'a file that is installed to be edited': () => appendFile(join(folder, 'shelf/shelf.py'), 'size = 2\n'),
    'where such a file is': () => writeFile(join(installed, 'shelf.pth'), `${join(folder, 'shelf')}\n\n`),
    'a migration elsewhere': () =>
      writeFile(
        join(folder, 'shelf/moved/0099_more.py'),
        'from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("plants", "0001_initial")]\n',
      ),
    'a file behind a link': () => appendFile(join(folder, 'linked.py'), 'B = 2\n'),
    'another target of a link': async () => {
      await rm(join(project, 'wholesale/linked.py'));
      await symlink(join(folder, 'shelf/shelf.py'), join(project, 'wholesale/linked.py'));
    },
    'another interpreter': () => appendFile(join(folder, 'python'), '# newer\n'),
    'a file of the project changes': () => appendFile(join(project, 'wholesale/urls.py'), '\n# more\n'),
    'a new file': () => writeFile(join(project, 'wholesale/suppliers/note.py'), ''),
    'a file is deleted': () => rm(join(project, 'wholesale/suppliers/note.py')),
    'an .env appears': () => writeFile(join(project, '.env'), 'A=1\n'),
    'a variable that settings read': () => Promise.resolve((env.SECRET_KEY = 'other')),
    'a variable that the driver reads': () => Promise.resolve((env.PGOPTIONS = '-c statement_timeout=0')),
    'a file of Python in PYTHONPATH': () => Promise.resolve((env.PYTHONPATH = folder)),
    'a schema is made': () => query(url, 'create schema extra'),
    'a migration is forgotten': () =>
      query(url, `delete from django_migrations where id = (select max(id) from django_migrations)`),
    'a column of the tenants is added': () =>
      query(url, `alter table tenants_client add column note text default 'x'`),
    'settings of a role': async () =>
      query(
        url,
        `do $$ begin execute format('alter database %I set search_path = extra, public', current_database()); end $$`,
      ),
  };
  for (const [name, change] of Object.entries(changes)) {
    it(`do not hold after: ${name}`, async () => {
      await run();
      await change();
      await asksOnce();
    });
  }

  it('are asked for again, and replaced, by force', async () => {
    await run();
    assert.equal((await run()).starts, 0);
    const [name, text] = [...kept][0] ?? ['', ''];
    const forged = text.replace('"django":"', '"django":"forged ');
    assert.notEqual(forged, text);
    kept.set(name, forged);
    assert.match((await run()).answers.map((answer) => JSON.stringify(answer)).join(''), /forged/);
    const forced = await run(undefined, {}, undefined, true);
    assert.notEqual(forced.starts, 0);
    const after = await run();
    assert.equal(after.starts, 0);
    assert.deepEqual(after.answers, forced.answers);
    assert.doesNotMatch([...kept.values()].join(''), /forged/);
  });

  const saves: Record<string, [string, (text: string) => string]> = {
    'a model': ['plants/models.py', (text) => text.replace('max_length=200', 'max_length=201')],
    'a migration': [
      'plants/migrations/0001_initial.py',
      (text) => text.replace('operations = [', 'operations = [\n        migrations.RunSQL("select 1"),'),
    ],
    'a mistake': ['suppliers/models.py', (text) => `${text}\n)(\n`],
  };
  for (const [name, [file, change]] of Object.entries(saves)) {
    it(`are not kept where an editor saves ${name} while Django works`, async () => {
      const path = join(project, 'wholesale', file);
      const before = await readFile(path, 'utf8');
      assert.notEqual(change(before), before);
      kept.clear();
      let saved = 0;
      await run(
        [
          ['inspect', {}],
          ['expectedTables', {}],
        ],
        {},
        async () => (saved += 1) === 1 && (await writeFile(path, change(before))),
      );
      assert.deepEqual([...kept], []);
      // A whole file takes the place of another, as git and some editors do it, while the next run works.
      await writeFile(`${path}.new`, before);
      const replace = (): Promise<void> => rename(`${path}.new`, path);
      // Where the mistake was loaded, no question was answered.
      await run([['inspect', {}]], {}, replace).catch(replace);
      assert.deepEqual([...kept], []);
      await run();
      assert.equal((await run()).starts, 0);
    });
  }

  it('are kept for projects that read the state of the machine', async () => {
    const file = join(project, 'wholesale/settings/base.py');
    const before = await readFile(file, 'utf8');
    await appendFile(
      file,
      `
import getpass, os, platform, socket, ssl, subprocess, tempfile, zoneinfo
READ = [open("/proc/stat").read(), socket.gethostname(), platform.node(), getpass.getuser(), tempfile.mkdtemp()]
READ += [subprocess.run(["git", "describe"], capture_output=True), dict(os.environ), zoneinfo.ZoneInfo("Europe/Berlin")]
ssl.create_default_context()
`,
    );
    await run();
    assert.equal((await run(undefined, { UNRELATED: '1' })).starts, 0);
    await writeFile(file, before);
  });

  it('are asked for where settings connect to a server, and the log of the task says so', async () => {
    const file = join(project, 'wholesale/settings/base.py');
    const before = await readFile(file, 'utf8');
    const { hostname, port } = new URL(url);
    await appendFile(
      file,
      `\nimport socket\nsocket.create_connection((${JSON.stringify(hostname)}, ${port}))\n`,
    );
    assert.match((await run()).log, /^Django is asked: changed since .*: files in wholesale\/settings\n$/);
    const { starts, log } = await run();
    assert.notEqual(starts, 0);
    assert.equal(log, 'Django is asked: the settings connect to a server while they load\n');
    await writeFile(file, before);
  });

  it('cover a folder outside of the project once Django has loaded code from it', async () => {
    const file = join(project, 'wholesale/settings/base.py');
    const before = await readFile(file, 'utf8');
    // Not in a folder that an earlier project had.
    const libs = await mkdtemp(join(tmpdir(), 'db-bootstrap-libs-'));
    await mkdir(join(libs, 'inner'));
    await writeFile(join(libs, 'inner/plain.py'), 'A = 1\n');
    await appendFile(file, `\nimport sys\nsys.path.append(${JSON.stringify(libs)})\nimport inner.plain\n`);
    await run();
    assert.match((await run()).log, /code in .*libs-.* was not known before Django loaded it/);
    assert.equal((await run()).starts, 0);
    await writeFile(join(libs, 'inner/plain.py'), 'A = 2\n');
    await asksOnce();
    await writeFile(file, before);
    await rm(libs, { recursive: true });
  });

  it('do not hold for the rest of a run in which a file changes', async () => {
    await run();
    const { starts } = await run(
      [
        ['inspect', {}],
        ['states', {}],
      ],
      {},
      () => appendFile(join(project, 'wholesale/urls.py'), '\n# again\n'),
    );
    assert.notEqual(starts, 0);
  });
});
