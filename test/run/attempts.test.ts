import assert from 'node:assert/strict';
import type { RetryPolicy } from '../../config/workflow.js';
import type { ErrorCode, Facts } from '../../lib/errors/index.js';
import { backoff, isWorthRetry } from '../../lib/run/retry.js';
import { FakeCommands } from '../support/fake-command.js';
import { fakeKind, kindOf, RunTrial } from '../support/run-trial.js';

const retry: RetryPolicy = { attempts: 3, delay: 1, factor: 2, maxDelay: 1000, jitter: false };

describe('attempts', () => {
  let trial: RunTrial;
  let fakes: FakeCommands;

  beforeEach(async () => {
    trial = new RunTrial();
    fakes = await FakeCommands.start();
  });
  afterEach(() => {
    fakes.close();
    trial.close();
  });

  /** A kind that fails with these codes, one per attempt, and then succeeds. */
  function failing(...codes: (ErrorCode | [ErrorCode, Facts])[]): ReturnType<typeof kindOf> {
    return kindOf((context) => {
      const next = codes[context.attempt - 1];
      if (next === undefined) return;
      const [code, facts] = typeof next === 'string' ? [next, {}] : next;
      throw context.fail({ code, message: `attempt ${context.attempt} failed`, facts });
    });
  }

  it('tries again with growing delays, up to the limit, and tells each delay before it waits', async () => {
    const kind = failing('DBB5001', 'DBB5001', 'DBB5001', 'DBB5001');
    const policy = { attempts: 5, delay: 2, factor: 3, maxDelay: 30, jitter: false };
    const { exitCode, tasks } = await trial.run([{ name: 'a', kind, retry: policy }]);
    assert.deepEqual([exitCode, tasks[0]?.status, tasks[0]?.attempts], [0, 'succeeded', 5]);
    assert.deepEqual(
      trial.of('attempt.fail').map(({ attempt, attempts, retryIn }) => [attempt, attempts, retryIn]),
      [
        [1, 5, 2],
        [2, 5, 6],
        [3, 5, 18],
        [4, 5, 30],
      ],
    );
  });

  it('gives up after the last attempt, with its failure', async () => {
    const { tasks } = await trial.run([{ name: 'a', kind: failing('DBB5001', 'DBB5001', 'DBB5001'), retry }]);
    assert.deepEqual(
      [tasks[0]?.status, tasks[0]?.attempts, tasks[0]?.reason],
      ['failed', 3, 'attempt 3 failed'],
    );
    assert.equal(trial.of('attempt.fail')[2]?.retryIn, undefined);
  });

  it('jitter only shortens a delay, by half at most', () => {
    for (const scale of [0.5, 0.75, 1]) {
      assert.equal(backoff({ ...retry, delay: 100 }, 2, scale), 200 * scale);
    }
    assert.equal(backoff({ ...retry, maxDelay: 3 }, 9, 1), 3);
  });

  it('never repeats a config, guard or internal fault, nor what must not be repeated blindly', async () => {
    for (const code of [
      'DBB2004',
      'DBB3001',
      'DBB1003',
      'DBB8001',
      'DBB9001',
      'DBB5008',
      'DBB5008',
    ] as const) {
      const { tasks } = await trial.run([
        { name: 'a', kind: failing(code), retry: { ...retry, on: [code] } },
      ]);
      assert.equal(tasks[0]?.attempts, 1, code);
    }
  });

  it('without `on`, an answer such as a wrong password is not asked again', async () => {
    const { tasks } = await trial.run(
      [
        { name: 'a', kind: failing('DBB4002'), retry },
        { name: 'b', kind: failing('DBB4001'), retry },
      ],
      { onFailure: 'continue' },
    );
    assert.deepEqual(
      tasks.map(({ attempts }) => attempts),
      [1, 2],
    );
  });

  it('`on` chooses by code, SQLSTATE, class and word', () => {
    const problem = (code: ErrorCode, facts: Facts = {}): boolean[] =>
      [['DBB5004'], ['40P01'], ['08'], ['connection'], ['lock'], ['timeout'], ['exit']].map((on) =>
        isWorthRetry([{ code, message: '', facts }], on),
      );
    assert.deepEqual(problem('DBB5004', { sqlstate: '40P01' }), [
      true,
      true,
      false,
      false,
      true,
      false,
      false,
    ]);
    assert.deepEqual(problem('DBB4007', { sqlstate: '08006' }), [
      false,
      false,
      true,
      true,
      false,
      false,
      false,
    ]);
    assert.deepEqual(problem('DBB5003'), [false, false, false, false, false, true, false]);
    assert.deepEqual(problem('DBB5001', { exitCode: 2 }), [false, false, false, false, false, false, true]);
  });

  it('an attempt ends at its timeout and may be tried again', async () => {
    const running = trial.run([
      { name: 'a', kind: fakeKind(fakes), timeout: 1000, retry: { ...retry, attempts: 2, on: ['timeout'] } },
    ]);
    await (
      await fakes.next('a')
    ).ended;
    const second = await fakes.next('a');
    await second.ended;
    const { tasks } = await running;
    assert.deepEqual([tasks[0]?.status, tasks[0]?.attempts], ['failed', 2]);
    assert.equal(tasks[0]?.problems?.[0]?.code, 'DBB5003');
    assert.equal(tasks[0].reason, 'task "a" took longer than its timeout of 1s');
  });

  it('the condition counts into the timeout', async () => {
    const running = trial.run([{ name: 'a', if: { command: fakes.line('probe') }, timeout: 1000 }]);
    await (
      await fakes.next('probe')
    ).ended;
    assert.equal((await running).tasks[0]?.problems?.[0]?.code, 'DBB5003');
  });

  it('a timeout carries the last word of what it ended', async () => {
    const kind = kindOf(
      (context) =>
        new Promise((_, reject) => {
          const last = (): void =>
            reject(context.fail({ code: 'DBB4001', message: 'the last answer was 57P03' }));
          context.signal.addEventListener('abort', last);
        }),
    );
    const { tasks } = await trial.run([{ name: 'wait', kind, timeout: 20 }]);
    assert.deepEqual(tasks[0]?.problems?.[0]?.notes, [{ label: 'last', text: 'the last answer was 57P03' }]);
  });

  it('what does not listen is left alone in the end, and not tried beside itself', async () => {
    const kind = kindOf(() => new Promise(() => undefined));
    const { tasks } = await trial.run(
      [{ name: 'a', kind, timeout: 20, retry: { ...retry, on: ['timeout'] } }],
      { grace: 0 },
    );
    assert.deepEqual([tasks[0]?.status, tasks[0]?.attempts], ['failed', 1]);
    assert.match(tasks[0]?.problems?.[0]?.notes?.[0]?.text ?? '', /left alone/);
  });

  it('an interruption between two attempts ends the waiting', async () => {
    const running = trial.run([
      { name: 'a', kind: failing('DBB5001'), retry: { ...retry, delay: 60_000, maxDelay: 60_000 } },
    ]);
    while (trial.of('attempt.fail').length === 0) await new Promise((resolve) => setImmediate(resolve));
    trial.interrupt.abort('SIGINT');
    const { tasks } = await running;
    assert.deepEqual(
      [tasks[0]?.status, tasks[0]?.reason],
      ['cancelled', 'the run was interrupted before its next attempt'],
    );
    assert.equal(tasks[0]?.problems?.[0]?.message, 'attempt 1 failed');
  });

  it('tolerates what the config declares harmless: by SQLSTATE or code, after the last attempt, and only all of it', async () => {
    const tolerate = [
      { sqlstate: '23505', reason: 'rows may exist' },
      { code: 'DBB5001', reason: 'it is optional' },
    ];
    const { exitCode, tasks } = await trial.run([
      { name: 'a', kind: failing(['DBB5004', { sqlstate: '23505' }]), tolerate },
      {
        name: 'b',
        kind: failing('DBB5001', 'DBB5001'),
        tolerate,
        retry: { ...retry, attempts: 2 },
        needs: ['a'],
      },
    ]);
    assert.equal(exitCode, 0);
    assert.deepEqual(
      tasks.map(({ status, tolerated, attempts }) => [status, tolerated, attempts]),
      [
        ['warned', { key: '23505', reason: 'rows may exist' }, 1],
        ['warned', { key: 'DBB5001', reason: 'it is optional' }, 2],
      ],
    );
    const both = kindOf((context) => {
      throw Object.assign(context.fail({ code: 'DBB5001', message: 'x' }), {
        problems: [
          { code: 'DBB5001', message: 'x' },
          { code: 'DBB5002', message: 'y' },
        ],
      });
    });
    assert.equal((await trial.run([{ name: 'a', kind: both, tolerate }])).tasks[0]?.status, 'failed');
  });

  it('tolerates findings of a check by their objects, and no others', async () => {
    const finding = (table: string, column: string) =>
      ({
        code: 'DBB6098',
        message: `column "${column}" of table "${table}" differs`,
        subject: { schema: 'acme', table, column },
      }) as const;
    const statusOf = async (object: string, ...findings: readonly ReturnType<typeof finding>[]) => {
      const kind = kindOf(() => ({ changed: false, summary: '', findings }));
      const tolerate = [{ code: 'DBB6098', object, reason: 'it is meant' }];
      return (await trial.run([{ name: 'a', kind, tolerate }])).tasks[0]?.status;
    };
    const [name, code] = [finding('plants_plant', 'name'), finding('plants_plant', 'code')];
    for (const object of ['plants_plant.name', 'plants_*', 'name', 'acme'])
      assert.equal(await statusOf(object, name), 'warned', object);
    for (const object of ['plants_plant.code', 'plants.plant', 'plant', 'zoo'])
      assert.equal(await statusOf(object, name), 'failed', object);
    assert.equal(await statusOf('plants_plant.name', name, code), 'failed');
  });

  it('a plan that finds nothing to do ends the task', async () => {
    const never = (): never => assert.fail('it ran');
    const { tasks } = await trial.run([
      {
        name: 'a',
        kind: kindOf(never, { plan: () => Promise.resolve({ action: 'up-to-date', reason: 'all is done' }) }),
      },
      {
        name: 'b',
        kind: kindOf(never, { plan: () => Promise.resolve({ action: 'skip', reason: 'no directory' }) }),
        needs: ['a'],
      },
    ]);
    assert.deepEqual(
      tasks.map(({ status, reason, changed }) => [status, reason, changed]),
      [
        ['up-to-date', 'all is done', false],
        ['skipped', 'no directory', false],
      ],
    );
  });
});
