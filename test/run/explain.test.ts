import assert from 'node:assert/strict';
import { BootstrapError, type Problem } from '../../lib/errors/index.js';
import { withCauses } from '../../lib/run/explain.js';
import type { FailedTask, RunServices } from '../../lib/run/index.js';
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

  it('are given up when they take too long, and what was asked meanwhile is cancelled', async () => {
    let asked: AbortSignal | undefined;
    const services = {
      explain: (_problems: readonly Problem[], { context }: FailedTask) => {
        asked = context.signal;
        return new Promise<never>(() => undefined);
      },
    };
    const outcome = { status: 'failed', changed: false, attempts: 1, reason: 'symptom' } as const;
    const problems: readonly Problem[] = [{ code: 'DBB5004', message: 'symptom' }];
    const trial = new RunTrial();
    const workflow = trial.workflow([{ name: 'seed', kind: failing }]);
    const task = workflow.tasks.get('seed');
    assert.ok(task);
    const ended = await withCauses(
      {
        runId: 'r',
        workflow,
        kill: trial.kill.signal,
        emit: () => undefined,
        services: services as unknown as RunServices,
      },
      task,
      { ...outcome, problems },
      { startedAt: 0, cancel: trial.interrupt.signal, deadline: 20 },
    );
    assert.deepEqual(ended.problems, problems);
    assert.equal(asked?.aborted, true);
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
