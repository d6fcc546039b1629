import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { TaskContext, TaskKind } from '../../config/define.js';
import { migrate } from '../../lib/django/index.js';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import { databaseLedger, fileLedger } from '../../lib/run/index.js';
import { sql } from '../../tasks/sql.js';
import { djangoTask } from '../support/django-task.js';
import { makeFolder } from '../support/folder.js';
import { openHost } from '../support/host.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { rejection } from '../support/rejection.js';
import { testContext, testMemory, type TestMemory } from '../support/task-context.js';
import { until } from '../support/until.js';

const kind = sql as unknown as TaskKind;

describe('sql', () => {
  let test: Awaited<ReturnType<typeof createTestDatabase>>;
  let home: ReturnType<typeof makeFolder>;
  let memory: TestMemory;

  beforeEach(async () => {
    test = await createTestDatabase();
    home = makeFolder();
    memory = testMemory();
    await query(test.url, 'create table trail (id serial, step text)');
  });
  afterEach(async () => {
    home.remove();
    await test.drop();
  });

  const context = (options: Record<string, unknown>) =>
    testContext({ kind, root: home.folder, url: test.url, memory, name: 'views', options });
  const run = (options: Record<string, unknown>) => kind.run(context(options));
  const plan = async (options: Record<string, unknown>): Promise<string> => {
    const { action, reason, details } = (await kind.plan?.(context(options))) ?? { action: '', reason: '' };
    return [action, reason, ...((details as string[] | undefined) ?? [])].join(' | ');
  };
  const trail = async (schema = 'public'): Promise<string[]> =>
    (await query<{ step: string }>(test.url, `select step from ${schema}.trail order by id`)).map(
      ({ step }) => step,
    );
  const step = (name: string): string => `insert into trail (step) values ('${name}');`;

  describe('files', () => {
    it('run in the order of their names, once, and again when they change if "rerun" says so', async () => {
      for (const name of ['b', 'a', 'c']) home.write(`sql/${name}.sql`, step(name));
      const options = { files: ['sql/*.sql'], rerun: 'changed' };
      assert.equal(await plan(options), 'run | 3 scripts to run | sql/a.sql | sql/b.sql | sql/c.sql');
      assert.deepEqual(await trail(), []);
      assert.deepEqual(await run(options), { changed: true, summary: '3 scripts run' });
      assert.deepEqual(await trail(), ['a', 'b', 'c']);
      assert.equal(await plan(options), 'up-to-date | 3 scripts done and unchanged');
      assert.equal((await run(options)).changed, false);
      home.write('sql/b.sql', step('b2'));
      assert.equal(await plan(options), 'run | 1 script to run | sql/b.sql');
      await run(options);
      assert.deepEqual(await trail(), ['a', 'b', 'c', 'b2']);
    });

    it('run each time, or once, as "rerun" says', async () => {
      home.write('a.sql', step('a'));
      for (const rerun of ['never', 'never', 'always', 'always']) await run({ files: ['a.sql'], rerun });
      assert.deepEqual(await trail(), ['a', 'a', 'a']);
    });

    for (const [what, options] of [
      ['by default', {}],
      ['with "rerun: never"', { rerun: 'never' }],
      ['without a transaction', { transaction: false }],
      ['in a schema', { schemas: ['public'] }],
    ] as const) {
      it(`that changed after they were applied stop the task before anything runs, ${what}`, async () => {
        const task = { files: ['*.sql'], ...options };
        home.write('1.sql', step('one'));
        home.write('2.sql', step('two'));
        await run(task);
        home.write('0.sql', step('zero'));
        home.write('2.sql', step('changed'));
        const error = await rejection(run(task));
        const { code, message, place, notes = [], help } = error.problems[0];
        assert.deepEqual([code, place?.file], ['DBB5023', '2.sql']);
        assert.equal(message, '"2.sql" has changed since it was applied');
        assert.match(notes[0]?.text ?? '', /2\.sql.*: sha256 [0-9a-f]{64}, by run test$/);
        assert.match(notes[1]?.text ?? '', /2\.sql.*: sha256 [0-9a-f]{64}$/);
        assert.notEqual(notes[0]?.text.slice(-80), notes[1]?.text.slice(-80));
        assert.match(help ?? '', /db-bootstrap repair views; .*--set tasks\.views\.rerun=changed$/);
        await assert.rejects(plan(task), /"2\.sql" has changed/);
        assert.deepEqual(
          (await kind.preflight?.(context(task)))?.map((problem) => problem.message),
          [message],
        );
        assert.deepEqual(await trail(), ['one', 'two']);
        // The repairs that the help names: accept the content, restore the file, or run it again.
        const before = new Map(memory.ledger);
        assert.equal((await kind.accept?.(context(task)))?.length, 1);
        assert.deepEqual(await kind.accept?.(context(task)), []);
        await run(task);
        assert.deepEqual(await trail(), ['one', 'two', 'zero']);
        memory.ledger.clear();
        for (const [key, value] of before) memory.ledger.set(key, value);
        home.write('2.sql', step('two'));
        assert.match(await plan(task), /^run \| 1 script to run/);
        home.write('2.sql', step('changed'));
        await run({ ...task, rerun: 'changed' });
        assert.deepEqual(await trail(), ['one', 'two', 'zero', 'zero', 'changed']);
        assert.match(await plan(task), /^up-to-date/);
      });
    }

    it('that stand in the config are configuration, and run again when they change', async () => {
      await run({ text: step('a') });
      await run({ text: step('b') });
      assert.deepEqual(await trail(), ['a', 'b']);
      const { code, place } = (await rejection(run({ text: step('c'), rerun: 'never' }))).problems[0];
      assert.deepEqual([code, place?.file], ['DBB5023', 'tasks.views.text']);
    });

    it('that an earlier release has recorded are known', async () => {
      home.write('a.sql', step('a'));
      home.write('b.sql', step('b'));
      await run({ files: ['*.sql'] });
      for (const [key, value] of memory.ledger) {
        const { sha256, ...rest } = value as Record<string, string>;
        memory.ledger.set(key, { ...rest, digest: sha256 ?? '' });
      }
      assert.match(await plan({ files: ['*.sql'] }), /^up-to-date/);
      home.write('b.sql', step('b2'));
      assert.equal((await rejection(run({ files: ['*.sql'] }))).code, 'DBB5023');
      memory.ledger.set('b.sql', { state: 'running', digest: 'x', run: 'old' });
      const { code, message } = (await rejection(run({ files: ['*.sql'], transaction: false }))).problems[0];
      assert.deepEqual([code, /in run old/.test(message)], ['DBB5008', true]);
    });

    for (const place of ['database', 'file'] as const) {
      for (const transaction of [true, false]) {
        it(`once applied stay so after a failed attempt (ledger: ${place}, transaction: ${String(transaction)})`, async () => {
          const database = new Database(resolveConnection(test.url, {}), {
            applicationName: 'db-bootstrap/test',
          });
          const options = { stateDirectory: home.folder, readOnly: false };
          const withLedger = async <T>(work: (task: TaskContext<unknown>) => Promise<T>): Promise<T> => {
            const ledger =
              place === 'database'
                ? databaseLedger(database, 'db_bootstrap', options)
                : fileLedger(options, database);
            await ledger.attach();
            const task = context({ files: ['*.sql'], rerun: 'changed', transaction });
            return work(
              Object.create(task, { ledger: { value: ledger.forTask('views') } }) as TaskContext<unknown>,
            );
          };
          await query(
            test.url,
            'create table item (id int primary key, price int); insert into item values (1, 100)',
          );
          home.write('001.sql', 'update item set price = price * 2');
          await withLedger((task) => kind.run(task));
          home.write('001.sql', 'update item set price = prce * 3');
          await rejection(withLedger((task) => kind.run(task)));
          home.write('001.sql', 'update item set price = price * 2');
          // Without a transaction nobody knows how far the attempt came.
          const again = await withLedger((task) => kind.run(task)).catch(
            (error: unknown) => (error as { code: string }).code,
          );
          assert.deepEqual(again, transaction ? { changed: false, summary: '0 scripts run' } : 'DBB5008');
          // What fails at the commit is not applied either.
          home.write(
            '002.sql',
            'create table t (id int primary key deferrable initially deferred); create function f() returns trigger language plpgsql as $$ begin raise unique_violation; end $$; create constraint trigger c after insert on t initially deferred for each row execute function f(); insert into t values (1)',
          );
          if (transaction) await rejection(withLedger((task) => kind.run(task)));
          if (transaction) await rejection(withLedger((task) => kind.run(task)));
          assert.deepEqual(await query(test.url, 'select price from item'), [{ price: 200 }]);
          await database.close();
        });
      }
    }

    it('that do not exist are named', async () => {
      for (const [pattern, message] of [
        ['views.sql', 'the file "views.sql" does not exist'],
        ['views/*.sql', 'no file matches "views/*.sql"'],
      ]) {
        const error = await rejection(run({ files: [pattern] }));
        assert.deepEqual([error.code, error.message], ['DBB5009', message]);
      }
    });

    it('may begin with a byte order mark, be empty, and hold functions', async () => {
      home.write('a.sql', `\uFEFF${step('a')}`);
      home.write('b.sql', '-- nothing\n');
      home.write(
        'c.sql',
        `create function f() returns text language plpgsql as $$ begin return 'x;y'; end $$;\n${step('c')}`,
      );
      await run({ files: ['*.sql'] });
      assert.deepEqual(await trail(), ['a', 'c']);
    });
  });

  describe('in a transaction', () => {
    it('a script that fails leaves nothing, is told with its place, and is what the next run begins with', async () => {
      home.write('1.sql', step('one'));
      home.write('2.sql', `${step('two')}\n-- ä\n  select nonsense\n  from trail;\n`);
      home.write('3.sql', step('three'));
      const error = await rejection(run({ files: ['*.sql'] }));
      const { code, message, place, facts } = error.problems[0];
      assert.deepEqual(
        [code, message, facts?.sqlstate],
        ['DBB5004', 'column "nonsense" does not exist', '42703'],
      );
      assert.deepEqual(place, { file: '2.sql', line: 3, column: 10, source: '  select nonsense' });
      assert.equal(facts?.statement, 'select nonsense\n  from trail');
      assert.deepEqual(await trail(), ['one']);
      assert.equal(await plan({ files: ['*.sql'] }), 'run | 2 scripts to run | 2.sql | 3.sql');
    });

    it('a statement that fails while it runs is found although the server gives no position', async () => {
      home.write(
        'a.sql',
        `${step('a')}\ncreate table one (id int primary key);\ninsert into one values (1);\n\n  insert into one values (1);\n${step('b')}`,
      );
      const { place, facts, notes } = (await rejection(run({ files: ['a.sql'] }))).problems[0];
      assert.deepEqual(place, { file: 'a.sql', line: 5, column: 3, source: '  insert into one values (1);' });
      assert.deepEqual(
        [facts?.sqlstate, facts?.statement, facts?.constraint],
        ['23505', 'insert into one values (1)', 'one_pkey'],
      );
      assert.ok(notes?.some(({ text }) => text === 'Key (id)=(1) already exists.'));
    });

    it('what is checked only at the end still names the script', async () => {
      await query(
        test.url,
        'create table p (id int primary key); create table c (p int references p deferrable initially deferred)',
      );
      home.write('a.sql', 'insert into c values (7)');
      const { place, facts } = (await rejection(run({ files: ['a.sql'] }))).problems[0];
      assert.deepEqual([place, facts?.sqlstate, facts?.table], [{ file: 'a.sql' }, '23503', 'c']);
      assert.deepEqual(await query(test.url, 'select * from c'), []);
    });

    it('what cannot run in one says what to set', async () => {
      const { place, help, facts } = (await rejection(run({ text: 'vacuum' }))).problems[0];
      assert.deepEqual([place?.file, facts?.sqlstate], ['tasks.views.text', '25001']);
      assert.equal(
        help,
        'set "transaction: false" for task "views": this statement cannot run inside a transaction',
      );
    });

    it('a script that brackets itself is still one transaction, in its own schema', async () => {
      await query(test.url, 'create schema one; create table one.trail (like trail including all)');
      const bracketed = `-- ä🙂\nBEGIN;\n${step('a')}\ncommit work ;\nstart transaction; ${step('b')} END;\n`;
      home.write('a.sql', `${bracketed}  select 1/0;\n`);
      const options = { files: ['a.sql'], schemas: ['one'] };
      const { place, facts } = (await rejection(run(options))).problems[0];
      assert.deepEqual([place?.line, place?.column, facts?.sqlstate], [6, 3, '22012']);
      assert.deepEqual([await trail('one'), await trail()], [[], []]);
      home.write('a.sql', `${bracketed}${step('c')}`);
      await run(options);
      assert.deepEqual([await trail('one'), await trail()], [['a', 'b', 'c'], []]);
    });

    for (const [what, text, line] of [
      ['commit', `${step('a')}\n/* no */ commit;\n${step('b')}`, 2],
      ['rollback', `begin;\n${step('a')}\nrollback;`, 3],
      ['begin', `begin;\n${step('a')}`, 1],
      ['abort', `${step('a')} abort and chain`, 1],
      ['begin', `begin isolation level serializable; ${step('a')} commit;`, 1],
      ['begin', `begin; begin; commit;`, 1],
    ] as const) {
      it(`a "${what}" that would end or change it is refused, and nothing runs: ${JSON.stringify(text)}`, async () => {
        home.write('0.sql', step('zero'));
        home.write('1.sql', text);
        const { code, message, place, help } = (await rejection(run({ files: ['*.sql'] }))).problems[0];
        assert.deepEqual([code, place?.file, place?.line], ['DBB5004', '1.sql', line]);
        assert.match(message, new RegExp(`^"1\\.sql" .*"${what}`));
        assert.match(help ?? '', /"transaction: false" for task "views"/);
        assert.deepEqual(await trail(), []);
      });
    }

    it('a savepoint is no end of it, nor is the word in a string or a function', async () => {
      await run({
        text: `savepoint s; ${step('no')} rollback to s; rollback work to savepoint s; ${step('commit; rollback;')}
          create function f() returns int language sql begin atomic select 1; end; do $$ begin null; end $$;`,
      });
      assert.deepEqual(await trail(), ['commit; rollback;']);
    });

    it('what only psql understands is refused before anything runs', async () => {
      home.write('0.sql', step('zero'));
      for (const [text, line] of [
        ['select 1;\n\\i other.sql\n', 2],
        ['\n\ncopy trail (step) from stdin;\na\n\\.\n', 3],
        [`select 1;\nselect :'name';`, 2],
      ] as const) {
        home.write('1.sql', text);
        const { code, place } = (await rejection(run({ files: ['1.sql', '0.sql'] }))).problems[0];
        assert.deepEqual([code, place?.file, place?.line], ['DBB5007', '1.sql', line], text);
        assert.deepEqual(await trail(), []);
      }
    });

    it('a file that is no UTF-8 is refused, and not stored as something else', async () => {
      home.write('0.sql', step('zero'));
      for (const [bytes, line] of [
        [Buffer.from(`${step('a')}\n-- \xe4\n`, 'latin1'), 2],
        [Buffer.from(`\ufeff${step('a')}`, 'utf16le'), 1],
      ] as const) {
        writeFileSync(join(home.folder, '1.sql'), bytes);
        const { code, message, place, help } = (await rejection(run({ files: ['*.sql'] }))).problems[0];
        assert.deepEqual([code, place?.file, place?.line], ['DBB5004', '1.sql', line]);
        assert.match(message, /^"1\.sql" is not UTF-8/);
        assert.match(help ?? '', /iconv/);
        assert.deepEqual(await trail(), []);
      }
    });

    it('scripts share a connection, on which nothing of one is left for the next', async () => {
      await query(test.url, 'create table who (pid int, path text, tz text, role text, temp text)');
      home.write(
        'a.sql',
        `set search_path to pg_catalog; set timezone to 'Asia/Tokyo'; create temp table left_behind ();
         prepare p as select 1; select pg_advisory_lock(7); set role pg_monitor; set session authorization pg_monitor`,
      );
      home.write(
        'b.sql',
        `prepare p as select 2;
         insert into who select pg_backend_pid(), current_setting('search_path'), current_setting('timezone'), current_user, to_regclass('pg_temp.left_behind')::text`,
      );
      home.write('c.sql', 'insert into who select pg_backend_pid()');
      for (const transaction of [true, false]) {
        await query(test.url, 'truncate who');
        memory.ledger.clear();
        await run({ files: ['*.sql'], transaction });
        const [row, next] = await query(test.url, 'select * from who');
        const [plain] = await query(
          test.url,
          `select current_setting('search_path') as path, current_setting('timezone') as tz, current_user::text as role, null as temp`,
        );
        assert.deepEqual({ ...row, pid: 0 }, { ...plain, pid: 0 });
        assert.equal(next?.pid, row?.pid);
      }
    });

    it('the ledger in the database tells the same as the data, whatever role and path the script leaves', async () => {
      const database = new Database(resolveConnection(test.url, {}), {
        applicationName: 'db-bootstrap/test',
      });
      const ledger = databaseLedger(database, 'db_bootstrap', {
        stateDirectory: home.folder,
        readOnly: false,
      });
      await ledger.attach();
      const runWith = (text: string): Promise<unknown> =>
        kind.run(
          Object.create(context({ text }), {
            ledger: { value: ledger.forTask('views') },
          }) as TaskContext<unknown>,
        );
      await runWith(`${step('a')} set session authorization pg_monitor; set search_path to nowhere;`);
      const facts = `select key, value->>'state' as state from db_bootstrap.task_facts where task = 'views'`;
      assert.deepEqual(await query(test.url, facts), [{ key: 'text', state: 'done' }]);
      await rejection(runWith(`${step('b')} select 1/0;`));
      assert.deepEqual(
        [await trail(), await query(test.url, facts)],
        [['a'], [{ key: 'text', state: 'done' }]],
      );
      await database.close();
    });
  });

  describe('statement by statement', () => {
    const options = { files: ['*.sql'], transaction: false };

    it('runs what no transaction takes', async () => {
      home.write('a.sql', `create index concurrently on trail (step);\nvacuum trail;\n${step('a')}`);
      assert.equal((await run(options)).changed, true);
      assert.deepEqual(await trail(), ['a']);
      assert.match(await plan(options), /^up-to-date/);
    });

    it('keeps what was done before a failure, and does not repeat it blindly', async () => {
      home.write('a.sql', `${step('a')}\n${step('b')} select 1/0;\n`);
      const { place, facts } = (await rejection(run(options))).problems[0];
      assert.deepEqual(
        [place?.file, place?.line, place?.column, facts?.sqlstate],
        ['a.sql', 2, step('b').length + 2, '22012'],
      );
      assert.deepEqual(await trail(), ['a', 'b']);
      const again = (await rejection(run(options))).problems[0];
      assert.equal(again.code, 'DBB5008');
      assert.match(again.message, /^"a\.sql" was interrupted in run test/);
      assert.deepEqual(await trail(), ['a', 'b']);
      await run({ ...options, interrupted: 'done' });
      assert.match(await plan(options), /^up-to-date/);
      assert.deepEqual(await trail(), ['a', 'b']);
    });

    it('refuses a transaction that is left open, and a zero byte, before anything runs', async () => {
      for (const [text, line, repaired] of [
        [`begin;\n${step('b')}`, 1, `begin;\n${step('b')}\ncommit;`],
        [`${step('b')}\nbegin; begin;`, 2, step('b')],
        [`${step('b')}\n\n\0${step('lost')}`, 3, step('b')],
      ] as const) {
        memory.ledger.clear();
        await query(test.url, 'truncate trail');
        home.write('a.sql', step('a'));
        home.write('b.sql', text);
        const { code, place } = (await rejection(run(options))).problems[0];
        assert.deepEqual([code, place?.file, place?.line], ['DBB5004', 'b.sql', line]);
        assert.deepEqual(await trail(), []);
        home.write('b.sql', repaired);
        await run(options);
        assert.deepEqual(await trail(), ['a', 'b']);
      }
    });

    it('repeats what can be repeated', async () => {
      home.write('a.sql', 'create table if not exists t (id int);\nselect 1/0;\n');
      for (let tries = 0; tries < 2; tries++) {
        assert.equal((await rejection(run(options))).problems[0].facts?.sqlstate, '22012');
      }
    });

    it('refuses what only psql understands, with its place', async () => {
      home.write('a.sql', `${step('a')}\n\\set x 1\n`);
      const { code, place } = (await rejection(run(options))).problems[0];
      assert.deepEqual([code, place?.file, place?.line], ['DBB5007', 'a.sql', 2]);
      assert.deepEqual(await trail(), []);
    });
  });

  describe('schemas', () => {
    beforeEach(() =>
      query(
        test.url,
        'create schema one; create schema "Two"; create table one.trail (like trail including all); create table "Two".trail (like trail including all)',
      ),
    );

    for (const transaction of [true, false]) {
      it(`each has the script run in it, and a ledger of its own (transaction: ${String(transaction)})`, async () => {
        home.write('a.sql', `${step('a')} create table made ();`);
        const options = (schemas: unknown): Record<string, unknown> => ({
          files: ['a.sql'],
          schemas,
          transaction,
        });
        assert.equal(
          await plan(options(['one', 'Two'])),
          'run | 1 script in 2 schemas to run | one: a.sql | Two: a.sql',
        );
        await run(options(['one']));
        assert.equal(await plan(options(['one', 'Two'])), 'run | 1 script to run | Two: a.sql');
        await run(options(['one', 'Two']));
        assert.deepEqual([await trail('one'), await trail('"Two"'), await trail()], [['a'], ['a'], []]);
        await run(options('public'));
        assert.deepEqual(await trail(), ['a']);
        const tables = await query<{ schema: string }>(
          test.url,
          `select schemaname as schema from pg_tables where tablename = 'made' order by 1`,
        );
        assert.deepEqual(
          tables.map(({ schema }) => schema),
          ['Two', 'one', 'public'],
        );
      });

      it(`one that does not exist is an error, never public instead (transaction: ${String(transaction)})`, async () => {
        home.write('a.sql', step('a'));
        const error = await rejection(run({ files: ['a.sql'], schemas: ['one', 'missing'], transaction }));
        assert.equal(error.message, 'the schema "missing" does not exist');
        assert.deepEqual(
          [error.problems[0].facts?.sqlstate, error.problems[0].facts?.schema],
          ['3F000', 'missing'],
        );
        assert.deepEqual([await trail('one'), await trail()], [['a'], []]);
        assert.match(
          await plan({ files: ['a.sql'], schemas: ['one', 'missing'], transaction }),
          /missing: a\.sql$/,
        );
      });
    }

    it('a failure names the schema', async () => {
      const { notes, facts } = (await rejection(run({ text: 'select 1/0', schemas: ['Two'] }))).problems[0];
      assert.equal(facts?.schema, 'Two');
      assert.ok(notes?.some(({ label, text }) => label === 'schema' && text === 'Two'));
    });

    it('"tenants" are those of the config where no Django is', async () => {
      const project = await openHost({ directory: home.folder, url: test.url });
      const task = djangoTask(project, kind, { options: { text: 'select 1', schemas: 'tenants' } });
      const tenants = { value: [{ schema: 'one' }] };
      const plan = await kind.plan?.(Object.create(task, { tenants }) as TaskContext<unknown>);
      assert.deepEqual(plan?.details, ['one: text']);
      await project.close();
    });

    it('"tenants" are those that Django has, without the public one', async function () {
      this.timeout(60_000);
      const directory = join(process.cwd(), 'examples/django-tenants');
      const project = await openHost({ directory, settings: 'wholesale.settings.test' });
      await migrate(project.forTask(), { schema: 'public' });
      await project.forTask().request('ensureTenants', {
        tenants: ['alpha', 'beta'].map((schema) => ({
          schema,
          domain: `${schema}.example.com`,
          fields: { name: schema },
        })),
        public: { schema: 'public', domain: 'example.com', fields: { name: 'public' } },
        update: false,
        plan: false,
      });
      const task = djangoTask(project, kind, {
        options: { text: 'create table made ()', schemas: 'tenants' },
        memory,
      });
      assert.deepEqual(await kind.run(task), { changed: true, summary: '1 script in 2 schemas run' });
      const made = `select schemaname as schema from pg_tables where tablename = 'made' order by 1`;
      assert.deepEqual(await project.rows(made), [{ schema: 'alpha' }, { schema: 'beta' }]);
      await project.close();
    });
  });

  it('takes either text or files', () => {
    for (const options of [{}, { text: 'select 1', files: ['a.sql'] }]) {
      assert.equal(z.safeParse(kind.options, options).success, false);
    }
  });

  it('is cancelled with its task', async () => {
    const controller = new AbortController();
    const { url } = test;
    const cancelled = kind.run(
      testContext({
        kind,
        root: home.folder,
        url,
        memory,
        options: { text: `${step('a')} select pg_sleep(60)` },
        signal: controller.signal,
      }),
    );
    const active = `select from pg_stat_activity where datname = current_database() and query like '%pg_sleep(60)' and state = 'active'`;
    await until(async () => (await query(url, active)).length > 0);
    controller.abort(new Error('stop'));
    await assert.rejects(cancelled, /stop/);
    assert.deepEqual(await trail(), []);
    assert.deepEqual(memory.ledger.size, 0);
  });
});
