import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import { fileLedger, noLedger, type Ledger } from '../../lib/run/index.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase } from '../support/postgres.js';
import { rejection } from '../support/rejection.js';

describe('fileLedger', () => {
  let home: ReturnType<typeof makeFolder>;
  let stateDirectory: string;
  beforeEach(() => {
    home = makeFolder();
    stateDirectory = join(home.folder, '.db-bootstrap');
  });
  afterEach(() => home.remove());

  const attached = async (ledger: Ledger): Promise<Ledger> => {
    assert.deepEqual(await ledger.attach(), []);
    return ledger;
  };
  const open = (): Promise<Ledger> => attached(fileLedger({ stateDirectory, readOnly: false }));

  it('keeps facts, each task its own, whatever they are called', async () => {
    const first = await open();
    const odd = ['constructor', '__proto__', '', 'ä/"\\'];
    for (const key of odd) {
      assert.equal(await first.forTask(key).get(key), undefined);
      await first.forTask(key).set(key, { of: key });
    }
    await first.forTask('a').set('gone', 1);
    await first.forTask('a').delete('gone');
    const second = await open();
    for (const key of odd) assert.deepEqual([...(await second.forTask(key).entries())], [[key, { of: key }]]);
    assert.equal((await second.forTask('a').entries()).size, 0);
    assert.deepEqual(readdirSync(stateDirectory).sort(), ['.gitignore', 'ledger.json']);
  });

  it('loses nothing of another run that shares the folder', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    await one.local('a').set('x', 1);
    await two.local('a').set('y', 2);
    await one.local('b').set('z', 3);
    assert.deepEqual(
      [...(await (await open()).local('a').entries())],
      [
        ['x', 1],
        ['y', 2],
      ],
    );
  });

  it('keeps apart what was done to different databases, and to a new one of the same name', async () => {
    const name = `again_${String(process.pid)}`;
    const seen: unknown[] = [];
    for (const value of ['first', 'second']) {
      const test = await createTestDatabase({ name });
      const database = new Database(resolveConnection(test.url, {}), { applicationName: 'test' });
      const ledger = fileLedger({ stateDirectory, readOnly: false }, database);
      await ledger.forTask('init').set('early', value);
      await attached(ledger);
      seen.push(await ledger.forTask('init').get('01.sql'), await ledger.forTask('init').get('early'));
      await ledger.forTask('init').set('01.sql', 'done');
      const again = await attached(fileLedger({ stateDirectory, readOnly: true }, database));
      seen.push(await again.forTask('init').get('01.sql'));
      await database.close();
      await test.drop();
    }
    assert.deepEqual(seen, [undefined, 'first', 'done', undefined, 'second', 'done']);
  });

  it('writes a line per event', async () => {
    const ledger = await open();
    await ledger.startRun({ id: 'r', version: '1', pid: 7, host: 'h', startedAt: 0, tasks: [] });
    await ledger.endRun('cancelled', 130);
    const lines = readFileSync(join(stateDirectory, 'history.ndjson'), 'utf8').trim().split('\n');
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      events.map(({ run, event, exitCode }) => [run, event, exitCode]),
      [
        ['r', 'start', undefined],
        ['r', 'end', 130],
      ],
    );
  });

  for (const text of ['', '{"a": {"b": 1', '[]', 'null', '{"a": 1}', '\u0000']) {
    it(`says what to do where the file holds ${JSON.stringify(text)}`, async () => {
      await (await open()).forTask('a').set('b', 1);
      const file = join(stateDirectory, 'ledger.json');
      writeFileSync(file, text);
      const facts = (await open()).forTask('a');
      for (const error of [await rejection(facts.get('b')), await rejection(facts.set('b', 1))]) {
        assert.equal(error.code, 'DBB4030');
        assert.match(error.message, /^the file ledger cannot be read: /);
        assert.equal(error.problems[0].place?.file, file);
        assert.match(error.problems[0].help ?? '', /delete the file/);
      }
      assert.equal(readFileSync(file, 'utf8'), text);
    });
  }

  it('says so where it cannot be written, and leaves nothing half done', async () => {
    writeFileSync(stateDirectory, 'a file in the way');
    const ledger = await open();
    const error = await rejection(ledger.local('a').set('b', 1));
    assert.equal(error.code, 'DBB4030');
    assert.deepEqual(readdirSync(home.folder), ['.db-bootstrap']);
  });

  it('for a plan writes nothing', async () => {
    const ledger = await attached(fileLedger({ stateDirectory, readOnly: true }));
    await ledger.forTask('a').set('b', 1);
    await ledger.local('a').set('b', 1);
    await ledger.endRun('succeeded', 0);
    assert.deepEqual(readdirSync(home.folder), []);
  });
});

describe('noLedger', () => {
  it('remembers nothing about the database, and what concerns files', async () => {
    const home = makeFolder();
    const ledger = noLedger({ stateDirectory: home.folder, readOnly: false });
    await ledger.forTask('a').set('b', 1);
    await ledger.local('a').set('b', 2);
    assert.equal(await ledger.forTask('a').get('b'), undefined);
    assert.equal(await ledger.local('a').get('b'), 2);
    home.remove();
  });
});
