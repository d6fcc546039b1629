import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan, TaskContext } from '../../config/define.js';
import { BootstrapError, exitCodeOf } from '../../lib/errors/index.js';
import { kindOf, RunTrial, type TaskDraft } from '../support/run-trial.js';

describe('planWorkflow', () => {
  let trial: RunTrial;

  beforeEach(() => {
    trial = new RunTrial();
  });
  afterEach(() => trial.close());

  const ran = (): never => assert.fail('a plan started a task');
  const planned = (
    plan: Plan | ((context: TaskContext<unknown>) => Promise<Plan>),
    more = {},
  ): TaskDraft['kind'] & object =>
    kindOf(ran, {
      plan: (context) => (typeof plan === 'function' ? plan(context) : Promise.resolve(plan)),
      ...more,
    });

  async function actions(tasks: TaskDraft[]): Promise<string[]> {
    return (await trial.plan(tasks)).map(({ name, action, reason }) => `${name} ${action}: ${reason}`);
  }

  it('asks every task, starts none, writes nothing, and answers in the order of declaration', async () => {
    const done: Plan = { action: 'up-to-date', reason: 'all tenants exist' };
    const plans = await trial.plan([
      { name: 'b', kind: planned(done), needs: ['a'] },
      { name: 'a', kind: kindOf(ran, { readies: true }) },
      { name: 'off', enabled: false, disabledReason: '--skip' },
      { name: 'c', kind: planned({ action: 'skip', reason: 'no directory' }) },
    ]);
    assert.deepEqual(plans, [
      { name: 'b', use: 'test', needs: ['a'], action: 'up-to-date', reason: 'all tenants exist' },
      { name: 'a', use: 'test', needs: [], action: 'run', reason: 'it runs every time' },
      { name: 'off', use: 'test', needs: [], action: 'skip', reason: '--skip' },
      { name: 'c', use: 'test', needs: [], action: 'skip', reason: 'no directory' },
    ]);
    assert.deepEqual([trial.journal, readdirSync(trial.root)], [[], []]);
  });

  it('does not let an "up-to-date" lie about what a task before it may change', async () => {
    const done: Plan = { action: 'up-to-date', reason: 'nothing is pending' };
    assert.deepEqual(
      await actions([
        { name: 'init', kind: planned({ action: 'run', reason: '1 file changed' }) },
        { name: 'migrate', kind: planned(done), needs: ['init'] },
        { name: 'other', kind: planned(done) },
      ]),
      [
        'init run: 1 file changed',
        'migrate up-to-date: nothing is pending, as things stand ("init" will run before it)',
        'other up-to-date: nothing is pending',
      ],
    );
  });

  it('what cannot be known yet is "run", with the first task that has to run before', async () => {
    const missing = planned((context) =>
      Promise.reject(context.fail({ code: 'DBB4004', message: 'the database "x" does not exist' })),
    );
    assert.deepEqual(
      await actions([
        { name: 'wait', kind: kindOf(ran, { readies: true }) },
        { name: 'migrate', kind: missing, needs: ['wait'] },
        { name: 'tenants', kind: missing, needs: ['migrate'] },
      ]),
      [
        'wait run: it runs every time',
        'migrate run: cannot be known before "wait" has run: the database "x" does not exist',
        'tenants run: cannot be known before "wait" has run: the database "x" does not exist',
      ],
    );
  });

  it('fails with all that no earlier task explains', async () => {
    const failing = (message: string): TaskDraft['kind'] & object =>
      planned((context) => Promise.reject(context.fail({ code: 'DBB6003', message })));
    await assert.rejects(
      trial.plan([
        { name: 'a', kind: failing('one') },
        { name: 'b', kind: failing('two') },
      ]),
      (error) => {
        assert.ok(error instanceof BootstrapError);
        assert.deepEqual(
          error.problems.map(({ message }) => message),
          ['one', 'two'],
        );
        return true;
      },
    );
  });

  it('fails with what no task before it can cure: statements mend no files, and what asks Django grants no rights', async () => {
    const failing = (code: 'DBB6003' | 'DBB4014'): TaskDraft['kind'] & object =>
      planned((context) => Promise.reject(context.fail({ code, message: code })));
    const told = async (before: object, code: 'DBB6003' | 'DBB4014'): Promise<string> => {
      const first = { name: 'first', kind: planned({ action: 'run', reason: 'changed' }, before) };
      const tasks = [first, { name: 'second', kind: failing(code), needs: ['first'] }];
      return actions(tasks).then(
        ([, second = '']) => second,
        (error: unknown) => (error as Error).message,
      );
    };
    const later = (code: string): string => `second run: cannot be known before "first" has run: ${code}`;
    assert.equal(await told({}, 'DBB6003'), 'DBB6003');
    assert.equal(await told({ database: false }, 'DBB6003'), later('DBB6003'));
    assert.equal(await told({ host: true }, 'DBB4014'), 'DBB4014');
    assert.equal(await told({ readies: true }, 'DBB4014'), 'DBB4014');
    assert.equal(await told({}, 'DBB4014'), later('DBB4014'));
  });

  it('answers conditions that change nothing, and only names a command', async () => {
    assert.deepEqual(
      await actions([
        { name: 'a', if: { env: 'MISSING' } },
        { name: 'b', if: { exists: '.' } },
        { name: 'c', if: { command: 'touch asked' } },
        {
          name: 'd',
          if: { command: 'touch asked' },
          kind: planned({ action: 'up-to-date', reason: 'done' }),
        },
      ]),
      [
        'a skip: MISSING is not set',
        'b run: it runs every time',
        'c run: only if "touch asked" succeeds: it runs every time',
        'd up-to-date: done',
      ],
    );
    assert.equal(existsSync(join(trial.root, 'asked')), false);
  });

  it('reads ledgers and refuses to write them', async () => {
    trial.memory.set('key', 'kept');
    const kind = planned(async ({ ledger, localLedger }) => {
      assert.equal(await ledger.get('key'), 'kept');
      assert.equal((await localLedger.entries()).size, 1);
      await assert.rejects(ledger.set('key', 1), /a plan writes nothing/);
      await assert.rejects(localLedger.delete('key'), /a plan writes nothing/);
      return { action: 'skip', reason: 'asked' };
    });
    assert.deepEqual(await actions([{ name: 'a', kind }]), ['a skip: asked']);
    assert.equal(trial.memory.get('key'), 'kept');
  });

  it('ends with DBB5020 when it is interrupted', async () => {
    const kind = planned(() => {
      trial.interrupt.abort('SIGINT');
      return Promise.resolve({ action: 'skip', reason: 'x' });
    });
    await assert.rejects(trial.plan([{ name: 'a', kind }, { name: 'b' }]), (error) => {
      assert.ok(error instanceof BootstrapError);
      assert.deepEqual([error.code, exitCodeOf(error)], ['DBB5020', 130]);
      return true;
    });
  });
});
