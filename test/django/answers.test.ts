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
  ): Promise<{ answers: unknown[]; starts: number; recalled: unknown }> {
    const starts = async (): Promise<number> => (await readFile(join(folder, 'starts'), 'utf8')).length;
    const before = await starts();
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
      log: { output: () => undefined },
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
    return { answers, starts: (await starts()) - before, recalled };
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
