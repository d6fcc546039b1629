import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { cpSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { AnswerBook } from '../../lib/django/answers/answer-book.js';
import { createHostService } from '../../lib/django/index.js';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import { makeFolder } from '../support/folder.js';
import { storeOver } from '../support/host.js';
import { createTestDatabase } from '../support/postgres.js';
import { pythonOf } from '../support/python.js';

/** One change of one file, at a moment of a run. */
interface Change {
  readonly moment: number;
  readonly file: number;
  readonly how: 'save' | 'replace' | 'touch' | 'save unseen' | 'delete' | 'move';
  readonly length: number;
}

// Few of each, so that files become again what they were.
const changes = (moments: number): fc.Arbitrary<Change> =>
  fc.record({
    moment: fc.integer({ min: 0, max: moments - 1 }),
    file: fc.nat(1),
    how: fc.constantFrom('save', 'replace', 'touch', 'save unseen', 'delete', 'move'),
    length: fc.integer({ min: 100, max: 102 }),
  });
const headline = (error: unknown): unknown => (error as Error).message.split('\n')[0];
/** A save that is taken back while Django is at work. */
const takenBack = (...moments: readonly number[]): Change[] =>
  moments.map((moment, index) => ({ moment, file: 0, how: 'save', length: 100 + (index % 2) }));
const rounds = (moments: number, maxLength: number): fc.Arbitrary<Change[][]> =>
  fc.array(fc.array(changes(moments), { maxLength: 3 }), { minLength: 2, maxLength });

describe('kept answers and files that change at random moments', function () {
  this.timeout(600_000);
  let outside: ReturnType<typeof makeFolder>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let ours: Database;
  let python: string;
  let started: string;
  let held: string;
  let number = 0;

  before(async () => {
    outside = makeFolder({});
    database = await createTestDatabase();
    ours = new Database(resolveConnection(database.url, {}), { applicationName: 'db-bootstrap/test' });
    python = await pythonOf('new');
    started = join(outside.folder, 'python');
    writeFileSync(started, `#!/bin/sh\n: > '${started}.started'\nexec '${python}' "$@"\n`, { mode: 0o755 });
    held = join(outside.folder, 'held');
  });
  after(async () => {
    await ours.close();
    await database.drop();
    outside.remove();
  });

  /** A project with settings that wait while there is a pipe. */
  function makeProject(): string {
    const folder = join(outside.folder, `project${String(number++)}`);
    cpSync('test/fixtures/django/plain', folder, { recursive: true });
    const settings = join(folder, 'shop/settings.py');
    const wait = `if os.path.exists(${JSON.stringify(held)}):\n    open(${JSON.stringify(held)}).read()\n`;
    writeFileSync(settings, `${readFileSync(settings, 'utf8')}${wait}`);
    return folder;
  }

  const models = (folder: string): string => join(folder, 'stock/models.py');
  const migration = (folder: string): string => join(folder, 'stock/migrations/0002_item_name.py');
  const source = readFileSync('test/fixtures/django/plain/stock/models.py', 'utf8');

  function textOf(file: number, length: number): string {
    if (file === 0) return source.replace('max_length=100', `max_length=${String(length)}`);
    return `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stock", "0001_initial")]
    operations = [migrations.AlterField("item", "name", models.CharField(max_length=${String(length)}))]
`;
  }

  function apply(folder: string, { file, how, length }: Change): void {
    const path = file === 0 ? models(folder) : migration(folder);
    const text = textOf(file, length);
    const times = existsSync(path) ? statSync(path) : undefined;
    if (how === 'delete') rmSync(path, { force: true });
    else if (how === 'touch') {
      if (times) utimesSync(path, length, length);
    } else if (how === 'move') {
      if (times) renameSync(path, `${path}.${String(length)}`);
    } else {
      if (how === 'replace') {
        writeFileSync(`${path}.new`, text);
        renameSync(`${path}.new`, path);
      } else writeFileSync(path, text);
      // In the same second and of the same size, as far as Python sees.
      if (how === 'save unseen' && times) utimesSync(path, times.atime, times.mtime);
    }
  }

  const at = (folder: string, all: readonly Change[], moment: number): void =>
    all.filter((change) => change.moment === moment).forEach((change) => apply(folder, change));

  it('hold for the same contents alone', async () => {
    const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : 'gone');
    await fc.assert(
      fc.asyncProperty(rounds(6, 6), async (all) => {
        const folder = makeFolder({ 'manage.py': '', 'stock/migrations/__init__.py': '' });
        const store = storeOver(new Map());
        const loaded = { python, settings: 'shop', directory: folder.folder, root: folder.folder, env: {} };
        for (const round of all) {
          at(folder.folder, round, 0);
          const book = await AnswerBook.open(store, loaded, false);
          at(folder.folder, round, 1);
          const found = await book.find('autodetect', {}, ours);
          const now = (): string[] => [models, migration].map((path) => read(path(folder.folder)));
          if (found !== undefined) {
            assert.deepEqual(found, now());
            continue;
          }
          book.loading({ folders: [], sitePackages: [] });
          at(folder.folder, round, 2);
          const [first] = now();
          at(folder.folder, round, 3);
          const [, second] = now();
          const gone = second !== 'gone';
          at(folder.folder, round, 4);
          book.note('autodetect', {}, [first, second]);
          const sources = (): object => ({
            folders: [],
            sitePackages: [],
            doubts: gone && !existsSync(migration(folder.folder)) ? ['code is gone'] : [],
          });
          await book.keep(
            (method) => Promise.resolve(method === 'sources' ? sources() : { hidesTenants: true }),
            ours,
          );
          at(folder.folder, round, 5);
        }
        folder.remove();
      }),
      { numRuns: Number(process.env.KEPT_CASES ?? 25), examples: [[[takenBack(0, 2, 3), []]]] },
    );
  });

  /** What a run says of models and migrations, and whether it has started Python. */
  async function run(
    directory: string,
    kept: Map<string, string> | undefined,
    at: (moment: number) => void = () => undefined,
  ): Promise<{ said: unknown; asked: boolean; log: string }> {
    rmSync(`${started}.started`, { force: true });
    let log = '';
    const service = createHostService({
      django: { directory, python: started, settings: 'shop.settings' },
      root: directory,
      runId: 'test',
      grace: 2000,
      ...(kept ? { answers: { database: ours, keep: true, store: storeOver(kept) } } : {}),
    });
    const client = service.forTask({
      name: 'test',
      signal: new AbortController().signal,
      log: { output: (_stream, text) => (log += text) },
      env: {
        PATH: process.env.PATH ?? '',
        HOME: '/',
        DATABASE_URL: database.url,
        // The judge compiles all anew.
        ...(kept ? {} : { PYTHONPYCACHEPREFIX: join(outside.folder, `cache${String(number++)}`) }),
      },
      database: ours,
    });
    at(0);
    const question = client.request('autodetect', {}).catch(headline);
    await whileHeld(question, () => at(1));
    const said = [await question];
    at(2);
    said.push(await client.request('expectedTables', {}).catch(headline));
    at(3);
    await service.close();
    return { said, asked: existsSync(`${started}.started`), log };
  }

  /** Does something when the settings wait at the pipe, if they ever do, and lets them go on. */
  async function whileHeld(question: Promise<unknown>, work: () => void): Promise<void> {
    let ended = !existsSync(held);
    void question.then(() => (ended = true));
    while (!ended) {
      try {
        const pipe = openSync(held, constants.O_WRONLY | constants.O_NONBLOCK);
        work();
        rmSync(held);
        closeSync(pipe);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    work();
  }

  it('are never used where Django says something else', async () => {
    await fc.assert(
      fc.asyncProperty(rounds(5, 2), async (all) => {
        const folder = makeProject();
        const kept = new Map<string, string>();
        for (const round of all) {
          rmSync(held, { force: true });
          execFileSync('mkfifo', [held]);
          await run(folder, kept, (moment) => at(folder, round, moment));
          rmSync(held, { force: true });
          at(folder, round, 4);
          const { said } = await run(folder, kept);
          assert.deepEqual(said, (await run(folder, undefined)).said);
        }
      }),
      { numRuns: Number(process.env.KEPT_TRIALS ?? 2), examples: [[[takenBack(0, 1, 2)]]] },
    );
  });

  it('come from sources, whatever Python has compiled of them', async () => {
    const folder = makeProject();
    const kept = new Map<string, string>();
    const length = async (): Promise<string> => JSON.stringify((await run(folder, kept)).said);
    const save = (how: Change['how'], size: number): void =>
      apply(folder, { moment: 0, file: 0, how, length: size });
    assert.doesNotMatch(await length(), /Alter field/);
    save('save unseen', 101);
    assert.match(await length(), /Alter field/);
    save('save unseen', 100);
    assert.doesNotMatch(await length(), /Alter field/);
    // The next second, the judge and the kept answers are of one mind still.
    assert.deepEqual((await run(folder, kept)).asked, false);
    // Compiled without a look at the source, as some images are.
    execFileSync(python, [
      '-m',
      'compileall',
      '-q',
      '-f',
      '--invalidation-mode',
      'unchecked-hash',
      join(folder, 'stock'),
    ]);
    save('save', 102);
    assert.match(await length(), /Alter field/);
  });

  it('cover code that is compiled and has no source', async () => {
    const folder = makeProject();
    const kept = new Map<string, string>();
    const compile = (size: number): void => {
      writeFileSync(models(folder), textOf(0, size));
      execFileSync(python, ['-m', 'compileall', '-q', '-f', '-b', models(folder)]);
      rmSync(models(folder));
    };
    compile(100);
    await run(folder, kept);
    assert.equal((await run(folder, kept)).asked, false);
    compile(101);
    const { said, log } = await run(folder, kept);
    assert.match(JSON.stringify(said), /Alter field/);
    assert.match(log, /changed since answers were kept: files in stock/);
    mkdirSync(join(folder, 'stock/__pycache__'), { recursive: true });
    assert.equal((await run(folder, kept)).asked, false);
  });
});
