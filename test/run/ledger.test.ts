import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import type { TaskEnd } from '../../lib/run/events.js';
import { databaseLedger, type Ledger, type RunRecord } from '../../lib/run/index.js';
import { makeFolder } from '../support/folder.js';
import { rejection } from '../support/rejection.js';
import { createTestDatabase, dump, query } from '../support/postgres.js';

const record: RunRecord = {
  id: 'run-1',
  version: '0.0.0',
  pid: 1,
  host: 'here',
  startedAt: Date.UTC(2026, 0, 1),
  tasks: [],
};

const end = (name: string, more: Partial<TaskEnd> = {}): TaskEnd => ({
  name,
  use: 'command',
  status: 'succeeded',
  changed: true,
  attempts: 1,
  ms: 5,
  reason: 'done',
  check: false,
  ...more,
});

describe('databaseLedger', () => {
  let test: Awaited<ReturnType<typeof createTestDatabase>>;
  let home: ReturnType<typeof makeFolder>;
  const opened: Database[] = [];

  const open = (url = test.url): Database => {
    const database = new Database(resolveConnection(url, {}), { applicationName: 'db-bootstrap/test' });
    opened.push(database);
    return database;
  };
  const ledgerOf = (database = open(), options: { schema?: string; readOnly?: boolean } = {}): Ledger =>
    databaseLedger(database, options.schema ?? 'db_bootstrap', {
      stateDirectory: home.folder,
      readOnly: options.readOnly ?? false,
    });

  beforeEach(async () => {
    test = await createTestDatabase();
    home = makeFolder();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    await test.drop();
    home.remove();
  });

  it('is installed once by eight that do it at the same moment', async () => {
    for (const schema of ['db_bootstrap', 'Odd "name"']) {
      const ledgers = Array.from({ length: 8 }, () => ledgerOf(open(), { schema }));
      const notices = await Promise.all(ledgers.map((ledger) => ledger.attach()));
      assert.deepEqual(notices.flat(), []);
      const quoted = schema.replaceAll('"', '""');
      assert.deepEqual(await query(test.url, `select version from "${quoted}".versions`), [{ version: 1 }]);
    }
  });

  it('changes nothing when it is there already', async () => {
    await ledgerOf().attach();
    const before = await dump(test.url);
    await ledgerOf().attach();
    assert.equal(await dump(test.url), before);
  });

  it('keeps runs and how their tasks ended', async () => {
    const ledger = ledgerOf();
    await ledger.attach();
    await ledger.startRun(record);
    await ledger.taskEnded(end('wait'));
    await ledger.taskEnded(
      end('seed', { status: 'blocked', changed: false, attempts: 0, reason: 'because' }),
    );
    await ledger.endRun('failed', 1);
    assert.deepEqual(
      await query(
        test.url,
        'select id, host, pid, status, exit_code, ended_at > started_at as later from db_bootstrap.runs',
      ),
      [{ id: 'run-1', host: 'here', pid: 1, status: 'failed', exit_code: 1, later: true }],
    );
    assert.deepEqual(
      await query(
        test.url,
        'select task, use, status, changed, attempts, ms, reason from db_bootstrap.task_results order by task desc',
      ),
      [
        {
          task: 'wait',
          use: 'command',
          status: 'succeeded',
          changed: true,
          attempts: 1,
          ms: 5,
          reason: 'done',
        },
        {
          task: 'seed',
          use: 'command',
          status: 'blocked',
          changed: false,
          attempts: 0,
          ms: 5,
          reason: 'because',
        },
      ],
    );
  });

  it('keeps ends that come after a pause, when all before them are written', async () => {
    const ledger = ledgerOf();
    await ledger.attach();
    await ledger.startRun(record);
    await ledger.taskEnded(end('first'));
    // It waits a moment for others, but goes with the write that is under way.
    await ledger.taskEnded(end('check', { changed: false }));
    await query(test.url, 'select pg_sleep(0.3)');
    await ledger.taskEnded(end('last'));
    await ledger.endRun('succeeded', 0);
    const rows = await query(test.url, 'select task from db_bootstrap.task_results order by task');
    assert.deepEqual(
      rows.map(({ task }) => task),
      ['check', 'first', 'last'],
    );
  });

  it('keeps ends whose write failed, once the database takes them', async () => {
    const database = new Database(resolveConnection(test.url, {}), {
      applicationName: 'db-bootstrap/test',
      patience: 60_000,
    });
    opened.push(database);
    const ledger = ledgerOf(database);
    await ledger.attach();
    await ledger.startRun(record);
    await query(test.url, 'alter table db_bootstrap.task_results rename to away');
    await ledger.taskEnded(end('first'));
    // It has the connection of that write once the write has failed.
    await database.query('select 1');
    await query(test.url, 'alter table db_bootstrap.away rename to task_results');
    await ledger.taskEnded(end('second'));
    await ledger.endRun('succeeded', 0);
    const rows = await query(test.url, 'select task from db_bootstrap.task_results order by task');
    assert.deepEqual(
      rows.map(({ task }) => task),
      ['first', 'second'],
    );
    assert.deepEqual(await query(test.url, 'select status from db_bootstrap.runs'), [
      { status: 'succeeded' },
    ]);
  });

  it('keeps a reason that holds what no database can: zero bytes, half characters', async () => {
    const ledger = ledgerOf();
    await ledger.attach();
    await ledger.startRun(record);
    const reason = 'a\0b \ud83d! \\u0000 \\ud83d ä🙂';
    await ledger.taskEnded(end('seed', { reason }));
    await ledger.endRun('failed', 1);
    const [row] = await query(test.url, 'select reason from db_bootstrap.task_results');
    assert.equal(row?.reason, 'a\ufffdb \ufffd! \\u0000 \\ud83d ä🙂');
    await ledger.forTask('seed').set('key', { text: reason });
    const next = ledgerOf();
    await next.attach();
    assert.deepEqual(await next.forTask('seed').get('key'), { text: row.reason });
  });

  it('keeps a reason in a database whose encoding lacks its characters', async () => {
    const name = `latin_${String(process.pid)}`;
    const url = new URL(test.url);
    url.pathname = `/${name}`;
    await query(test.url, `create database ${name} encoding 'LATIN1' locale 'C' template template0`);
    const database = open(url.href);
    const ledger = ledgerOf(database);
    await ledger.attach();
    await ledger.startRun(record);
    await ledger.taskEnded(end('seed', { reason: '“ä” … 🙂' }));
    await ledger.endRun('failed', 1);
    assert.deepEqual(await query(url.href, 'select reason from db_bootstrap.task_results'), [
      { reason: '??? ? ?' },
    ]);
    await database.close();
    await query(test.url, `drop database ${name}`);
  });

  it('tells of the newest hundred runs', async () => {
    const ledger = ledgerOf();
    await ledger.attach();
    await query(
      test.url,
      `insert into db_bootstrap.runs (id, version, host, pid, started_at)
       select 'old-' || n, '0', 'h', 1, now() - n * interval '1 day' from generate_series(1, 150) n`,
    );
    await query(
      test.url,
      `insert into db_bootstrap.task_results select id, 'a', 'sql', 'succeeded', true, 1, 1, '' from db_bootstrap.runs`,
    );
    await ledger.startRun({ ...record, startedAt: Date.now() });
    await ledger.taskEnded(end('wait'));
    await ledger.endRun('succeeded', 0);
    const rows = await query<{ runs: number; results: number; newest: string | null }>(
      test.url,
      `select count(*)::int as runs, (select count(*)::int from db_bootstrap.task_results) as results,
              min(status) filter (where id = 'run-1') as newest
       from db_bootstrap.runs`,
    );
    assert.deepEqual(rows, [{ runs: 100, results: 100, newest: 'succeeded' }]);
  });

  it('says in the end what could not be written', async () => {
    const ledger = ledgerOf();
    await ledger.attach();
    await ledger.startRun(record);
    await query(test.url, 'drop table db_bootstrap.task_results');
    await ledger.taskEnded(end('wait'));
    await assert.rejects(ledger.endRun('succeeded', 0), /task_results/);
  });

  it('writes ends of tasks that have changed nothing together, before the run ends', async () => {
    const database = open();
    const ledger = ledgerOf(database);
    await ledger.attach();
    await ledger.startRun(record);
    const written = (): Promise<{ task: string; xmin: string }[]> =>
      query(test.url, 'select task, xmin::text from db_bootstrap.task_results order by task');
    for (const name of ['a', 'b', 'c']) await ledger.taskEnded(end(name, { changed: false }));
    let rows = await written();
    while (rows.length === 0) rows = await written();
    assert.deepEqual(
      rows.map(({ task }) => task),
      ['a', 'b', 'c'],
    );
    assert.equal(new Set(rows.map(({ xmin }) => xmin)).size, 1);
    await ledger.taskEnded(end('d', { changed: false }));
    await ledger.endRun('succeeded', 0);
    assert.equal((await written()).length, 4);
  });

  it('costs few statements, however many tasks end and look', async () => {
    await ledgerOf().attach();
    const database = open();
    let statements = 0;
    const counted = new Proxy(database, {
      get(target, key) {
        if (key === 'query') statements++;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const ledger = ledgerOf(counted);
    await ledger.attach();
    await ledger.startRun(record);
    const names = Array.from({ length: 20 }, (_, index) => `task ${String(index)}`);
    await Promise.all(names.map((name) => ledger.forTask(name).entries()));
    for (const name of names) await ledger.taskEnded(end(name));
    await ledger.endRun('succeeded', 0);
    const [row] = await query<{ count: number }>(
      test.url,
      'select count(*)::int from db_bootstrap.task_results',
    );
    assert.equal(row?.count, 20);
    assert.ok(statements <= 7, `${String(statements)} statements`);
  });

  describe('facts', () => {
    it('are there for the next run, each task its own', async () => {
      const first = ledgerOf();
      await first.attach();
      const value = { state: 'done', list: [1, null, 'ä'] };
      await first.forTask('init').set('01.sql', value);
      await first.forTask('init').set('02.sql', 'x');
      await first.forTask('init').delete('02.sql');
      await first.forTask('seed').set('01.sql', 'other');
      const second = ledgerOf();
      await second.attach();
      for (const ledger of [first, second]) {
        assert.deepEqual([...(await ledger.forTask('init').entries())], [['01.sql', value]]);
        assert.equal(await ledger.forTask('seed').get('01.sql'), 'other');
        assert.equal(await ledger.forTask('seed').get('constructor'), undefined);
      }
    });

    it('written inside a transaction are true once it is committed, and not before', async () => {
      const database = open();
      const ledger = ledgerOf(database);
      await ledger.attach();
      const facts = ledger.forTask('sql');
      await database.transaction(async (client) => {
        await facts.set('a', 1, client);
        // Others look meanwhile.
        assert.equal(await ledger.forTask('other').get('a'), undefined);
        assert.equal(await facts.get('a'), undefined);
      });
      assert.equal(await facts.get('a'), 1);
      const broken = database.transaction(async (client) => {
        await facts.set('b', 2, client);
        throw new Error('no');
      });
      await assert.rejects(broken, /no/);
      assert.deepEqual([...(await facts.entries())], [['a', 1]]);
    });

    it('wait for the ledger where they are written before it is there', async () => {
      const ledger = ledgerOf();
      const facts = ledger.forTask('early');
      await facts.set('kept', 1);
      await facts.set('dropped', 1);
      await facts.delete('dropped');
      assert.equal(await facts.get('kept'), undefined);
      await ledger.attach();
      assert.deepEqual([...(await facts.entries())], [['kept', 1]]);
    });
  });

  describe('a role that may not', () => {
    let role: string;
    let url: string;
    beforeEach(async () => {
      role = `role_${test.name}`;
      await query(test.url, `create role ${role} login password 'role'`);
      const parts = new URL(test.url);
      [parts.username, parts.password] = [role, 'role'];
      url = parts.href;
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((database) => database.close()));
      await query(test.url, `drop owned by ${role}; drop role ${role}`);
    });

    const notice = async (ledger: Ledger): Promise<string> => {
      const [problem, ...more] = await ledger.attach();
      assert.deepEqual([problem?.code, problem?.severity, more.length], ['DBB4030', 'warning', 0]);
      return `${problem?.message ?? ''}; ${problem?.help ?? ''}`;
    };

    it('create it writes files instead, and says so', async () => {
      const ledger = ledgerOf(open(url));
      await ledger.forTask('early').set('key', 'early');
      assert.equal(
        await notice(ledger),
        `role "${role}" may not create the schema "db_bootstrap": the ledger is kept in files under .db-bootstrap/; ` +
          `grant create on database "${test.name}" to "${role}", or set "ledger: file"`,
      );
      await ledger.startRun(record);
      await ledger.forTask('seed').set('key', 'value');
      await ledger.endRun('succeeded', 0);
      assert.equal(
        (await query(test.url, `select from pg_namespace where nspname = 'db_bootstrap'`)).length,
        0,
      );
      const next = ledgerOf(open(url));
      await notice(next);
      assert.equal(await next.forTask('early').get('key'), 'early');
      assert.equal(await next.forTask('seed').get('key'), 'value');
    });

    it('use what another role made writes files too', async () => {
      await ledgerOf().attach();
      assert.match(await notice(ledgerOf(open(url))), /may not use the schema "db_bootstrap"/);
      await query(
        test.url,
        `grant usage on schema db_bootstrap to ${role}; grant select on all tables in schema db_bootstrap to ${role}`,
      );
      assert.match(await notice(ledgerOf(open(url))), /may not use the schema "db_bootstrap"/);
      await query(test.url, `grant insert, update, delete on all tables in schema db_bootstrap to ${role}`);
      assert.deepEqual(await ledgerOf(open(url)).attach(), []);
    });

    it('create schemas uses one that was made for it', async () => {
      await query(test.url, `create schema db_bootstrap authorization ${role}`);
      assert.deepEqual(await ledgerOf(open(url)).attach(), []);
    });

    it('write at all, as on a standby, writes files', async () => {
      await query(
        test.url,
        `alter role ${role} superuser; alter role ${role} set default_transaction_read_only = on`,
      );
      // Rights are not what is lacking.
      assert.equal(
        await notice(ledgerOf(open(url))),
        `database "${test.name}" only reads: the ledger is kept in files under .db-bootstrap/; ` +
          'set "ledger: file", where it is meant to be so',
      );
    });
  });

  describe('that another role made is refused, and its code never runs:', () => {
    let role: string;
    beforeEach(async () => {
      role = `low_${test.name}`;
      await query(test.url, `create role ${role}; grant create on database "${test.name}" to ${role}`);
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((database) => database.close()));
      await query(
        test.url,
        `reassign owned by ${role} to current_user; drop owned by ${role}; drop role ${role}`,
      );
    });
    const trap = `create function db_bootstrap.trap() returns trigger language plpgsql as
      $$ begin raise exception 'ran as %', current_user; end $$`;

    for (const [what, prepare, by, message] of [
      ['a schema', 'create schema db_bootstrap', 'low', /schema "db_bootstrap" belongs to role "low_/],
      [
        'tables with a trigger',
        `create schema db_bootstrap; create table db_bootstrap.versions (version int); insert into db_bootstrap.versions values (1);
         create table db_bootstrap.runs (id text); create table db_bootstrap.task_results (); create table db_bootstrap.task_facts (task text, key text, value jsonb);
         ${trap}; create trigger t before insert on db_bootstrap.runs for each row execute function db_bootstrap.trap()`,
        'low',
        /belongs to role "low_/,
      ],
      [
        'a table in a schema of ours',
        'set role none; create schema db_bootstrap; grant all on schema db_bootstrap to LOW; set role LOW; create table db_bootstrap.runs (id text)',
        'low',
        /relation "runs" belongs to role "low_/,
      ],
      [
        'a trigger on a table of ours',
        `set role none; GRANTED; grant trigger on all tables in schema db_bootstrap to LOW; grant all on schema db_bootstrap to LOW; set role LOW;
         ${trap}; create trigger t before insert on db_bootstrap.runs for each row execute function db_bootstrap.trap()`,
        'us',
        /"db_bootstrap\.runs" has the trigger "t"/,
      ],
      [
        'a rule',
        'set role none; GRANTED; create rule r as on insert to db_bootstrap.runs do also notify x',
        'us',
        /has the rule "r"/,
      ],
    ] as const) {
      it(what, async () => {
        if (by === 'us') await ledgerOf().attach();
        await query(
          test.url,
          `set role ${role}; ${prepare.replaceAll('LOW', role).replace('GRANTED; ', '')}`,
        );
        const { code, message: told, help } = (await rejection(ledgerOf().attach())).problems[0];
        assert.equal(code, 'DBB4030');
        assert.match(told, message);
        await rejection(ledgerOf().attach());
        // The repair that the help names.
        await query(test.url, /(drop (?:schema|trigger|rule) [^;]*)/.exec(help ?? '')?.[1] ?? '');
        const ledger = ledgerOf();
        assert.deepEqual(await ledger.attach(), []);
        await ledger.startRun(record);
      });
    }

    it('but not one of a superuser, of a role that we are a member of, or of the database owner', async () => {
      await query(test.url, `alter database "${test.name}" owner to ${role}`);
      await query(test.url, `set role ${role}; create schema db_bootstrap`);
      assert.deepEqual(await ledgerOf().attach(), []);
    });
  });

  describe('for a plan', () => {
    it('finds nothing where no ledger is, and makes none', async () => {
      const ledger = ledgerOf(open(), { readOnly: true });
      assert.deepEqual(await ledger.attach(), []);
      assert.equal(await ledger.forTask('a').get('b'), undefined);
      assert.equal(
        (await query(test.url, `select from pg_namespace where nspname = 'db_bootstrap'`)).length,
        0,
      );
      assert.deepEqual(readdirSync(home.folder), []);
    });

    it('reads what is there, and writes nothing', async () => {
      const writer = ledgerOf();
      await writer.attach();
      await writer.forTask('a').set('b', 1);
      const before = await dump(test.url);
      const ledger = ledgerOf(open(), { readOnly: true });
      await ledger.attach();
      await ledger.forTask('a').set('b', 2);
      await ledger.forTask('a').delete('b');
      assert.equal(await ledger.forTask('a').get('b'), 1);
      assert.equal(await dump(test.url), before);
      assert.deepEqual(readdirSync(home.folder), []);
    });
  });
});
