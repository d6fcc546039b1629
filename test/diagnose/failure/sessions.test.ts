import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import pg from 'pg';
import type { Problem } from '../../../lib/errors/index.js';
import { openEmpty, type FailingProject } from '../../support/failed-task.js';
import { until } from '../../support/until.js';

const note = (problem: Problem, label: string): string | undefined =>
  problem.notes?.find((each) => each.label === label)?.text;

describe('sessions and roles', function () {
  this.timeout(30_000);
  let project: FailingProject;
  const role = `app_${randomBytes(4).toString('hex')}`;
  beforeEach(async () => {
    project = await openEmpty();
    await project.rows(`create role ${role} login password 'pa55word'`);
    await project.rows('create table held (id int primary key); create table other (id int primary key)');
  });
  afterEach(async () => {
    await project.rows(`drop owned by ${role}; drop role ${role}`);
    await project.close();
  });

  const connected = async (work: (client: pg.Client) => Promise<void>): Promise<void> => {
    const client = new pg.Client({ connectionString: project.url, application_name: 'a report' });
    // The test may end it from outside.
    client.on('error', () => undefined);
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  };

  it('names who holds a lock, with pid, application and statement, and ends it', async () => {
    await connected(async (client) => {
      await client.query('begin; lock table held in access exclusive mode');
      const problem = await project.failWork((database) =>
        database.withClient(async (each) => {
          await each.query(`set lock_timeout = '50ms'`);
          await each.query('select * from held');
        }),
      );
      assert.equal(problem.code, 'DBB5060');
      assert.match(
        problem.message,
        /^session \d+ \("a report"\) holds a lock on "held", which task "seed" waited for$/,
      );
      assert.match(
        note(problem, 'holder') ?? '',
        /idle in transaction.*last statement: begin; lock table held/,
      );
      const printed = await project.failCommand(
        `PGOPTIONS='-c lock_timeout=50ms' psql -c 'select * from held'`,
      );
      assert.equal(printed.message, problem.message);
      await project.rows((problem.help ?? '').slice((problem.help ?? '').indexOf('select')));
      await until(
        async () =>
          (await project.rows('select from pg_stat_activity where pid = $1', [problem.facts?.pid])).length ===
          0,
      );
      await project.rows('select * from held');
    });
  });

  it('names the other side of a deadlock', async () => {
    await connected(async (client) => {
      await client.query('begin; lock table held');
      let theirs: Promise<unknown> = Promise.resolve();
      const problem = await project.failWork((database) =>
        database.withClient(async (each) => {
          await each.query(`set deadlock_timeout = '10ms'; begin; lock table other`);
          theirs = client.query('lock table other');
          await until(async () => (await project.rows('select from pg_locks where not granted')).length > 0);
          await each.query('lock table held');
        }),
      );
      await theirs;
      assert.equal(problem.code, 'DBB5059');
      assert.match(
        problem.message,
        /^task "seed" and session \d+ \("a report"\) waited for each other's locks/,
      );
      assert.match(problem.help ?? '', /retry: \{ attempts: 3, on: \['40P01'\] \}/);
    });
  });

  it('says who ended a session', async () => {
    const problem = await project.failWork((database) =>
      database.withClient((client) => client.query('select pg_terminate_backend(pg_backend_pid())')),
    );
    assert.equal(problem.code, 'DBB4007');
    assert.equal(problem.facts?.restarted, false);
    assert.match(problem.message, /^somebody ended the session of task "seed"/);
  });

  it('says whose limit of connections was met', async () => {
    await project.rows(`alter role ${role} connection limit 0`);
    const problem = await project.failCommand(`PGUSER=${role} PGPASSWORD=pa55word psql -c 'select 1'`);
    assert.equal(problem.code, 'DBB4013');
    assert.match(problem.message, new RegExp(`^role "${role}" had no connection left`));
    assert.ok(Number(problem.facts?.maxConnections) > 0);
    await project.rows((problem.help ?? '').replace(/^raise the limit: /, ''));
    await project.as(role, 'pa55word').rows('select 1');
  });

  it('names a client that gave no user', async () => {
    const { username } = userInfo();
    const problem = await project.failCommand(`env -u PGUSER -u DATABASE_URL psql -c 'select 1'`);
    assert.equal(problem.code, 'DBB5064');
    assert.equal(
      problem.message,
      `task "seed" started a client without a user name: it logged in as the operating system's user "${username}"`,
    );
    assert.equal(note(problem, 'likely'), '"env -u PGUSER" takes PGUSER away');
    assert.match(problem.help ?? '', /psql -U postgres$/);
  });

  it('names a role of another name, and one with a wrong password', async () => {
    const wrong = await project.failCommand(`PGUSER=${role} psql -w -c 'select 1'`);
    assert.equal(wrong.code, 'DBB4002');
    const unknown = await project.failCommand(`PGUSER=${role}x PGPASSWORD=x psql -w -c 'select 1'`);
    assert.equal(unknown.code, 'DBB4003');
    assert.equal(unknown.help, `did you mean "${role}"?`);
  });

  it('names a client that gave no database', async () => {
    const problem = await project.failCommand(
      `env -u PGDATABASE PGDATABASE= psql -U postgres -d ${userInfo().username} -c 'select 1'`,
    );
    assert.equal(problem.code, 'DBB4004');
    assert.match(problem.message, /^task "seed" started a client without a database name/);
  });

  for (const [statement, grant] of [
    ['select * from held', 'grant select on "public"."held"'],
    ['insert into held values (1)', 'grant insert on "public"."held"'],
    ['update held set id = id', 'grant select, update on "public"."held"'],
    [`select nextval('counter')`, 'grant usage, select on sequence "public"."counter"'],
    ['alter table mine add foreign key (id) references held (id)', 'grant references on "public"."held"'],
    ['truncate held', 'grant truncate on "public"."held"'],
    ['create schema acme', 'grant create on database'],
    ['create table acme.t ()', 'grant usage, create on schema "acme"'],
    ['alter table held add x int', 'alter table "public"."held" owner to'],
  ] as const) {
    it(`names the right that is lacking for ${statement}, and grants it`, async () => {
      await project.rows('create sequence counter');
      await project.rows(`create table mine (id int); alter table mine owner to ${role}`);
      if (!statement.startsWith('create schema')) await project.rows('create schema acme');
      const app = project.as(role, 'pa55word');
      const problem = await app.failWork((database) => database.query(statement));
      assert.equal(problem.code, 'DBB4014');
      assert.match(problem.message, new RegExp(`^role "${role}" (?:lacks|does not own)`));
      const help = problem.help ?? '';
      const text = help.slice(help.indexOf(': ') + 2);
      assert.ok(text.startsWith(grant), help);
      await project.rows(text);
      await app.rows(statement);
      await app.close();
    });
  }

  it('says that a command is logged in as another role', async () => {
    const problem = await project.failCommand(
      `PGUSER=${role} PGPASSWORD=pa55word psql -c 'select * from held'`,
    );
    assert.equal(problem.code, 'DBB4014');
    assert.match(problem.message, /^task "seed" is logged in as another role than the workflow's/);
  });
});
