import assert from 'node:assert/strict';
import { BootstrapError } from '../../lib/errors/index.js';
import { FakeCommands } from '../support/fake-command.js';
import { fakeKind, kindOf, RunTrial } from '../support/run-trial.js';
import { until } from '../support/until.js';

describe('runWorkflow', () => {
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

  it('runs what is ready side by side and tells everything in order', async () => {
    const kind = fakeKind(fakes);
    const running = trial.run([
      { name: 'a', kind },
      { name: 'b', kind },
      { name: 'c', kind, needs: ['a'], after: ['b'] },
      { name: 'off', enabled: false, disabledReason: '--skip', needs: ['c'] },
    ]);
    const [a, b] = await Promise.all([fakes.next('a'), fakes.next('b')]);
    await b.exit();
    // Two processes that end at once may be seen in either order.
    await until(() => trial.ends().length === 1);
    await a.exit();
    await (await fakes.next('c')).exit();
    const { status, exitCode, tasks } = await running;
    assert.deepEqual([status, exitCode], ['succeeded', 0]);
    assert.deepEqual(trial.ends(), ['b succeeded', 'a succeeded', 'c succeeded', 'off skipped']);
    assert.deepEqual(
      trial.events.map((event) => ('task' in event ? `${event.type} ${event.task}` : event.type)),
      [
        'run.start',
        ...['task.start a', 'task.start b', 'attempt.start a', 'attempt.start b', 'task.end', 'task.end'],
        ...['task.start c', 'attempt.start c', 'task.end', 'task.end', 'run.end'],
      ],
    );
    assert.deepEqual(
      tasks.map(({ name, use, status, changed, attempts, reason, check }) => ({
        name,
        use,
        status,
        changed,
        attempts,
        reason,
        check,
      })),
      [
        ...['a', 'b', 'c'].map((name) => ({
          name,
          use: 'test',
          status: 'succeeded',
          changed: true,
          attempts: 1,
          reason: 'done',
          check: false,
        })),
        {
          name: 'off',
          use: 'test',
          status: 'skipped',
          changed: false,
          attempts: 0,
          reason: '--skip',
          check: false,
        },
      ],
    );
  });

  it('a failure ends the run with 1, names who blocked whom, and says how to go on', async () => {
    const kind = fakeKind(fakes);
    const running = trial.run(
      [
        { name: 'a', kind },
        { name: 'b', needs: ['a'] },
        { name: 'c', needs: ['b'] },
      ],
      {},
      { resume: 'db-bootstrap run --profile ci' },
    );
    const a = await fakes.next('a');
    await a.print('why it failed\n');
    await a.exit(3);
    const { status, exitCode, tasks } = await running;
    assert.deepEqual([status, exitCode], ['failed', 1]);
    assert.deepEqual(
      tasks.map(({ status, reason, blockedBy }) => [status, reason, blockedBy]),
      [
        ['failed', 'a command ended with 3', undefined],
        ['blocked', '"a" failed', 'a'],
        ['blocked', '"a" failed', 'a'],
      ],
    );
    assert.equal(tasks[0]?.problems?.[0]?.code, 'DBB5001');
    assert.equal(trial.of('run.end')[0]?.resume, 'db-bootstrap run --profile ci');
  });

  it('stops at a failure by default: what runs goes on, nothing new starts', async () => {
    const kind = fakeKind(fakes);
    const running = trial.run([{ name: 'a', kind }, { name: 'b', kind }, { name: 'c' }], { concurrency: 2 });
    const [a, b] = await Promise.all([fakes.next('a'), fakes.next('b')]);
    await a.exit(1);
    // Two processes that end at once may be seen in either order.
    await until(() => trial.events.some((event) => event.type === 'attempt.fail'));
    await b.exit(0);
    const { tasks } = await running;
    assert.deepEqual(
      tasks.map(({ status }) => status),
      ['failed', 'succeeded', 'cancelled'],
    );
    assert.equal(tasks[2]?.reason, 'not started, because "a" failed');
  });

  it('ends with 3 where only checks failed, and 5 where a guard refused', async () => {
    const finding = { code: 'DBB6031', message: 'a table is missing', subject: { schema: 'acme' } } as const;
    const check = kindOf(() => ({ changed: false, summary: 'looked', findings: [finding] }), { check: true });
    const failed = await trial.run([{ name: 'tables', kind: check }]);
    assert.deepEqual([failed.status, failed.exitCode], ['failed', 3]);
    assert.deepEqual(failed.tasks[0]?.problems, [finding]);
    const other = kindOf(() => Promise.reject(new Error('no')));
    assert.equal(
      (
        await trial.run([
          { name: 'tables', kind: check },
          { name: 'x', kind: other },
        ])
      ).exitCode,
      1,
    );
    const guarded = kindOf((context) =>
      Promise.reject(context.fail({ code: 'DBB8001', message: 'refused' })),
    );
    assert.equal((await trial.run([{ name: 'flush', kind: guarded }])).exitCode, 5);
  });

  it('a finding that is a warning fails nothing and stays visible', async () => {
    const finding = {
      code: 'DBB6020',
      message: 'a schema has no row',
      severity: 'warning',
      subject: {},
    } as const;
    const kind = kindOf(() => ({ changed: false, summary: 'looked', findings: [finding] }), { check: true });
    const { exitCode, tasks } = await trial.run([{ name: 'tenants', kind }]);
    assert.deepEqual([exitCode, tasks[0]?.status, tasks[0]?.warnings], [0, 'succeeded', [finding]]);
    const error = { code: 'DBB6031', message: 'a table is missing', subject: {} } as const;
    const both = kindOf(() => ({ changed: false, summary: 'looked', findings: [finding, error] }), {
      check: true,
    });
    const failed = await trial.run([{ name: 'tenants', kind: both }]);
    assert.deepEqual([failed.exitCode, failed.tasks[0]?.problems], [3, [error, finding]]);
  });

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`ends gracefully at ${signal}: grandchildren too, and what has not run is cancelled`, async () => {
      const running = trial.run(
        [{ name: 'a', kind: fakeKind(fakes) }, { name: 'b', needs: ['a'] }, { name: 'c' }],
        { concurrency: 1 },
      );
      const a = await fakes.next('a');
      await a.spawn('grandchild');
      const grandchild = await fakes.next('grandchild');
      trial.interrupt.abort(signal);
      await Promise.all([a.ended, grandchild.ended]);
      const { status, exitCode, tasks } = await running;
      assert.deepEqual([status, exitCode], ['cancelled', code]);
      assert.deepEqual(
        tasks.map(({ name, status, reason }) => `${name} ${status}: ${reason}`),
        [
          'a cancelled: the run was interrupted while it ran',
          'b cancelled: not started, because the run was interrupted',
          'c cancelled: not started, because the run was interrupted',
        ],
      );
      assert.equal(trial.of('run.end')[0]?.resume, 'db-bootstrap run');
      assert.ok(trial.journal.includes(`end cancelled ${code}`));
    });
  }

  it('the second interruption ends everything at once', async () => {
    const stuck = kindOf(() => new Promise(() => undefined));
    const running = trial.run([
      { name: 'a', kind: fakeKind(fakes) },
      { name: 'stuck', kind: stuck },
    ]);
    trial.on.set('close', () => new Promise(() => undefined));
    const a = await fakes.next('a');
    await a.survive('SIGTERM');
    const signalled = a.signalled();
    trial.interrupt.abort('SIGINT');
    await signalled;
    trial.kill.abort();
    await a.ended;
    assert.deepEqual([(await running).exitCode, trial.ends()], [130, ['a cancelled', 'stuck cancelled']]);
  });

  it('what succeeds in spite of an interruption has succeeded', async () => {
    const running = trial.run([{ name: 'a', kind: kindOf(() => trial.interrupt.abort('SIGINT')) }]);
    const { status, exitCode } = await running;
    assert.deepEqual([status, exitCode, trial.ends()], ['succeeded', 0, ['a succeeded']]);
  });

  it('the timeout of the run ends it with 124', async () => {
    const running = trial.run(
      [
        { name: 'a', kind: fakeKind(fakes), timeout: 60_000 },
        { name: 'b', needs: ['a'] },
      ],
      { timeout: 1000 },
    );
    const a = await fakes.next('a');
    await a.ended;
    const { status, exitCode, problems, tasks } = await running;
    assert.deepEqual([status, exitCode, problems[0]?.code], ['failed', 124, 'DBB5016']);
    assert.equal(problems[0]?.message, 'the run took longer than its timeout of 1s');
    assert.deepEqual(
      tasks.map(({ reason }) => reason),
      ["the run's timeout passed while it ran", "not started, because the run's timeout passed"],
    );
  });

  it('a plugin that throws anything is DBB5019, with its stack only where that is asked for', async () => {
    const kind = kindOf(() => Promise.reject(new TypeError('cannot read x')));
    const [plain] = (await trial.run([{ name: 'a', kind }])).tasks;
    assert.deepEqual(plain?.problems, [{ code: 'DBB5019', message: 'task "a" failed: cannot read x' }]);
    const [verbose] = (await trial.run([{ name: 'a', kind }], {}, { verbose: true })).tasks;
    assert.match(verbose?.problems?.[0]?.output ?? '', /^TypeError: cannot read x\n {4}at /);
    const anything: Error = JSON.parse('"only text"') as Error;
    const text = kindOf(async () => {
      await Promise.reject(anything);
    });
    assert.equal(
      (await trial.run([{ name: 'a', kind: text }])).tasks[0]?.reason,
      'task "a" failed: only text',
    );
  });

  it('tells no secret: not in problems, reasons, logs or notices', async () => {
    const kind = kindOf((context) => {
      context.log.info('login with s3cr3t-value');
      throw new BootstrapError({
        code: 'DBB5001',
        message: 'refused s3cr3t-value',
        notes: [{ label: 'x', text: 's3cr3t-value' }],
        output: 's3cr3t-value',
        facts: { statement: 's3cr3t-value' },
      });
    });
    await trial.run([{ name: 'a', kind }], { secrets: ['s3cr3t-value'] });
    assert.equal(JSON.stringify(trial.events).includes('s3cr3t'), false);
    assert.match(JSON.stringify(trial.of('task.log')), /login with \*\*\*/);
  });
});
