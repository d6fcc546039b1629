import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FailurePolicy } from '../../config/workflow.js';
import { checksLast } from '../../lib/graph/index.js';
import { schedule, type ScheduleNode, type ScheduleOutcome } from '../../lib/run/schedule.js';
import { graphs } from '../graph/arbitrary.js';
import { Model, settled, Trial } from './schedule-trial.js';

type Status = ScheduleOutcome['status'];

function node(name: string, needs: string[] = [], more: Partial<ScheduleNode> = {}): ScheduleNode {
  return { name, use: 'command', needs, after: [], enabled: true, ...more };
}

describe('schedule', () => {
  it('starts what is ready, as many as allowed, in the order of declaration', async () => {
    const trial = new Trial([node('a'), node('b'), node('c'), node('d', ['a'])], { concurrency: 2 });
    assert.deepEqual(trial.started, ['a', 'b']);
    await trial.end('b');
    assert.deepEqual(trial.started, ['a', 'b', 'c']);
    await trial.end('a');
    assert.deepEqual(trial.started, ['a', 'b', 'c', 'd']);
    await trial.end('d');
    await trial.end('c');
    assert.deepEqual([...(await trial.result).keys()], ['b', 'a', 'd', 'c']);
  });

  it('a failure blocks what needs it, however far, and names the root', async () => {
    const trial = new Trial([node('a'), node('b', ['a']), node('c', ['b']), node('d')]);
    await trial.end('a', 'failed');
    assert.deepEqual(trial.endings.get('b'), { status: 'blocked', blockedBy: 'a' });
    assert.deepEqual(trial.endings.get('c'), { status: 'blocked', blockedBy: 'a' });
    await trial.end('d');
    assert.equal((await trial.result).get('d')?.status, 'succeeded');
  });

  it('under stop nothing new starts; what runs goes on, and its failure still blocks', async () => {
    const nodes = [node('a'), node('b'), node('c', ['b']), node('d'), node('e', ['a'])];
    const trial = new Trial(nodes, { concurrency: 2, policy: 'stop' });
    await trial.end('a', 'failed');
    assert.deepEqual(trial.started, ['a', 'b']);
    assert.equal(trial.endings.has('c'), false);
    await trial.end('b', 'failed');
    assert.deepEqual(Object.fromEntries(await trial.result), {
      a: { status: 'failed' },
      e: { status: 'blocked', blockedBy: 'a' },
      b: { status: 'failed' },
      c: { status: 'blocked', blockedBy: 'b' },
      d: { status: 'cancelled', stoppedBy: 'a' },
    });
  });

  it('a failed check stops all but other checks, and a failed task them too', async () => {
    const check = { check: true };
    const nodes = [node('one', [], check), node('two', [], check), node('task'), node('needs', ['task'])];
    const good = new Trial([...nodes.slice(0, 2), node('other')], { concurrency: 1, policy: 'stop' });
    await good.end('one', 'failed');
    await good.end('two', 'failed');
    await good.result;
    assert.deepEqual(good.statuses(), { one: 'failed', two: 'failed', other: 'cancelled' });
    const bad = new Trial([...nodes, node('three', [], { ...check, after: ['two'] })], {
      concurrency: 3,
      policy: 'stop',
    });
    await bad.end('one', 'failed');
    await bad.end('task', 'failed');
    await bad.end('two');
    await bad.result;
    assert.deepEqual(bad.endings.get('needs'), { status: 'blocked', blockedBy: 'task' });
    assert.deepEqual(bad.endings.get('three'), { status: 'cancelled', stoppedBy: 'task' });
  });

  it("a task's own policy wins over the run's", async () => {
    const nodes = [
      node('a', [], { onFailure: 'continue' }),
      node('b'),
      node('c', [], { onFailure: 'warn' }),
      node('d', ['c']),
    ];
    const trial = new Trial(nodes, { concurrency: 1, policy: 'stop' });
    await trial.end('a', 'failed');
    await trial.end('b');
    await trial.end('c', 'failed');
    await trial.end('d');
    await trial.result;
    assert.deepEqual(trial.statuses(), { a: 'failed', b: 'succeeded', c: 'warned', d: 'succeeded' });
  });

  it('passes through a disabled task: for its needs, their failures, and not for order', async () => {
    const off = { enabled: false };
    const nodes = [
      node('a'),
      node('off', ['a'], off),
      node('b', ['off']),
      node('other', [], { after: ['off'] }),
    ];
    const good = new Trial(nodes);
    assert.deepEqual(good.started, ['a', 'other']);
    await good.end('a');
    assert.deepEqual(good.started, ['a', 'other', 'b']);
    const bad = new Trial(nodes);
    await bad.end('other');
    await bad.end('a', 'failed');
    await bad.result;
    assert.deepEqual(bad.endings.get('b'), { status: 'blocked', blockedBy: 'a' });
    assert.deepEqual(bad.endings.get('off'), { status: 'skipped' });
  });

  it('after waits for the end, whatever it is', async () => {
    const trial = new Trial([node('a'), node('b', [], { after: ['a'] })]);
    assert.deepEqual(trial.started, ['a']);
    await trial.end('a', 'failed');
    assert.deepEqual(trial.started, ['a', 'b']);
  });

  it('a cancelled task cancels what needs it', async () => {
    const trial = new Trial([node('a'), node('b', ['a']), node('c')], { concurrency: 1 });
    trial.cancel.abort();
    await trial.end('a', 'cancelled');
    await trial.result;
    assert.deepEqual(trial.statuses(), { a: 'cancelled', b: 'cancelled', c: 'cancelled' });
  });

  it('starts nothing in a run that is cancelled before it begins', async () => {
    const cancel = new AbortController();
    cancel.abort();
    const endings = await schedule({
      nodes: [node('a'), node('off', [], { enabled: false })],
      concurrency: 1,
      policy: 'stop',
      cancel: cancel.signal,
      halt: new AbortController().signal,
      execute: () => assert.fail('started'),
      settle: () => Promise.resolve(),
    });
    assert.deepEqual(Object.fromEntries(endings), { a: { status: 'cancelled' }, off: { status: 'skipped' } });
  });

  it('a fault of the engine ends the run with it, after what runs has ended', async () => {
    let release = (): void => undefined;
    let over = false;
    const running = schedule({
      nodes: [node('a'), node('b'), node('c', ['b'])],
      concurrency: 2,
      policy: 'stop',
      cancel: new AbortController().signal,
      halt: new AbortController().signal,
      execute: (name) =>
        name === 'a'
          ? Promise.reject(new Error('a fault'))
          : new Promise<ScheduleOutcome>((resolve) => (release = () => resolve({ status: 'succeeded' }))),
      settle: () => Promise.resolve(),
    }).finally(() => (over = true));
    await settled();
    assert.equal(over, false);
    release();
    await assert.rejects(running, /a fault/);
  });

  it('keeps its promises for random graphs, failures, timings and interruptions', async function () {
    this.timeout(60_000);
    const statuses: Status[] = ['succeeded', 'up-to-date', 'skipped', 'warned', 'failed', 'failed'];
    const plan = fc.record({
      nodes: graphs({ size: 14 }),
      policies: fc.array(fc.constantFrom<FailurePolicy | undefined>(undefined, 'stop', 'continue', 'warn'), {
        minLength: 14,
        maxLength: 14,
      }),
      outcomes: fc.array(fc.constantFrom(...statuses), { minLength: 14, maxLength: 14 }),
      order: fc.array(fc.nat(), { minLength: 14, maxLength: 14 }),
      concurrency: fc.integer({ min: 1, max: 5 }),
      policy: fc.constantFrom<FailurePolicy>('stop', 'continue', 'warn'),
      checks: fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
      breakAt: fc.option(fc.nat(14)),
      how: fc.constantFrom('cancel', 'halt'),
    });
    await fc.assert(
      fc.asyncProperty(
        plan,
        async ({ nodes: graph, policies, outcomes, checks, order, concurrency, policy, breakAt, how }) => {
          const drafts = graph.map((each, index): ScheduleNode => ({
            ...each,
            onFailure: policies[index],
            check: checks[index],
          }));
          const { nodes, gates } = checksLast(drafts, ({ check }) => check === true);
          const judges = new Set(nodes.filter(({ check }) => check).map(({ name }) => name));
          for (const { check } of gates) judges.delete(check.name);
          const model = new Model(nodes, policy);
          const trial = new Trial(nodes, {
            concurrency,
            policy,
            onStart: (name, started) => {
              model.mayStart(name, started);
              for (const other of judges.has(name) ? nodes : [])
                assert.ok(
                  other.check === true || !other.enabled || started.endings.has(other.name),
                  `check ${name} began before the end of ${other.name}`,
                );
            },
          });
          for (let step = 0; trial.running.size > 0; step++) {
            assert.ok(trial.running.size <= concurrency, 'too many at once');
            model.workConserving(
              trial,
              concurrency,
              trial.cancel.signal.aborted || trial.halt.signal.aborted,
            );
            if (step === breakAt) {
              (how === 'cancel' ? trial.cancel : trial.halt).abort();
              await settled();
            }
            const running = [...trial.running];
            const name = running[order[step % order.length]! % running.length]!;
            const index = nodes.findIndex((each) => each.name === name);
            await trial.end(name, trial.cancel.signal.aborted ? 'cancelled' : outcomes[index]!);
          }
          const endings = await trial.result;
          assert.deepEqual(
            [...endings.keys()].sort(),
            nodes.map((each) => each.name).sort(),
            'every task ends',
          );
          assert.equal(new Set(trial.started).size, trial.started.length, 'none runs twice');
          model.explains(trial, endings);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
