import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import * as z from 'zod/mini';
import type { TaskKind } from '../../config/define.js';
import { BootstrapError } from '../../lib/errors/index.js';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import { databaseLedger, fileLedger, type Ledger } from '../../lib/run/index.js';
import { forgetDownstream } from '../../lib/run/forgetting.js';
import { command } from '../../tasks/command.js';
import { graphs } from '../graph/arbitrary.js';
import { FakeCommands } from '../support/fake-command.js';
import { createTestDatabase } from '../support/postgres.js';
import { fakeKind, kindOf, RunTrial, type TaskDraft } from '../support/run-trial.js';

const done = { state: 'done', run: 'r' };
const running = { state: 'running', run: 'r' };

describe('what tasks forget when one before them deletes', () => {
  let trial: RunTrial;

  beforeEach(() => {
    trial = new RunTrial();
  });
  afterEach(() => trial.close());

  const ledgerOfFiles = (): Ledger => fileLedger({ stateDirectory: trial.root, readOnly: false });
  const destructive = (run?: () => unknown, more: Partial<TaskKind> = {}): TaskKind =>
    kindOf(run, { destructive: true, ...more });

  it('is nothing, and nothing is deleted, where a guard refuses what the server says right before', async () => {
    let deleted = false;
    trial.mayDelete = () => Promise.reject(new BootstrapError({ code: 'DBB8001', message: 'refused' }));
    const { exitCode, tasks } = await trial.run([
      { name: 'flush', kind: destructive(() => (deleted = true)) },
      { name: 'seed', needs: ['flush'] },
    ]);
    assert.deepEqual([exitCode, deleted], [5, false]);
    assert.deepEqual(
      tasks.map(({ status }) => status),
      ['failed', 'blocked'],
    );
    assert.doesNotMatch(trial.journal.join('\n'), /forget/);
  });

  it('is all that tasks behind it remember, but what is unfinished, and nothing of any other', async () => {
    await fc.assert(
      fc.asyncProperty(graphs(), fc.nat(), fc.array(fc.boolean()), async (nodes, pick, unfinished) => {
        fc.pre(nodes.length > 0);
        const ledger = ledgerOfFiles();
        await ledger.attach();
        const { tasks } = trial.workflow(nodes);
        for (const [index, { name }] of nodes.entries()) {
          await ledger.forTask(name).set('fact', (unfinished[index] ?? false) ? running : done);
          await ledger.local(name).set('fact', done);
        }
        const deleting = nodes[pick % nodes.length]!;
        const behind = new Set<string>();
        // By the definition, until nothing is added any more.
        for (let size = -1; size < behind.size;) {
          size = behind.size;
          for (const { name, needs, after } of nodes) {
            if ([...needs, ...after].some((other) => other === deleting.name || behind.has(other)))
              behind.add(name);
          }
        }
        const forgotten = await forgetDownstream(tasks.get(deleting.name)!, trial.workflow(nodes), ledger);
        const again = ledgerOfFiles();
        await again.attach();
        const gone: string[] = [];
        for (const [index, { name }] of nodes.entries()) {
          const expected = behind.has(name) && !(unfinished[index] ?? false);
          assert.equal((await again.forTask(name).get('fact')) === undefined, expected, name);
          assert.deepEqual(await again.local(name).get('fact'), done);
          if (expected) gone.push(name);
        }
        assert.deepEqual([...forgotten].sort(), gone.sort());
      }),
      { numRuns: 50 },
    );
  });

  it('is forgotten in a ledger in the database as well, for this process and for every other', async () => {
    const test = await createTestDatabase();
    const opened = [0, 1].map(
      () => new Database(resolveConnection(test.url, {}), { applicationName: 'db-bootstrap/test' }),
    );
    const [ours, theirs] = opened.map((database) =>
      databaseLedger(database, 'db_bootstrap', { stateDirectory: trial.root, readOnly: false }),
    ) as [Ledger, Ledger];
    try {
      await ours.attach();
      const facts = ours.forTask('seed');
      await facts.set('command', done);
      await facts.set('text', 'running');
      await facts.set('begun', running);
      await ours.forTask('other').set('command', done);
      assert.deepEqual(await ours.forget(['seed', 'unknown']), ['seed']);
      await theirs.attach();
      for (const ledger of [ours, theirs]) {
        assert.deepEqual(await ledger.forTask('seed').entries(), new Map([['begun', running]]));
        assert.deepEqual(await ledger.forTask('other').entries(), new Map([['command', done]]));
      }
      assert.deepEqual(await ours.forget(['seed']), []);
    } finally {
      for (const database of opened) await database.close();
      await test.drop();
    }
  });

  describe('in a run', () => {
    const behind: TaskDraft[] = [
      { name: 'tenants', needs: ['flush'] },
      { name: 'seed', after: ['tenants'] },
    ];

    it('is forgotten before each try, after its plan and the lock, and before its work', async () => {
      const steps: string[] = [];
      const kind = destructive(
        () => {
          steps.push(trial.journal.includes('lock') ? 'work with the lock' : 'work');
          if (steps.length < 2) throw new BootstrapError({ code: 'DBB4001', message: 'lost' });
          return { changed: false, summary: 'nothing' };
        },
        {
          plan: () => {
            assert.equal(trial.journal.filter((word) => word.startsWith('forget')).length, steps.length);
            return Promise.resolve({ action: 'run', reason: 'rows' });
          },
        },
      );
      trial.answers = false;
      trial.url = 'postgres://someone@127.0.0.1:5/nothing';
      const retry = { attempts: 2, delay: 0, factor: 1, maxDelay: 0, jitter: false };
      await trial.run([{ name: 'flush', kind, retry }, ...behind]);
      const words = trial.journal.filter((word) => /^(?:forget|lock|ended)/.test(word));
      assert.deepEqual(words.slice(0, 4), [
        'lock',
        'forget tenants seed',
        'forget tenants seed',
        'ended flush succeeded',
      ]);
      assert.deepEqual(steps, ['work with the lock', 'work with the lock']);
    });

    it('stays known where there is nothing to delete, or the task that deletes is off', async () => {
      const kind = destructive(() => assert.fail('it ran'), {
        plan: () => Promise.resolve({ action: 'up-to-date', reason: 'all empty' }),
      });
      await trial.run([{ name: 'flush', kind }, ...behind]);
      await trial.run([{ name: 'flush', kind: destructive(), enabled: false }, ...behind]);
      assert.deepEqual(
        trial.journal.filter((word) => word.startsWith('forget')),
        [],
      );
    });

    it('a task that cannot make them forget does not work at all', async () => {
      trial.on.set('forget tenants seed', () => {
        throw new BootstrapError({ code: 'DBB4030', message: 'the ledger is full' });
      });
      const kind = destructive(() => assert.fail('it ran'));
      const { exitCode, tasks } = await trial.run([{ name: 'flush', kind }, ...behind]);
      assert.equal(exitCode, 1);
      assert.deepEqual(
        tasks.map(({ name, status, reason }) => `${name} ${status}: ${reason}`),
        [
          'flush failed: the ledger is full',
          'tenants blocked: "flush" failed',
          'seed cancelled: not started, because "flush" failed',
        ],
      );
    });
  });

  describe('with commands that have sources', () => {
    let fakes: FakeCommands;

    beforeEach(async () => {
      fakes = await FakeCommands.start();
      writeFileSync(join(trial.root, 'rows.json'), '{}');
    });
    afterEach(() => fakes.close());

    const seed = (name: string, more: Partial<TaskDraft> = {}, options: object = {}): TaskDraft => ({
      name,
      kind: command,
      options: z.parse(command.options, {
        run: `echo ${name} >> seeded`,
        sources: ['rows.json'],
        ...options,
      }),
      ...more,
    });
    const workflow = (flush: Partial<TaskDraft>): TaskDraft[] => [
      seed('before'),
      { name: 'flush', kind: destructive(), needs: ['before'], ...flush },
      seed('seed', { after: ['flush'] }),
      seed('files', { needs: ['flush'] }, { outputs: ['seeded'] }),
    ];
    const run = async (flush: Partial<TaskDraft>): Promise<string[]> => {
      trial.ledger = ledgerOfFiles();
      const { tasks } = await trial.run(workflow(flush));
      return tasks.map(({ name, status }) => `${name} ${status}`);
    };
    const off = { enabled: false };

    it('they run again after it, and then are up to date; what made files, or came before, is not run again', async () => {
      await run(off);
      assert.deepEqual(await run({}), [
        'before up-to-date',
        'flush succeeded',
        'seed succeeded',
        'files up-to-date',
      ]);
      assert.deepEqual(await run(off), [
        'before up-to-date',
        'flush skipped',
        'seed up-to-date',
        'files up-to-date',
      ]);
    });

    it('they run again also where it failed half way, or where it alone was run', async () => {
      const failing = destructive(() => {
        throw new BootstrapError({ code: 'DBB5004', message: 'half of it is gone' });
      });
      for (const kind of [failing, destructive()]) {
        await run(off);
        trial.ledger = ledgerOfFiles();
        await trial.run(workflow({ kind }).map((task) => ({ ...task, enabled: task.name === 'flush' })));
        assert.deepEqual((await run(off)).slice(1, 3), ['flush skipped', 'seed succeeded']);
      }
    });

    it('they have forgotten when its work begins, so that no kill can leave them up to date', async () => {
      await run(off);
      const running = run({ kind: fakeKind(fakes, { destructive: true }) });
      const flush = await fakes.next('flush');
      const other = ledgerOfFiles();
      await other.attach();
      assert.equal(await other.forTask('seed').get('command'), undefined);
      assert.notEqual(await other.forTask('before').get('command'), undefined);
      await flush.exit();
      await running;
    });

    it('one that may not be repeated and was interrupted is still told, not run', async () => {
      trial.ledger = ledgerOfFiles();
      await trial.ledger.attach();
      await trial.ledger.forTask('seed').set('command', { ...running, fingerprint: '' });
      const { tasks } = await trial.run([
        { name: 'flush', kind: destructive() },
        seed('seed', { needs: ['flush'] }, { repeatable: false }),
      ]);
      assert.deepEqual(
        tasks.map(({ status, problems = [] }) => [status, problems[0]?.code]),
        [
          ['succeeded', undefined],
          ['failed', 'DBB5008'],
        ],
      );
    });

    it('a note names those before it that do not run again, where it changed something', async () => {
      const noteOf = (): unknown[] =>
        trial
          .of('task.end')
          .filter(({ name }) => name === 'flush')
          .map(({ warnings = [] }) =>
            warnings.map(({ code, severity, message }) => [code, severity, message]),
          )
          .at(-1) ?? [];
      await run({});
      assert.deepEqual(noteOf(), [
        [
          'DBB5021',
          'note',
          'what these tasks wrote may have been deleted by "flush", and they do not run again for that: "before"',
        ],
      ]);
      await run({ kind: destructive(() => ({ changed: false, summary: 'nothing' })) });
      assert.deepEqual(noteOf(), []);
    });

    it('a plan says so beforehand, and writes nothing', async () => {
      await run(off);
      trial.ledger = ledgerOfFiles();
      await trial.ledger.attach();
      const plan = async (flush: Partial<TaskDraft>): Promise<string[]> =>
        (await trial.plan(workflow(flush))).map(({ name, action, reason }) => `${name} ${action}: ${reason}`);
      const unchanged = 'its sources and outputs are unchanged';
      assert.deepEqual(await plan({}), [
        `before up-to-date: ${unchanged}`,
        'flush run: it runs every time',
        'seed run: what it did does not count any more once "flush" has run',
        `files up-to-date: ${unchanged}, as things stand ("flush" will run before it)`,
      ]);
      assert.equal((await plan(off))[2], `seed up-to-date: ${unchanged}`);
    });
  });
});
