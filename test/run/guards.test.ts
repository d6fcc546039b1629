import assert from 'node:assert/strict';
import type { Guards } from '../../config/workflow.js';
import type { Problem } from '../../lib/errors/index.js';
import { evaluateGuards, guardReasons, type GuardOptions } from '../../lib/run/index.js';
import { kindOf, RunTrial, type TaskDraft } from '../support/run-trial.js';

describe('evaluateGuards', () => {
  const trial = new RunTrial();
  after(() => trial.close());

  const flush: TaskDraft = { name: 'flush', kind: kindOf(undefined, { destructive: true }) };
  const open: Guards = { allowDestructive: true, hosts: [] };
  const unattended: GuardOptions = { yes: false, terminal: false };

  function evaluate(
    guards: Guards,
    database: { name?: string; host?: string } = {},
    options: GuardOptions = unattended,
    tasks: TaskDraft[] = [flush],
  ): Promise<Problem | undefined> {
    const target = { name: 'test', host: 'localhost', ...database };
    return evaluateGuards(trial.workflow(tasks, { guards }), target, options);
  }

  it('lets a flush through only if it is allowed, by name and by host', async () => {
    assert.equal(await evaluate(open), undefined);
  });

  it('names every condition that failed, and the tasks', async () => {
    const problem = await evaluate(
      { allowDestructive: false, hosts: [] },
      { name: 'production', host: 'db.example.com' },
    );
    assert.equal(problem?.code, 'DBB8001');
    assert.equal(
      problem.message,
      'a guard refused task "flush": guards.allowDestructive is not true; the database\'s name "production" has no "test", "ci" or "dev" in it; ' +
        'the server "db.example.com" is neither loopback nor in guards.hosts',
    );
  });

  it('takes "test", "ci" and "dev" as words of the name only', async () => {
    for (const name of ['test', 'test_db', 'my-ci', 'app.dev.1', 'TEST', 'x_test_y', 'ci']) {
      assert.equal(await evaluate(open, { name }), undefined, name);
    }
    for (const name of ['latest', 'testing', 'cider', 'test1', 'devil', 'prod', 'ätest', '']) {
      assert.equal((await evaluate(open, { name }))?.code, 'DBB8001', name);
    }
  });

  it('takes configured patterns instead of the rule', async () => {
    const guards = { ...open, databases: ['stage_*', 'v?.0'] };
    for (const name of ['stage_1', 'v2.0']) assert.equal(await evaluate(guards, { name }), undefined, name);
    for (const name of ['test', 'xstage_1', 'v22.0', 'v2x0']) {
      assert.match(
        (await evaluate(guards, { name }))?.message ?? '',
        /matches none of guards\.databases \(stage_\*, v\?\.0\)/,
      );
    }
    assert.equal((await evaluate({ ...open, databases: [] }))?.code, 'DBB8001');
  });

  it('knows loopback in all its forms, unix sockets, and what the config adds', async () => {
    for (const host of [
      'localhost',
      'LOCALHOST',
      '127.0.0.1',
      '127.8.9.1',
      '::1',
      '[::1]',
      '::ffff:127.0.0.1',
      '/var/run/postgresql',
      '',
    ]) {
      assert.equal(await evaluate(open, { host }), undefined, host);
    }
    for (const host of ['127.0.0.1.example.com', '10.0.0.1', 'localhost.example.com', '::2', '128.0.0.1']) {
      assert.equal((await evaluate(open, { host }))?.code, 'DBB8001', host);
    }
    assert.equal(await evaluate({ ...open, hosts: ['Postgres'] }, { host: 'postgres' }), undefined);
  });

  it('holds what the server says against the same patterns, beside what the URL says', () => {
    const reasons = (name: string, there: string, host = 'localhost', address?: string): readonly string[] =>
      guardReasons({ ...open, hosts: ['10.9.9.9'] }, { name, host, server: { name: there, address } });
    assert.deepEqual(reasons('fl_test', 'fl_test'), []);
    assert.deepEqual(reasons('fl_test', 'other_test'), []);
    assert.deepEqual(reasons('fl_test', 'prod'), [
      '"fl_test" leads to the database "prod", as the server says, and that name has no "test", "ci" or "dev" in it',
    ]);
    assert.deepEqual(reasons('prod', 'fl_test'), [
      'the database\'s name "prod" has no "test", "ci" or "dev" in it',
    ]);
    for (const near of ['127.0.0.1', '::1', '172.18.0.2', '192.168.48.3', '10.9.9.9', undefined])
      assert.deepEqual(reasons('test', 'test', 'localhost', near), [], near);
    for (const far of ['10.0.4.7', '203.0.113.5', '2001:db8::5'])
      assert.deepEqual(
        reasons('test', 'test', '127.0.0.1', far),
        [
          `"127.0.0.1" leads to the server at ${far}, which is neither this machine, a container's address, nor in guards.hosts`,
        ],
        far,
      );
    // A host that the config names may be a name of which no address is known.
    assert.deepEqual(reasons('test', 'test', '10.9.9.9', '10.0.4.7'), []);
  });

  it('asks on a terminal for the name; --yes replaces only the typing', async () => {
    const asked: string[] = [];
    const typing = (text: string): GuardOptions => ({
      yes: false,
      terminal: true,
      ask: (name) => {
        asked.push(name);
        return Promise.resolve(text);
      },
    });
    assert.equal(await evaluate(open, {}, typing('test')), undefined);
    const problem = await evaluate(open, {}, typing('yes'));
    assert.equal(problem?.code, 'DBB8002');
    assert.deepEqual(asked, ['test', 'test']);
    assert.equal(await evaluate(open, {}, { ...typing('no'), yes: true }), undefined);
    assert.equal(
      (await evaluate({ ...open, allowDestructive: false }, {}, { ...typing('test'), yes: true }))?.code,
      'DBB8001',
    );
    assert.equal(asked.length, 2);
  });

  it('has nothing to say where no enabled task deletes', async () => {
    const closed = { allowDestructive: false, hosts: [] };
    assert.equal(
      await evaluate(closed, {}, unattended, [{ ...flush, enabled: false }, { name: 'a' }]),
      undefined,
    );
  });
});
