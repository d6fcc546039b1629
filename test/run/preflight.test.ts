import assert from 'node:assert/strict';
import type { Problem } from '../../lib/errors/index.js';
import { FakeCommands } from '../support/fake-command.js';
import { fakeKind, kindOf, RunTrial } from '../support/run-trial.js';

const fault: Problem = { code: 'DBB4041', message: 'tenants can mix' };
const remark: Problem = { code: 'DBB9001', severity: 'warning', message: 'a rule failed' };

describe('faults found before the first change', () => {
  let trial: RunTrial;
  beforeEach(() => (trial = new RunTrial()));
  afterEach(() => trial.close());

  it('keep every task that would change something from its work, and are told once, as the cause', async () => {
    const worked: string[] = [];
    trial.preflight = () => Promise.resolve([fault]);
    const kind = kindOf(({ task }) => void worked.push(task));
    const { status, exitCode, problems, tasks } = await trial.run([
      { name: 'a', kind },
      { name: 'b', kind },
      { name: 'c', kind, needs: ['a'] },
    ]);
    assert.deepEqual(worked, []);
    assert.deepEqual([status, exitCode], ['failed', 1]);
    assert.deepEqual(problems, [fault]);
    assert.deepEqual(
      tasks.map((task) => [task.name, task.status, task.changed]),
      [
        ['a', 'cancelled', false],
        ['b', 'cancelled', false],
        ['c', 'cancelled', false],
      ],
    );
  });

  it('are not looked for where nothing is to be done, and not before a check or a wait', async () => {
    let asked = 0;
    trial.preflight = () => {
      asked += 1;
      return Promise.resolve([fault]);
    };
    const plan = (): Promise<{ action: 'up-to-date'; reason: string }> =>
      Promise.resolve({ action: 'up-to-date', reason: 'nothing to do' });
    const { status } = await trial.run([
      { name: 'wait', kind: kindOf(undefined, { readies: true }) },
      { name: 'check', kind: kindOf(undefined, { check: true }) },
      { name: 'done', kind: kindOf(undefined, { plan }) },
    ]);
    assert.deepEqual([status, asked], ['succeeded', 0]);
  });

  it('let other tasks end that were begun before', async () => {
    const fakes = await FakeCommands.start();
    try {
      trial.preflight = ({ name }) => Promise.resolve(name === 'b' ? [fault] : []);
      const running = trial.run([
        { name: 'a', kind: fakeKind(fakes) },
        { name: 'b' },
        { name: 'c', needs: ['a'] },
      ]);
      await (await fakes.next('a')).exit(0);
      const { tasks } = await running;
      assert.deepEqual(
        tasks.map(({ name, status }) => `${name} ${status}`),
        ['a succeeded', 'b cancelled', 'c cancelled'],
      );
    } finally {
      fakes.close();
    }
  });

  it('that are warnings are notices, once, and stop nothing', async () => {
    trial.preflight = () => Promise.resolve([remark]);
    const { status } = await trial.run([{ name: 'a' }, { name: 'b' }]);
    assert.equal(status, 'succeeded');
    assert.deepEqual(
      trial.of('notice').map(({ problem }) => problem),
      [remark],
    );
  });

  it('do not cost a task its own time', async () => {
    const timeout = 200;
    trial.preflight = () => new Promise((resolve) => setTimeout(() => resolve([]), 2 * timeout));
    const { status } = await trial.run([{ name: 'a', timeout }]);
    assert.equal(status, 'succeeded');
  });
});
