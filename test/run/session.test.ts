import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BootstrapError } from '../../lib/errors/index.js';
import { groupLives } from '../../lib/process/index.js';
import { FakeCommands } from '../support/fake-command.js';
import { fakeKind, kindOf, RunTrial } from '../support/run-trial.js';

describe('the lock, the ledger and the traces of a run', () => {
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

  const url = 'postgres://someone:secret@127.0.0.1:5/nothing';

  it('takes the lock before the first task where the database answers, and writes down all in order', async () => {
    trial.url = url;
    await trial.run([{ name: 'a' }, { name: 'b', needs: ['a'] }]);
    assert.deepEqual(trial.journal, [
      ...[
        'lock',
        'attach',
        'start run-1',
        'started a',
        'ended a succeeded',
        'started b',
        'ended b succeeded',
      ],
      ...['end succeeded 0', 'release', 'close'],
    ]);
  });

  it('else takes it after the task that readies the database, before its dependents, and catches up', async () => {
    trial.url = url;
    trial.answers = false;
    const kind = kindOf(() => undefined, { readies: true });
    const locked = kindOf(() => assert.ok(trial.journal.includes('start run-1')));
    const { exitCode } = await trial.run([
      { name: 'wait', kind },
      { name: 'b', kind: locked, needs: ['wait'] },
    ]);
    assert.equal(exitCode, 0);
    assert.deepEqual(trial.journal.slice(0, 6), [
      'lock',
      'attach',
      'start run-1',
      'started wait',
      'ended wait succeeded',
      'started b',
    ]);
  });

  it('a lock that another run holds ends the run with 4, before any task', async () => {
    trial.on.set('lock', () => {
      throw new BootstrapError({ code: 'DBB4008', message: 'run x holds the lock' });
    });
    const { exitCode, problems, tasks } = await trial.run([
      { name: 'a', kind: kindOf(() => assert.fail('it ran')) },
    ]);
    assert.deepEqual([exitCode, problems[0]?.code, tasks[0]?.status], [4, 'DBB4008', 'cancelled']);
    assert.deepEqual(trial.journal, ['lock', 'close']);
  });

  it('a lost lock starts nothing new; what runs goes on', async () => {
    const running = trial.run([
      { name: 'a', kind: fakeKind(fakes) },
      { name: 'b', needs: ['a'] },
    ]);
    const a = await fakes.next('a');
    trial.lost.abort();
    await a.exit();
    const { exitCode, status, problems } = await running;
    assert.deepEqual([exitCode, status, problems[0]?.code], [1, 'failed', 'DBB4009']);
    assert.deepEqual(trial.ends(), ['a succeeded', 'b cancelled']);
  });

  it('a ledger in a database that only reads is told as that', async () => {
    trial.on.set('started a', () => {
      throw new BootstrapError({
        code: 'DBB5004',
        message: 'cannot execute INSERT in a read-only transaction',
        facts: { sqlstate: '25006', statement: 'insert into db_bootstrap.tasks …' },
      });
    });
    assert.equal((await trial.run([{ name: 'a' }])).exitCode, 0);
    const [notice, ...others] = trial.of('notice').map(({ problem }) => problem);
    assert.deepEqual(others, []);
    assert.equal(notice?.message, 'the database is read-only: its ledger does not record this run');
    assert.equal(notice.help, 'set "ledger: file", where it is meant to be so');
    assert.equal(notice.facts, undefined);
  });

  it('a ledger that cannot be written is said once, and fails nothing', async () => {
    for (const word of ['started a', 'ended a succeeded', 'end succeeded 0']) {
      trial.on.set(word, () => {
        throw new Error('disk full');
      });
    }
    const { exitCode } = await trial.run([{ name: 'a' }]);
    assert.equal(exitCode, 0);
    assert.deepEqual(
      trial.of('notice').map(({ problem }) => [problem.code, problem.severity, problem.message]),
      [['DBB4030', 'warning', 'the ledger could not be written: task "ledger" failed: disk full']],
    );
  });

  it('a ledger that cannot be made ready stops the run', async () => {
    trial.on.set('attach', () => {
      throw new BootstrapError({ code: 'DBB4030', message: 'no permission' });
    });
    const { exitCode, problems } = await trial.run([
      { name: 'a', kind: kindOf(() => assert.fail('it ran')) },
    ]);
    assert.deepEqual([exitCode, problems[0]?.code], [1, 'DBB4030']);
    assert.ok(trial.journal.includes('release'));
  });

  it('a fault of our own ends the run with 70, and every task still has an end', async () => {
    trial.on.set('attach', () => {
      throw new RangeError('a fault');
    });
    const { exitCode, problems, tasks } = await trial.run([{ name: 'a' }]);
    assert.deepEqual([exitCode, problems[0]?.code, tasks[0]?.status], [70, 'DBB9001', 'cancelled']);
    assert.match(problems[0]?.output ?? '', /RangeError: a fault\n {4}at /);
  });

  it('a ledger that hangs cannot hold up a second interruption', async () => {
    trial.on.set('started a', () => new Promise(() => undefined));
    const running = trial.run([{ name: 'a', kind: kindOf(() => assert.fail('it ran')) }]);
    while (!trial.journal.includes('started a')) await new Promise((resolve) => setImmediate(resolve));
    trial.interrupt.abort('SIGINT');
    trial.kill.abort();
    const { exitCode, tasks } = await running;
    assert.deepEqual([exitCode, tasks[0]?.status, trial.events.at(-1)?.type], [130, 'cancelled', 'run.end']);
  });

  it('leaves a run file while it runs and none after it', async () => {
    const file = join(trial.root, '.db-bootstrap/runs/run-1.json');
    let during = false;
    await trial.run([{ name: 'a', kind: kindOf(() => (during = existsSync(file))) }]);
    assert.deepEqual([during, existsSync(file)], [true, false]);
    assert.deepEqual(readdirSync(join(trial.root, '.db-bootstrap')), ['.gitignore', 'runs']);
  });

  it('a state directory that cannot be written is a notice, and the run goes on', async () => {
    writeFileSync(join(trial.root, '.db-bootstrap'), 'a file in its place');
    const kind = kindOf((context) => context.log.info('a line'));
    const { exitCode, tasks } = await trial.run([
      { name: 'a', kind },
      { name: 'b', kind },
    ]);
    assert.equal(exitCode, 0);
    assert.equal(tasks[0]?.log, undefined);
    const codes = trial.of('notice').map(({ problem }) => problem.code);
    assert.deepEqual(codes, ['DBB4030', 'DBB4030']);
  });

  it('ends the children of a run whose command was killed, and says so', async () => {
    const room = (path: string): string => JSON.stringify(pathToFileURL(join(process.cwd(), path)).href);
    const script = `
      import { RunTrial, kindOf } from ${room('test/support/run-trial.ts')};
      const kind = kindOf((context) => context.exec(${JSON.stringify(fakes.line('child'))}, { shell: true }));
      await new RunTrial().run([{ name: 'a', kind }], { root: ${JSON.stringify(trial.root)} });`;
    const command = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], {
      stdio: 'inherit',
    });
    const child = await fakes.next('child');
    assert.deepEqual([child.env.PGAPPNAME, child.env.DB_BOOTSTRAP_RUN], ['db-bootstrap/run-1/a', 'run-1']);
    command.kill('SIGKILL');
    await once(command, 'exit');
    const ended = kindOf(async () => assert.equal(await groupLives(child.pid), false));
    const [{ exitCode }] = await Promise.all([trial.run([{ name: 'a', kind: ended }]), child.ended]);
    assert.equal(exitCode, 0);
    const [notice] = trial.of('notice');
    assert.deepEqual([notice?.problem.code, notice?.problem.severity], ['DBB5020', 'note']);
    assert.match(
      notice?.problem.message ?? '',
      /of run run-1, which had crashed, was still running and was ended by SIGTERM/,
    );
  });
});
