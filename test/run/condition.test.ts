import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Condition } from '../../config/workflow.js';
import type { TaskEnd } from '../../lib/run/index.js';
import { createTestDatabase } from '../support/postgres.js';
import { RunTrial } from '../support/run-trial.js';

describe('conditions', () => {
  let trial: RunTrial;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;

  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(() => {
    trial = new RunTrial();
    trial.url = database.url;
  });
  afterEach(() => trial.close());

  async function ask(condition: Condition): Promise<TaskEnd> {
    const env = { PATH: process.env.PATH ?? '', FILLED: 'yes', EMPTY: '' };
    const { tasks } = await trial.run([{ name: 'a', if: condition }], { env });
    return tasks[0]!;
  }

  it('decide whether a task runs', async () => {
    writeFileSync(join(trial.root, 'here'), '');
    const holding: Condition[] = [
      { command: 'exit 0' },
      { sql: 'select true' },
      { sql: "select 'f'" },
      { sql: 'select count(*) from pg_class' },
      { env: 'FILLED' },
      { env: 'FILLED', equals: 'yes' },
      { env: 'EMPTY', equals: '' },
      { exists: 'here' },
    ];
    for (const condition of holding) {
      assert.equal((await ask(condition)).status, 'succeeded', JSON.stringify(condition));
    }
  });

  it('skip a task, with the reason', async () => {
    const failing: [Condition, string][] = [
      [{ command: 'exit 1' }, '"exit 1" ended with 1'],
      [{ sql: 'select false' }, '"select false" does not hold'],
      [{ sql: 'select 1 where false' }, '"select 1 where false" does not hold'],
      [{ sql: 'select null' }, '"select null" does not hold'],
      [
        { sql: 'select count(*) from pg_class where false' },
        '"select count(*) from pg_class where false" does not hold',
      ],
      [{ env: 'MISSING' }, 'MISSING is not set'],
      [{ env: 'EMPTY' }, 'EMPTY is not set'],
      [{ env: 'FILLED', equals: 'no' }, 'FILLED is not "no"'],
      [{ exists: 'gone' }, '"gone" does not exist'],
    ];
    for (const [condition, reason] of failing) {
      const { status, reason: said } = await ask(condition);
      assert.deepEqual([status, said], ['skipped', reason]);
    }
  });

  it('are DBB5010 where they cannot be answered, never a "no"', async () => {
    writeFileSync(join(trial.root, 'plain'), '', { mode: 0o644 });
    const broken: [Condition, RegExp][] = [
      [{ command: 'no-such-program --check' }, /could not be evaluated: exit 127/],
      [{ command: './plain' }, /could not be evaluated: exit 126/],
      [{ command: 'kill -KILL $$' }, /could not be evaluated: it was ended by SIGKILL/],
      [{ sql: 'select nothing' }, /could not be evaluated: column "nothing" does not exist/],
    ];
    for (const [condition, message] of broken) {
      const { status, problems } = await ask(condition);
      assert.deepEqual([status, problems?.[0]?.code], ['failed', 'DBB5010']);
      assert.match(problems?.[0]?.message ?? '', message);
    }
    assert.equal((await ask({ sql: 'select nothing' })).problems?.[0]?.facts?.sqlstate, '42703');
  });
});
