import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskContext } from '../../config/define.js';
import { fileName } from '../../lib/run/task-log.js';
import { kindOf, RunTrial } from '../support/run-trial.js';

describe('the log of a task', () => {
  let trial: RunTrial;

  beforeEach(() => {
    trial = new RunTrial();
  });
  afterEach(() => trial.close());

  const lines = (): string[] => trial.of('task.log').map(({ stream, line }) => `${stream}:${line}`);

  it('is split into lines, told line by line, and kept whole in a file', async () => {
    const kind = kindOf(({ log }) => {
      log.output('stdout', 'one\r\ntw');
      log.output('stderr', 'err');
      log.output('stdout', 'o\n\nthree');
      log.warn('careful\nreally');
    });
    const { tasks } = await trial.run([{ name: 'a', kind }]);
    const expected = ['one', 'two', '', 'careful', 'really', 'three', 'err'];
    assert.deepEqual(
      lines().map((line) => line.slice(line.indexOf(':') + 1)),
      expected,
    );
    assert.deepEqual(lines().slice(3, 5), ['warn:careful', 'warn:really']);
    assert.equal(tasks[0]?.log, join(trial.root, '.db-bootstrap/logs/run-1/a.log'));
    assert.equal(readFileSync(tasks[0].log, 'utf8'), expected.join('\n') + '\n');
  });

  it('is not made where nothing was said', async () => {
    const { tasks } = await trial.run([{ name: 'a' }]);
    assert.equal(tasks[0]?.log, undefined);
    assert.equal(existsSync(join(trial.root, '.db-bootstrap/logs')), false);
  });

  it('holds what children print, masked, unless they are started without log', async () => {
    const kind = kindOf(async (context) => {
      await context.exec('echo PGPASSWORD=geheim loud', { shell: true });
      assert.equal((await context.exec('echo quiet', { shell: true, log: false })).stdout, 'quiet\n');
    });
    const { tasks } = await trial.run([{ name: 'a', kind }]);
    assert.deepEqual(lines(), ['stdout:PGPASSWORD=*** loud']);
    assert.equal(readFileSync(tasks[0]?.log ?? '', 'utf8'), 'PGPASSWORD=*** loud\n');
  });

  it('is silent after the end of its task', async () => {
    let late: TaskContext<unknown> | undefined;
    const kind = kindOf((context) => void (late = context));
    const check = kindOf(() => {
      late?.log.info('too late');
      late?.log.progress(1, 2, 0);
    });
    await trial.run([
      { name: 'a', kind },
      { name: 'b', kind: check, needs: ['a'] },
    ]);
    assert.deepEqual([lines(), trial.of('task.progress')], [[], []]);
  });

  it('tells an endless line in pieces', async () => {
    const kind = kindOf(({ log }) => {
      for (let i = 0; i < 5; i++) log.output('stdout', 'x'.repeat(40_000));
    });
    await trial.run([{ name: 'a', kind }]);
    assert.deepEqual(
      lines().map((line) => line.length - 'stdout:'.length),
      [80_000, 80_000, 40_000],
    );
  });

  it('has a safe file name for every task name', () => {
    assert.equal(fileName('tenant-migrations'), 'tenant-migrations');
    assert.equal(fileName('../a b/ü'), '%2e%2e%2fa%20b%2f%c3%bc');
    const [a, b] = [fileName('x'.repeat(300)), fileName('x'.repeat(301))];
    assert.notEqual(a, b);
    assert.ok(a.length < 200);
  });
});
