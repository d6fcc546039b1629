import assert from 'node:assert/strict';
import { appendFile, chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHostService } from '../../lib/django/index.js';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { pythonOf } from '../support/python.js';

describe('kept answers of the host', () => {
  let folder: string;
  let project: string;
  let url: string;
  let drop: () => Promise<void>;
  let ours: Database;
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
    const real = await pythonOf('old');
    await writeFile(join(folder, 'python'), `#!/bin/sh\necho x >> '${folder}/starts'\nexec '${real}' "$@"\n`);
    await chmod(join(folder, 'python'), 0o755);
    await writeFile(join(folder, 'starts'), '');
    const made = await createTestDatabase();
    url = made.url;
    drop = () => made.drop();
    env.DATABASE_URL = url;
    ours = new Database(resolveConnection(url, {}), { applicationName: 'db-bootstrap/test' });
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
      ['expectedRules', {}],
      ['states', {}],
      ['tenants', {}],
    ],
    more: Record<string, string> = {},
    between: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<{ answers: unknown[]; starts: number }> {
    const starts = async (): Promise<number> => (await readFile(join(folder, 'starts'), 'utf8')).length;
    const before = await starts();
    const service = createHostService({
      django: { directory: project, python: join(folder, 'python'), settings: 'wholesale.settings.base' },
      root: project,
      runId: 'test',
      grace: 2000,
      answers: {
        database: ours,
        keep: true,
        store: {
          get: (key) => Promise.resolve(JSON.parse(kept.get(key) ?? 'null') ?? undefined),
          set: (key, value) => Promise.resolve(void kept.set(key, JSON.stringify(value))),
        },
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
    await service.close();
    return { answers, starts: (await starts()) - before };
  }

  /** Asked after a change, and not again after that. */
  async function asksOnce(): Promise<void> {
    assert.notEqual((await run()).starts, 0, 'a change was not seen');
    const { answers, starts } = await run();
    assert.equal(starts, 0, 'nothing changed, and the host was asked');
    kept.clear();
    assert.deepEqual(answers, (await run()).answers);
  }

  it('are used while nothing has changed', asksOnce);

  it('hold in another checkout', async () => {
    const old = project;
    project = join(folder, 'elsewhere');
    await cp(old, project, { recursive: true });
    assert.equal((await run()).starts, 0);
  });

  it('store no values', () => {
    const text = [...kept.values()].join('');
    assert.ok(text.includes('DATABASE_URL'));
    assert.ok(!text.includes(url));
  });

  const changes: Record<string, () => Promise<unknown>> = {
    'a file of the project changes': () => appendFile(join(project, 'wholesale/urls.py'), '\n# more\n'),
    'a new file': () => writeFile(join(project, 'wholesale/suppliers/migrations/0099_x.txt'), ''),
    'a file is deleted': () => rm(join(project, 'wholesale/suppliers/migrations/0099_x.txt')),
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
