import assert from 'node:assert/strict';
import { BootstrapError, type Problem } from '../../lib/errors/index.js';
import { kindOf, RunTrial } from '../support/run-trial.js';

const failing = kindOf(() => {
  throw new BootstrapError({
    code: 'DBB5004',
    message: 'symptom',
    facts: { sqlstate: '42P01' },
    output: 'all of it',
  });
});
const endOf = (trial: RunTrial): { reason: string; problems: readonly Problem[] } => {
  const end = trial.events.find((event) => event.type === 'task.end');
  assert.ok(end?.type === 'task.end');
  return { reason: end.reason, problems: end.problems ?? [] };
};

describe('the causes of a failed task', () => {
  it('are asked for once, after the last attempt, and become the headline', async () => {
    const trial = new RunTrial();
    const asked: (readonly Problem[])[] = [];
    trial.explain = (problems) => {
      asked.push(problems);
      return Promise.resolve(
        problems.map((problem) => ({ ...problem, code: 'DBB5050' as const, message: 'cause' })),
      );
    };
    const retry = { attempts: 2, delay: 1, factor: 1, maxDelay: 1, jitter: false, on: ['42P01'] };
    const result = await trial.run([{ name: 'seed', kind: failing, retry }]);
    assert.equal(asked.length, 1);
    assert.equal(result.exitCode, 1);
    const { reason, problems } = endOf(trial);
    assert.equal(reason, 'cause');
    assert.equal(problems[0]?.code, 'DBB5050');
    assert.equal(problems[0].output, 'all of it');
  });

  it('leave what is tolerated alone', async () => {
    const trial = new RunTrial();
    trial.explain = () => assert.fail('nobody asks');
    await trial.run([{ name: 'seed', kind: failing, tolerate: [{ sqlstate: '42P01', reason: 'may be' }] }]);
    assert.equal(endOf(trial).problems[0]?.message, 'symptom');
  });

  it('never cost the failure itself, whatever goes wrong', async () => {
    for (const explain of [
      () => Promise.reject(new TypeError('a fault')),
      () => {
        throw new Error('at once');
      },
      () => Promise.resolve([]),
    ] satisfies RunTrial['explain'][]) {
      const trial = new RunTrial();
      trial.explain = explain;
      const result = await trial.run([{ name: 'seed', kind: failing }]);
      assert.equal(result.exitCode, 1);
      assert.deepEqual(
        endOf(trial).problems.map(({ message }) => message),
        ['symptom'],
      );
    }
  });

  it('are given up when the run is interrupted', async () => {
    const trial = new RunTrial();
    trial.explain = () => {
      trial.interrupt.abort('SIGINT');
      return new Promise(() => undefined);
    };
    await trial.run([{ name: 'seed', kind: failing }]);
    assert.equal(endOf(trial).problems[0]?.message, 'symptom');
  });
});
