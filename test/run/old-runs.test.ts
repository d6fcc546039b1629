import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeRunFile } from '../../lib/process/index.js';
import { fileLedger, removeOldRuns } from '../../lib/run/index.js';
import { makeFolder } from '../support/folder.js';

describe('what is kept of old runs', () => {
  let home: ReturnType<typeof makeFolder>;
  beforeEach(() => (home = makeFolder()));
  afterEach(() => home.remove());

  const numbers = Array.from({ length: 30 }, (_, index) => String(index + 10));

  it('are the logs of the newest twenty', () => {
    for (const number of numbers) home.write(`logs/${number}/seed.log`, 'x\n');
    removeOldRuns(home.folder);
    assert.deepEqual(readdirSync(join(home.folder, 'logs')), numbers.slice(-20));
  });

  it('are the files of runs of this machine, and the newest twenty', async () => {
    for (const number of numbers) {
      const host = number === '12' ? hostname() : 'elsewhere';
      home.write(`runs/${number}.json`, JSON.stringify({ runId: number, pid: 1, started: 'x', host }));
    }
    home.write('runs/14.json.tmp', '{');
    await writeRunFile(home.folder, '11');
    removeOldRuns(home.folder);
    assert.deepEqual(
      readdirSync(join(home.folder, 'runs')),
      ['11', '12', ...numbers.slice(-20)].map((number) => `${number}.json`),
    );
  });

  it('is nothing, where there is none', () => {
    removeOldRuns(home.folder);
    assert.deepEqual(readdirSync(home.folder), []);
  });

  it('is history of two files at most, the older one whole', async () => {
    const old = `${JSON.stringify({ run: 'old' })}\n`.repeat(80_000);
    mkdirSync(join(home.folder, 'state'));
    for (const name of ['history.ndjson', 'history.ndjson.old'])
      writeFileSync(join(home.folder, 'state', name), old);
    const ledger = fileLedger({ stateDirectory: join(home.folder, 'state'), readOnly: false });
    await ledger.attach();
    await ledger.startRun({ id: 'new', version: '0', pid: 1, host: 'h', startedAt: 0, tasks: [] });
    await ledger.endRun('succeeded', 0);
    const text = (name: string): string => readFileSync(join(home.folder, 'state', name), 'utf8');
    assert.equal(text('history.ndjson.old'), old);
    const events = text('history.ndjson').trimEnd().split('\n');
    assert.deepEqual(
      events.map((line) => (JSON.parse(line) as { event: string }).event),
      ['start', 'end'],
    );
  });
});
