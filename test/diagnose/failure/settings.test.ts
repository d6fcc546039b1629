import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Problem } from '../../../lib/errors/index.js';
import { openEmpty, type FailingProject } from '../../support/failed-task.js';
import { obeySql } from '../../support/repairs.js';

describe('settings of a role that end what a task does', function () {
  this.timeout(30_000);
  let project: FailingProject;
  let limited: FailingProject;
  const role = `app_${randomBytes(4).toString('hex')}`;
  const has = async (setting: string): Promise<void> => {
    await project.rows(`alter role ${role} set ${setting}`);
    limited = project.as(role, 'pa55word');
  };
  const evidence = ({ notes = [] }: Problem): string | undefined =>
    notes.find(({ label }) => label === 'evidence')?.text;

  beforeEach(async () => {
    project = await openEmpty();
    await project.rows(`create role ${role} login password 'pa55word'`);
  });
  afterEach(async () => {
    await limited.close();
    await project.rows(`drop owned by ${role}; drop role ${role}`);
    await project.close();
  });

  it('are named where a statement took too long, with where they are set', async () => {
    await has(`statement_timeout = '50ms'`);
    const problem = await limited.failCommand('psql -c "select pg_sleep(5)"');
    assert.equal(problem.code, 'DBB5067');
    assert.equal(problem.message, 'statement_timeout, which is 50ms, ended a statement of task "seed"');
    assert.equal(evidence(problem), `it is set for the role "${role}"`);
    assert.equal(problem.help, `raise it there, or run: ALTER ROLE "${role}" RESET statement_timeout;`);
    await obeySql(limited.url, problem.help, 1);
    await limited.rows('select pg_sleep(0.1)');
  });

  it('are told as those of the session where the role has none', async () => {
    await has(`statement_timeout = 0`);
    const problem = await limited.failCommand(
      `PGOPTIONS='-c statement_timeout=50ms' psql -c "select pg_sleep(5)"`,
    );
    assert.equal(problem.code, 'DBB5067');
    assert.match(
      problem.message,
      /^statement_timeout ended a statement of task "seed", which sets it for itself/,
    );
  });

  it('are named where a session was idle inside a transaction', async () => {
    await has(`idle_in_transaction_session_timeout = '50ms'`);
    const problem = await limited.failCommand(`psql -c begin -c '\\! sleep 0.3' -c 'select 1'`);
    assert.equal(problem.code, 'DBB5067');
    assert.equal(
      problem.message,
      'idle_in_transaction_session_timeout, which is 50ms, ended an idle session in a transaction of task "seed"',
    );
  });

  it('are named where nothing can be written', async () => {
    await has('default_transaction_read_only = on');
    const problem = await limited.failCommand('psql -v ON_ERROR_STOP=1 -c "create table x (id int)"');
    assert.equal(problem.code, 'DBB4044');
    assert.match(
      problem.message,
      new RegExp(`^transactions of role "${role}" in database "\\w+" are read-only`),
    );
    assert.equal(
      problem.notes?.find(({ label }) => label === 'symptom')?.text,
      'cannot execute CREATE TABLE in a read-only transaction',
    );
    await obeySql(limited.url, problem.help);
    assert.deepEqual(await limited.rows('show default_transaction_read_only'), [
      { default_transaction_read_only: 'off' },
    ]);
  });
});
