import assert from 'node:assert/strict';
import { taskEnvironment } from '../../lib/run/environment.js';
import { kindOf, RunTrial } from '../support/run-trial.js';

const database = {
  url: 'postgres://u:p@db:5433/app',
  host: 'db',
  port: 5433,
  name: 'app',
  user: 'u',
  password: 'p',
};
const derived = {
  DATABASE_URL: database.url,
  PGHOST: 'db',
  PGPORT: '5433',
  PGUSER: 'u',
  PGPASSWORD: 'p',
  PGDATABASE: 'app',
};
const { DATABASE_URL, PGHOST, PGPORT, PGUSER, PGDATABASE } = derived;
const withoutPassword = { DATABASE_URL, PGHOST, PGPORT, PGUSER, PGDATABASE };
const always = { PGAPPNAME: 'db-bootstrap/r', DB_BOOTSTRAP_RUN: 'r' };

describe('taskEnvironment', () => {
  const env = (
    own: Record<string, string>,
    base: Record<string, string> = {},
    parts: typeof database | undefined = database,
  ): Record<string, string> => taskEnvironment({ base, own, database: parts, runId: 'r' });

  it('has the resolved database, over whatever the process was started with', () => {
    const base = {
      PGHOST: 'elsewhere',
      PGHOSTADDR: '10.0.0.1',
      PGSERVICE: 'x',
      DATABASE_URL: 'postgres://other',
      PGSSLMODE: 'require',
    };
    assert.deepEqual(env({}, base), { ...derived, ...always, PGSSLMODE: 'require' });
  });

  it('has the URL with the scheme that the project knows', () => {
    const projectUrl = 'postgis://u:p@db:5433/app';
    const told = taskEnvironment({ base: {}, own: {}, database: { ...database, projectUrl }, runId: 'r' });
    assert.deepEqual(told, { ...derived, ...always, DATABASE_URL: projectUrl });
  });

  it('has no password where the database has none', () => {
    assert.deepEqual(
      taskEnvironment({
        base: { PGPASSWORD: 'old' },
        own: {},
        database: { ...database, password: undefined },
        runId: 'r',
      }),
      { ...withoutPassword, ...always },
    );
  });

  it("a task's own DATABASE_URL stands alone", () => {
    const own = { DATABASE_URL: 'postgres://other/db' };
    assert.deepEqual(env(own, { PGHOST: 'elsewhere', PATH: '/bin' }), { ...own, ...always, PATH: '/bin' });
    assert.deepEqual(taskEnvironment({ base: { PGHOST: 'x' }, own, database: undefined, runId: 'r' }), {
      ...own,
      ...always,
    });
  });

  it("a task's own part drops the URL that would contradict it, and the password of another server", () => {
    assert.deepEqual(env({ PGDATABASE: 'postgres' }), {
      ...always,
      PGHOST: 'db',
      PGPORT: '5433',
      PGUSER: 'u',
      PGPASSWORD: 'p',
      PGDATABASE: 'postgres',
    });
    assert.deepEqual(env({ PGHOST: 'other' }), {
      ...always,
      PGHOST: 'other',
      PGPORT: '5433',
      PGUSER: 'u',
      PGDATABASE: 'app',
    });
  });

  it('leaves everything as it is where no database is configured', () => {
    assert.deepEqual(
      taskEnvironment({ base: { PGHOST: 'x' }, own: { A: 'b' }, database: undefined, runId: 'r' }),
      { PGHOST: 'x', A: 'b', ...always },
    );
  });

  it('reaches children, with what a call adds and removes; the context of a workflow without database throws DBB4005 only when asked', async () => {
    const trial = new RunTrial();
    const kind = kindOf(async (context) => {
      const { stdout } = await context.exec('echo $A-$B-$C-$DB_BOOTSTRAP_RUN', {
        shell: true,
        env: { B: undefined, C: '3' },
      });
      assert.equal(stdout, '1--3-run-1\n');
      assert.throws(() => context.database.url, /no database is configured/);
    });
    const { tasks } = await trial.run([{ name: 'a', kind, env: { A: '1', B: '2' } }]);
    trial.close();
    assert.equal(tasks[0]?.status, 'succeeded', tasks[0]?.reason);
  });
});
