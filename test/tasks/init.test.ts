import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BootstrapError, renderProblem, type Problem } from '../../lib/errors/index.js';
import type { TaskKind } from '../../config/define.js';
import { init } from '../../tasks/init.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { logOf, testContext, testMemory, type TestMemory } from '../support/task-context.js';

const kind = init as unknown as TaskKind;

describe('init', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let root: string;
  let memory: TestMemory;

  before(async () => (database = await createTestDatabase()));
  after(() => database.drop());
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'dbb-init-'));
    memory = testMemory();
    await query(
      database.url,
      'drop schema public cascade; create schema public; create table trail (id serial, step text)',
    );
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function write(files: Record<string, string | Buffer>, folder = 'docker-entrypoint-initdb.d'): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(root, folder), { recursive: true });
      const executable = name.startsWith('x:');
      const path = join(root, folder, executable ? name.slice(2) : name);
      writeFileSync(path, text);
      chmodSync(path, executable ? 0o755 : 0o644);
    }
  }

  interface Extra {
    options?: Record<string, unknown>;
    env?: Record<string, string>;
    base?: Record<string, string>;
  }

  function context(extra: Extra = {}) {
    return testContext({ kind, root, url: database.url, memory, ...extra });
  }

  const run = (extra?: Extra) => kind.run(context(extra));
  const plan = (extra?: Extra) => kind.plan!(context(extra));

  async function failure(extra?: Extra): Promise<Problem> {
    try {
      await run(extra);
    } catch (error) {
      if (error instanceof BootstrapError) return error.problems[0];
      throw error;
    }
    throw new assert.AssertionError({ message: 'the task succeeded' });
  }

  const trail = async (): Promise<string[]> =>
    (await query<{ step: string }>(database.url, 'select step from trail order by id')).map(
      ({ step }) => step,
    );

  const step = (text: string): string => `insert into trail (step) values ('${text}');\n`;

  it('counts scripts that Docker has run as done where that is wanted, once', async () => {
    write({ '1.sql': step('one'), '2.sql': 'selec' });
    const options = { adopt: true };
    assert.deepEqual(await plan({ options }), {
      action: 'run',
      reason: '2 files to be counted as done, unrun (adopt)',
    });
    assert.deepEqual(await run({ options }), {
      changed: false,
      summary: '2 files counted as done, unrun (adopt)',
    });
    assert.deepEqual(await trail(), []);
    assert.equal((await plan()).action, 'up-to-date');
    // From then on the ledger knows them, and what is new is run.
    write({ '3.sql': step('three') });
    await run({ options });
    assert.deepEqual(await trail(), ['three']);
  });

  describe('as the image', () => {
    it('runs each kind of file in order, and ignores the others', async () => {
      write({
        '01-first.sql': step('sql'),
        '02-sourced.sh': 'export COLOUR=blue\n',
        'x:03-executed.sh': '#!/bin/sh\npsql -qc "insert into trail (step) values (\'executed $COLOUR\')"\n',
        'notes.txt': 'hello',
        'UPPER.SQL': 'not sql',
        '.hidden.sql': 'not sql either',
      });
      mkdirSync(join(root, 'docker-entrypoint-initdb.d/sub'));
      const result = await run();
      assert.equal(result.summary, '3 files run, 3 ignored');
      assert.equal(result.changed, true);
      assert.deepEqual(await trail(), ['sql', 'executed blue']);
      assert.ok(logOf(memory).includes('ignored: UPPER.SQL'));
      assert.deepEqual(memory.ledger.size, 3);
    });

    it('gives the variables of the image', async () => {
      write({
        '1.sh':
          'printf "%s\\n" "$POSTGRES_USER" "$POSTGRES_PASSWORD" "$POSTGRES_DB" "$PGPASSWORD" "${POSTGRES_DB_FILE-none}" > "$OUT"\n',
      });
      const out = join(root, 'out');
      writeFileSync(join(root, 'secret'), 'from a file\n\n');
      await run({ env: { OUT: out, POSTGRES_PASSWORD_FILE: join(root, 'secret') } });
      assert.deepEqual(readFileSync(out, 'utf8').split('\n'), [
        'postgres',
        'from a file',
        database.name,
        'p@ss:word/ä',
        'none',
        '',
      ]);
    });

    it('does not let the environment lead to another database', async () => {
      write({ '1.sql': step('here') });
      await run({
        base: {
          PATH: process.env.PATH!,
          POSTGRES_DB: 'elsewhere',
          POSTGRES_USER: 'nobody',
          PGDATABASE: 'elsewhere',
        },
      });
      assert.deepEqual(await trail(), ['here']);
    });

    it('lets the task itself name another database', async () => {
      write({ '1.sql': step('here') });
      const problem = await failure({ env: { POSTGRES_DB: 'dbb_no_such_database' } });
      assert.equal(problem.code, 'DBB5005');
      assert.match(problem.message, /database "dbb_no_such_database" does not exist/);
    });

    it('follows the parts of a connection that the task itself sets, without the password of the workflow', async () => {
      write({
        '1.sh':
          'printf "%s\\n" "$PGHOST" "$PGPORT" "$POSTGRES_USER" "$POSTGRES_DB" "${PGPASSWORD-none}" "${PGSSLMODE-}" > "$OUT"\n',
      });
      const out = join(root, 'out');
      const told = async (env: Record<string, string>): Promise<string[]> => {
        await run({ env: { ...env, OUT: out }, options: { rerun: 'always' } });
        return readFileSync(out, 'utf8').trimEnd().split('\n');
      };
      const url = 'postgres://bob:secret@db.example:5433/shop?sslmode=verify-full';
      assert.deepEqual(await told({ DATABASE_URL: url }), [
        'db.example',
        '5433',
        'bob',
        'shop',
        'secret',
        'verify-full',
      ]);
      assert.deepEqual((await told({ PGHOST: 'other', PGUSER: 'eve' })).slice(0, 5), [
        'other',
        new URL(database.url).port,
        'eve',
        database.name,
        'none',
      ]);
      const alone = await told({ POSTGRES_USER: 'carl', POSTGRES_PASSWORD: 'his own' });
      assert.deepEqual([alone[2], alone[4]], ['carl', 'his own']);
    });

    it('keeps variables, functions and docker_process_sql for sourced files', async () => {
      write({
        '1.sh': 'greet() { echo "insert into trail (step) values (\'$1\')"; }\nOTHER=$POSTGRES_DB\n',
        '2.sh':
          'greet one | docker_process_sql\ndocker_process_sql -c "$(greet two)" --dbname "$OTHER"\n"${psql[@]}" <<< "$(greet three)"\n',
      });
      await run();
      assert.deepEqual(await trail(), ['one', 'two', 'three']);
    });

    for (const shell of ['bash', 'sh']) {
      it(`lets a sourced file run files of its own by docker_process_init_files (${shell})`, async () => {
        write({
          'x:1.sh': '#!/bin/sh\nexit 0\n',
          '2.sh': 'docker_process_init_files "$PWD"/docker-entrypoint-initdb.d/below/*\nDONE=yes\n',
          '3.sh': 'echo "insert into trail (step) values (\'$BELOW $DONE\')" | docker_process_sql\n',
          '4.sql': step('four'),
        });
        write(
          { 'a.sql': step('a'), 'b.sh': 'BELOW=b\n', 'c.txt': 'ignored' },
          'docker-entrypoint-initdb.d/below',
        );
        const programs = ['psql', 'mkfifo', 'rm', 'sh', ...(shell === 'bash' ? ['bash'] : [])];
        const base = { PATH: pathWith(...programs) };
        await run({ base });
        assert.deepEqual(await trail(), ['a', 'b yes', 'four']);
        assert.deepEqual([...memory.ledger.keys()], ['1.sh', '2.sh', '3.sh', '4.sql']);

        // What fails there has failed in the file that was sourced.
        memory.ledger.clear();
        write({ 'a.sql': 'select 1/0;' }, 'docker-entrypoint-initdb.d/below');
        const { message, place } = await failure({ base });
        assert.deepEqual(
          [message, place?.file],
          ['division by zero', 'docker-entrypoint-initdb.d/below/a.sql'],
        );
        assert.deepEqual(
          [...memory.ledger].map(([name, entry]) => [name, (entry as { state: string }).state]),
          [
            ['1.sh', 'done'],
            ['2.sh (attempt)', 'failed'],
          ],
        );

        // And may be borne by it: as in the image, the files behind it run then.
        write({ '2.sh': 'docker_process_init_files "$PWD"/docker-entrypoint-initdb.d/below/* || :\n' });
        await run({ base });
        assert.deepEqual((await trail()).slice(3), ['b ', 'four']);
      });

      it(`gives file_env to sourced files (${shell})`, async () => {
        writeFileSync(join(root, 'secret'), 'it is "s3cret" $HOME\n');
        write({
          '1.sh': [
            'APP_PASSWORD_FILE=secret APP_NAME=given EMPTY=',
            'file_env APP_PASSWORD unused',
            'file_env APP_NAME unused',
            'file_env EMPTY default',
            'file_env NOTHING\n',
          ].join('\n'),
          'x:2.sh':
            '#!/bin/sh\nprintf "%s\\n" "$APP_PASSWORD" "$APP_NAME" "$EMPTY" "${NOTHING-unset}" "${APP_PASSWORD_FILE-gone}" >out\n',
          '3.sh': 'APP_NAME_FILE=secret\nfile_env APP_NAME\n',
        });
        const programs = ['psql', 'mkfifo', 'rm', 'cat', 'sh', ...(shell === 'bash' ? ['bash'] : [])];
        const { message, place } = await failure({ base: { PATH: pathWith(...programs) } });
        assert.equal(message, 'error: both APP_NAME and APP_NAME_FILE are set (but are exclusive)');
        assert.equal(place?.file, 'docker-entrypoint-initdb.d/3.sh');
        assert.equal(
          readFileSync(join(root, 'out'), 'utf8'),
          'it is "s3cret" $HOME\ngiven\ndefault\n\ngone\n',
        );
      });
    }

    it('lets a sourced file end with a bare return', async () => {
      write({ '1.sh': 'return\n', '2.sql': step('two') });
      for (const programs of [['bash', 'sh'], ['sh']]) {
        memory.ledger.clear();
        await run({ base: { PATH: pathWith('psql', 'mkfifo', ...programs) } });
      }
      assert.deepEqual(await trail(), ['two', 'two']);
    });

    it('lets a sourced file redirect later SQL by POSTGRES_DB, but not by PGHOST', async () => {
      write({ '1.sh': 'export PGHOST=nowhere.invalid\n', '2.sql': step('reached') });
      await run();
      assert.deepEqual(await trail(), ['reached']);
    });

    it('decompresses', async () => {
      write({ 'plain.sql': step('gz') });
      const { execFileSync } = await import('node:child_process');
      const folder = join(root, 'docker-entrypoint-initdb.d');
      for (const [program, suffix] of [
        ['gzip', 'gz'],
        ['xz', 'xz'],
        ['zstd', 'zst'],
      ] as const) {
        const text = step(suffix);
        writeFileSync(join(folder, `a.sql.${suffix}`), execFileSync(program, ['-c'], { input: text }));
      }
      rmSync(join(folder, 'plain.sql'));
      await run();
      assert.deepEqual(await trail(), ['gz', 'xz', 'zst']);
    });

    it('works in a plain sh where there is no bash', async () => {
      write({
        '1.sh': 'export COLOUR=red\n',
        '2.sh': 'echo "insert into trail (step) values (\'$COLOUR\')" | docker_process_sql\n',
        '3.sql': step('sql'),
      });
      const { execFileSync } = await import('node:child_process');
      writeFileSync(
        join(root, 'docker-entrypoint-initdb.d/4.sql.gz'),
        execFileSync('gzip', ['-c'], { input: step('gz') }),
      );
      await run({ base: { PATH: pathWith('sh', 'psql', 'mkfifo', 'gunzip', 'gzip', 'rm') } });
      assert.deepEqual(await trail(), ['red', 'sql', 'gz']);
    });
  });

  /** A PATH that holds only the named programs. */
  function pathWith(...programs: string[]): string {
    const folder = mkdtempSync(join(root, 'bin-'));
    for (const program of programs) {
      const found = ['/usr/bin', '/bin'].map((each) => join(each, program)).find((each) => existsSync(each));
      symlinkSync(found!, join(folder, program));
    }
    return folder;
  }

  describe('the ledger', () => {
    it('runs a done file never again, a changed one once where "rerun" says so', async () => {
      write({ '1.sql': step('one'), '2.sql': step('two') });
      await run();
      assert.equal((await plan()).action, 'up-to-date');
      assert.deepEqual((await run()).changed, false);
      write({ '2.sql': step('two, changed') });
      const changed = { options: { rerun: 'changed' } };
      const planned = await plan(changed);
      assert.deepEqual([planned.action, planned.reason], ['run', '1 of 2 files to run: 2.sql']);
      await run(changed);
      assert.deepEqual(await trail(), ['one', 'two', 'two, changed']);
      assert.equal(
        (await plan({ options: { rerun: 'always' } })).reason,
        '2 of 2 files to run: 1.sql, 2.sql',
      );
    });

    it('stops before anything runs where files changed after they were applied', async () => {
      write({ '1.sh': 'export COLOUR=green\n', '2.sql': step('two') });
      await run();
      write({ '1.sh': 'export COLOUR=red\n', '2.sql': step('changed'), '0.sql': step('zero') });
      const problem = await failure();
      assert.deepEqual(
        [problem.code, problem.message],
        [
          'DBB5023',
          '2 scripts have changed since they were applied, the first is "docker-entrypoint-initdb.d/1.sh"',
        ],
      );
      await assert.rejects(plan(), /2 scripts have changed/);
      const context = testContext({ kind, root, url: database.url, memory });
      assert.equal((await kind.preflight?.(context))?.length, 1);
      assert.equal((await kind.accept?.(context))?.length, 2);
      await run();
      assert.deepEqual(await trail(), ['two', 'zero']);
    });

    it('keeps the record of what was applied when a later attempt fails', async () => {
      write({ '1.sql': step('one') });
      await run();
      write({ '1.sql': 'select 1/0;' });
      await failure({ options: { rerun: 'changed' } });
      write({ '1.sql': step('one') });
      for (const rerun of ['never', 'changed'])
        assert.equal((await plan({ options: { rerun } })).action, 'up-to-date');
      assert.deepEqual(await trail(), ['one']);
    });

    it('takes a failed run up at the failed file, and sources what stands before it', async () => {
      write({
        '1.sh': 'export COLOUR=green\n',
        '2.sql': step('two'),
        '3.sh': 'echo "insert into trail (step) values (\'$COLOUR\')" | docker_process_sql\nexit 3\n',
        '4.sql': step('four'),
      });
      const problem = await failure();
      assert.equal(problem.code, 'DBB5005');
      assert.equal(problem.facts?.exitCode, 3);
      assert.deepEqual(problem.notes?.at(-1), { label: 'not done', text: '"4.sql" did not run' });
      write({ '3.sh': 'echo "insert into trail (step) values (\'again $COLOUR\')" | docker_process_sql\n' });
      assert.equal((await plan()).reason, '3 of 4 files to run: 1.sh, 3.sh, 4.sql');
      await run();
      assert.deepEqual(await trail(), ['two', 'green', 'again green', 'four']);
    });

    it('says which file runs before it runs', async () => {
      write({ 'x:1.sh': '#!/bin/sh\nexec sleep 1000\n' });
      const stop = new AbortController();
      const waiting = kind.run(testContext({ kind, root, url: database.url, memory, signal: stop.signal }));
      const set = memory.ledger.set.bind(memory.ledger);
      memory.ledger.set = (key, value) => {
        set(key, value);
        stop.abort();
        return memory.ledger;
      };
      await assert.rejects(waiting, (error: BootstrapError) => error.code === 'DBB5020');
      assert.equal((memory.ledger.get('1.sh (attempt)') as { state: string }).state, 'running');
    });
  });

  describe('an interrupted file', () => {
    const interrupted = (name: string): void =>
      void memory.ledger.set(name, { state: 'running', sha256: 'x', run: 'r1' });

    it('is reported where it cannot be repeated blindly', async () => {
      write({ '1.sql': `create table if not exists a ();\n${step('one')}` });
      interrupted('1.sql');
      assert.match((await plan()).reason, /1\.sql was interrupted/);
      const problem = await failure();
      assert.equal(problem.code, 'DBB5008');
      assert.match(problem.message, /"1\.sql" was interrupted in run r1/);
      assert.match(problem.notes?.[0]?.text ?? '', /line 2 would be done twice: insert into trail/);
      assert.match(problem.help ?? '', /--set tasks\.init\.interrupted=again/);
      assert.deepEqual(await trail(), []);
    });

    it('runs again where its statements may', async () => {
      write({ '1.sql': 'create table if not exists a ();\nselect 1;\n' });
      interrupted('1.sql');
      assert.equal((await run()).summary, '1 file run');
    });

    it('runs again where the config says so, or counts as done', async () => {
      write({ '1.sql': step('one') });
      for (const options of [{ repeatable: true }, { repeatable: ['1.*'] }, { interrupted: 'again' }]) {
        interrupted('1.sql');
        await run({ options });
      }
      assert.deepEqual(await trail(), ['one', 'one', 'one']);
      interrupted('1.sql');
      assert.equal((await run({ options: { interrupted: 'done' } })).changed, false);
      assert.equal((await plan()).action, 'up-to-date');
    });

    it('is reported where it is a shell script, unless that only sets variables', async () => {
      write({ '1.sh': '# colours\nexport COLOUR="light blue"\nset -u\n', '2.sh': 'echo hello\n' });
      interrupted('1.sh');
      interrupted('2.sh');
      const problem = await failure();
      assert.equal(problem.facts?.script, '2.sh');
    });
  });

  describe('a failure', () => {
    it('in SQL has its place, SQLSTATE, statement and output', async () => {
      write({ '1.sql': `select 1;\n\nselect a,\n  nothing\nfrom trail;\n` });
      const problem = await failure();
      assert.equal(problem.code, 'DBB5005');
      assert.equal(problem.message, 'column "a" does not exist');
      assert.deepEqual(problem.place, {
        file: 'docker-entrypoint-initdb.d/1.sql',
        line: 3,
        column: 8,
        length: 1,
        source: 'select a,',
      });
      assert.equal(problem.facts?.sqlstate, '42703');
      assert.equal(problem.facts.statement, 'select a,\n  nothing\nfrom trail;');
      assert.match(problem.output ?? '', /ERROR: {2}column "a" does not exist/);
      assert.doesNotMatch(problem.output ?? '', /LOCATION/);
      assert.equal((memory.ledger.get('1.sql (attempt)') as { state: string }).state, 'failed');
    });

    it('shows no password of a statement', async () => {
      write({ '1.sql': `create role postgres password 's3cret''word';\n` });
      const problem = await failure();
      assert.equal(problem.facts?.sqlstate, '42710');
      assert.doesNotMatch(renderProblem(problem), /s3cret|word';/);
    });

    it('stops at the first failing statement', async () => {
      write({ '1.sql': `${step('before')}selec 1;\n${step('after')}`, '2.sql': step('later') });
      const problem = await failure();
      assert.equal(problem.place?.line, 2);
      assert.deepEqual(await trail(), ['before']);
    });

    it('in a compressed file has its place', async () => {
      write({ 'x.txt': '' });
      const { gzipSync } = await import('node:zlib');
      write({ '1.sql.gz': gzipSync('select 1;\nselect nothing;\n') });
      const problem = await failure();
      assert.equal(problem.place?.line, 2);
      assert.equal(problem.place.source, 'select nothing;');
    });

    it('of a broken archive is one', async () => {
      write({ '1.sql.gz': 'no gzip' });
      const problem = await failure();
      assert.equal(problem.code, 'DBB5005');
      assert.match(problem.message, /not in gzip format/);
    });

    it('of an archive that breaks off has the words of the program that read it', async () => {
      const { execFileSync } = await import('node:child_process');
      const input = Array.from({ length: 1000 }, (_, index) => `select ${String(index)};\n`).join('');
      for (const [name, program, words] of [
        ['1.sql.gz', 'gzip', /unexpected end of file/],
        ['1.sql.xz', 'xz', /Unexpected end of input/],
        ['1.sql.zst', 'zstd', /premature end/],
      ] as const) {
        rmSync(join(root, 'docker-entrypoint-initdb.d'), { recursive: true, force: true });
        memory.ledger.clear();
        const whole = execFileSync(program, ['-qc'], { input });
        write({ [name]: whole.subarray(0, whole.length - 12) });
        const problem = await failure();
        assert.match(problem.message, words);
        assert.equal(problem.place?.file, `docker-entrypoint-initdb.d/${name}`);
      }
    });

    it('in a sourced file names the line', async () => {
      write({ '1.sh': 'echo fine\nno_such_program --help\n' });
      const problem = await failure();
      assert.match(problem.message, /no_such_program: command not found/);
      assert.equal(problem.place?.line, 2);
      assert.equal(problem.facts?.exitCode, 127);
    });

    it('of psql in a shell script has its words', async () => {
      write({
        'x:1.sh': '#!/bin/bash\nset -e\npsql -v ON_ERROR_STOP=1 <<SQL\nselect 1;\nselect nothing;\nSQL\n',
      });
      const problem = await failure();
      assert.equal(problem.message, 'column "nothing" does not exist');
    });

    it('in a file that a script includes, or gives to psql, has its place there', async () => {
      write({ 'table.sql': 'create table t (\n  -- é\n\ta int,\n\tb nothing\n);\n' }, 'more');
      const psql = 'psql -v ON_ERROR_STOP=1 -f more/table.sql\n';
      for (const [name, text] of [
        ['1.sql', step('one') + '\\ir ../more/table.sql\n'],
        ['x:1.sh', `#!/bin/sh\nset -e\n${psql}`],
        ['1.sh', psql],
      ] as const) {
        rmSync(join(root, 'docker-entrypoint-initdb.d'), { recursive: true, force: true });
        memory.ledger.clear();
        write({ [name]: text });
        const { message, place } = await failure();
        assert.equal(message, 'type "nothing" does not exist');
        assert.deepEqual(place, {
          file: 'more/table.sql',
          line: 4,
          column: 4,
          length: 7,
          source: '\tb nothing',
        });
      }
    });

    for (const shell of ['bash', 'sh']) {
      it(`is one also where a sourced file has turned "set -e" off (${shell})`, async () => {
        const { execFileSync } = await import('node:child_process');
        const gz = execFileSync('gzip', ['-c'], { input: step('gz').repeat(5000) });
        const programs = [
          'psql',
          'mkfifo',
          'gunzip',
          'gzip',
          'rm',
          'sh',
          ...(shell === 'bash' ? ['bash'] : []),
        ];
        for (const [name, content] of [
          ['2.sql', 'select 1/0;'],
          ['x:2.sh', '#!/bin/sh\nexit 3\n'],
          ['2.sql.gz', gz.subarray(0, gz.length - 20)],
          ['2.sql.gz', execFileSync('gzip', ['-c'], { input: 'select 1/0; select 2;' })],
        ] as const) {
          rmSync(join(root, 'docker-entrypoint-initdb.d'), { recursive: true, force: true });
          memory.ledger.clear();
          write({
            '1.sh': shell === 'bash' ? 'set +e +o pipefail\n' : 'set +e\n',
            [name]: content,
            '3.sql': step('three'),
          });
          const { code, place } = await failure({ base: { PATH: pathWith(...programs) } });
          const file = name.replace('x:', '');
          assert.deepEqual([code, place?.file], ['DBB5005', `docker-entrypoint-initdb.d/${file}`]);
          assert.equal((memory.ledger.get(`${file} (attempt)`) as { state: string }).state, 'failed');
          assert.ok(!(await trail()).includes('three'));
        }
      });
    }

    it('is an exit with 0 that leaves files behind', async () => {
      write({ '1.sh': 'exit 0\n', '2.sql': step('two') });
      const problem = await failure();
      assert.equal(problem.code, 'DBB5005');
      assert.match(problem.message, /called "exit"/);
      assert.deepEqual(problem.notes?.at(-1)?.text, '"2.sql" did not run');
      assert.deepEqual(await trail(), []);
    });

    it('is not an exit with 0 in the last file, which is only a warning', async () => {
      write({ '1.sql': step('one'), '2.sh': 'exit 0\n' });
      const result = await run();
      assert.match(result.warnings?.[0]?.message ?? '', /called "exit"/);
      assert.equal((await plan()).action, 'up-to-date');
    });

    it('is a first line with a Windows line ending', async () => {
      write({ 'x:1.sh': '#!/bin/sh\r\necho hello\r\n' });
      const problem = await failure();
      assert.match(problem.message, /Windows line ending/);
      assert.equal(problem.place?.line, 1);
      assert.match(problem.help ?? '', /sed/);
    });

    it('is an interpreter that does not exist', async () => {
      write({ 'x:1.sh': '#!/opt/no/such/shell\necho hello\n' });
      assert.match((await failure()).message, /interpreter "\/opt\/no\/such\/shell"/);
    });

    for (const how of ['psql', 'native'] as const) {
      const base = (): Extra =>
        how === 'psql' ? {} : { base: { PATH: pathWith('bash', 'mkfifo', 'xzcat', 'xz') } };
      it(`is a file that would lose work in silence, with its line, before anything runs (${how})`, async () => {
        for (const [text, line, message, repaired] of [
          [
            `begin;\n${step('a')}\n`,
            1,
            /leaves the transaction that begins in line 1 open/,
            `begin;\n${step('a')}\ncommit;`,
          ],
          [
            `${step('a')}\nstart transaction; savepoint s; rollback to s;`,
            3,
            /transaction that begins in line 3/,
            step('a'),
          ],
          [
            `begin; ${step('a')} commit and chain;`,
            1,
            /transaction that begins in line 1/,
            `begin; ${step('a')} commit;`,
          ],
          [`${step('a')}\0${step('lost')}`, 2, /zero byte on line 2/, step('a')],
        ] as const) {
          memory.ledger.clear();
          await query(database.url, 'truncate trail');
          write({ '1.sql': step('one'), '2.sql': text });
          const problem = await failure(base());
          assert.deepEqual([problem.code, problem.place?.line], ['DBB5005', line], text);
          assert.match(problem.message, message);
          assert.deepEqual(await trail(), []);
          write({ '2.sql': repaired });
          await run(base());
          assert.deepEqual(await trail(), ['one', 'a']);
        }
      });
    }

    it('is a transaction that another file or a variable of psql leaves open', async () => {
      for (const [text, repaired] of [
        [`\\i docker-entrypoint-initdb.d/other.txt\n${step('a')}`, 'commit;'],
        [`\\set AUTOCOMMIT off\n${step('a')}`, 'commit;'],
      ] as const) {
        memory.ledger.clear();
        await query(database.url, 'truncate trail');
        write({ 'other.txt': 'begin;', '1.sql': text });
        const { message, help } = await failure();
        assert.match(message, /1\.sql" leaves a transaction open at its end/);
        assert.match(help ?? '', /"commit;"/);
        assert.deepEqual(await trail(), []);
        write({ '1.sql': `${text}\n${repaired}` });
        await run();
        assert.deepEqual(await trail(), ['a']);
      }
    });

    it('is a script for MySQL, for the data directory, or with Windows line ends, before anything runs', async () => {
      for (const [name, text, line, message] of [
        [
          '2.sql',
          'create table a (\n  id int auto_increment primary key\n);',
          2,
          /MySQL or MariaDB.* "auto_increment"/,
        ],
        ['2.sql', 'USE shop;\ncreate table b (id int) ENGINE=InnoDB;', 1, /MySQL or MariaDB.* "USE shop;"/],
        ['2.sql', 'insert into `c` values (1);', 1, /MySQL or MariaDB.* "`c`"/],
        ['2.sh', '# PGDATA\necho "x = 1" >> "$PGDATA/postgresql.conf"\n', 2, /uses \$PGDATA/],
        ['x:2.sh', '#!/bin/sh\ncp a.conf ${PGDATA}/b.conf\n', 2, /uses \$PGDATA/],
        ['2.sh', 'export A=1\nexport B=2\r\n', 2, /Windows line endings/],
      ] as const) {
        rmSync(join(root, 'docker-entrypoint-initdb.d'), { recursive: true, force: true });
        write({ '1.sql': step('one'), [name]: text });
        const problem = await failure();
        assert.deepEqual([problem.code, problem.place?.line], ['DBB5005', line], text);
        assert.match(problem.message, message);
        assert.deepEqual(await trail(), []);
      }
      // What PostgreSQL understands is no other server's, and a script that copes without the variable may run.
      rmSync(join(root, 'docker-entrypoint-initdb.d'), { recursive: true, force: true });
      write({
        '1.sql': `comment on table trail is 'engine=InnoDB and \`x\`';\n${step('one')}`,
        '2.sh': ': "${PGDATA:-none}"\n',
      });
      await run();
      assert.deepEqual(await trail(), ['one']);
    });

    it('is a folder or a dead link with the name of a script, before anything runs', async () => {
      write({ '1.sql': step('one') });
      mkdirSync(join(root, 'docker-entrypoint-initdb.d/2.sql'));
      assert.match((await failure()).message, /is a folder with the name of a script/);
      rmSync(join(root, 'docker-entrypoint-initdb.d/2.sql'), { recursive: true });
      symlinkSync('/no/such/file', join(root, 'docker-entrypoint-initdb.d/2.sql'));
      assert.match((await failure()).message, /link to a file that does not exist/);
      assert.deepEqual(await trail(), []);
    });

    it('names a variable and its _FILE twin that are both set', async () => {
      write({ '1.sql': step('one') });
      const problem = await failure({ env: { POSTGRES_PASSWORD: 'a', POSTGRES_PASSWORD_FILE: '/b' } });
      assert.equal(problem.code, 'DBB5012');
    });

    it('names a _FILE that cannot be read', async () => {
      write({ '1.sql': step('one') });
      const problem = await failure({ env: { POSTGRES_PASSWORD_FILE: '/no/such/secret' } });
      assert.equal(problem.code, 'DBB5009');
    });

    it('names the program that decompresses, before anything runs', async () => {
      write({ '1.sql': step('one'), '2.sql.zst': 'x' });
      const problem = await failure({ base: { PATH: pathWith('bash', 'psql', 'mkfifo') } });
      assert.equal(problem.code, 'DBB5018');
      assert.match(problem.message, /"zstd"/);
      assert.deepEqual(await trail(), []);
    });

    it('is a machine without any shell', async () => {
      write({ '1.sh': 'echo hello\n' });
      assert.equal((await failure({ base: { PATH: pathWith('psql') } })).code, 'DBB5002');
    });
  });

  describe('the folder', () => {
    it('may be missing where nobody named it', async () => {
      assert.deepEqual(await plan(), { action: 'skip', reason: 'no docker-entrypoint-initdb.d' });
    });

    it('may not be missing where the project named it', async () => {
      write({}, 'db-init');
      mkdirSync(join(root, 'db-init'));
      const problem = await failure({ options: { directory: 'db-iint' } });
      assert.equal(problem.code, 'DBB5006');
      assert.equal(problem.help, 'did you mean "db-init"?');
    });

    it('may be empty', async () => {
      mkdirSync(join(root, 'docker-entrypoint-initdb.d'));
      assert.equal((await plan()).action, 'skip');
    });
  });

  describe('without psql', () => {
    const withoutPsql = (): Extra => ({ base: { PATH: pathWith('bash', 'mkfifo', 'xzcat', 'xz', 'zstd') } });

    it('runs SQL statement by statement', async () => {
      const { gzipSync } = await import('node:zlib');
      write({
        '1.sql': `-- a comment; with a semicolon\n${step('ä; one')}vacuum;\ncreate function f() returns int language plpgsql as $$ begin return 1; end $$;\n`,
        '2.sql.gz': gzipSync(step('gz')),
      });
      await run(withoutPsql());
      assert.deepEqual(await trail(), ['ä; one', 'gz']);
    });

    it('keeps the order among shell scripts', async () => {
      write({
        '1.sh': 'echo sourced >> "$OUT"\n',
        '2.sql': step('sql'),
        'x:3.sh': '#!/bin/sh\necho executed >> "$OUT"\n',
      });
      await run({ ...withoutPsql(), env: { OUT: join(root, 'out') } });
      assert.equal(readFileSync(join(root, 'out'), 'utf8'), 'sourced\nexecuted\n');
      assert.deepEqual(await trail(), ['sql']);
    });

    it('refuses a file that is no UTF-8, and stores nothing as something else', async () => {
      write({ '1.sql': step('one'), '2.sql': Buffer.from(`-- ok\n${step('ä')}`, 'latin1') });
      const { code, message, place } = await failure(withoutPsql());
      assert.deepEqual([code, place?.line], ['DBB5005', 2]);
      assert.match(message, /2\.sql" is not UTF-8: line 2 holds the byte 0xE4$/);
      assert.deepEqual(await trail(), []);
    });

    it('places errors', async () => {
      write({ '1.sql': `\ufeffselect 'ä';\nselect 1; select a,\n  nothing from trail;\n` });
      const problem = await failure(withoutPsql());
      assert.equal(problem.code, 'DBB5005');
      assert.equal(problem.facts?.sqlstate, '42703');
      assert.deepEqual([problem.place?.line, problem.place?.column], [2, 18]);
      assert.equal((memory.ledger.get('1.sql (attempt)') as { state: string }).state, 'failed');
    });

    it('takes errors of SQL among shell scripts up the same way', async () => {
      write({ '1.sh': 'A=1\n', '2.sql': 'select nothing;\n', '3.sql': step('three') });
      const problem = await failure(withoutPsql());
      assert.equal(problem.facts?.sqlstate, '42703');
      assert.equal(problem.place?.file, 'docker-entrypoint-initdb.d/2.sql');
    });

    const refused: [string, string, number][] = [
      ['a backslash command', `select 1;\n\\connect other\n`, 2],
      ['a backslash command that sends', `select 'create database x' \\gexec\n`, 1],
      ['data for COPY', `copy trail from stdin;\n1\tone\n\\.\n`, 1],
      ['a variable of psql', `select :'DBNAME';\n`, 1],
    ];
    for (const [what, text, line] of refused) {
      it(`refuses ${what} before anything runs`, async () => {
        write({ '1.sql': step('one'), '2.sql': text });
        const problem = await failure(withoutPsql());
        assert.equal(problem.code, 'DBB5007');
        assert.equal(problem.place?.line, line);
        assert.deepEqual(await trail(), []);
      });
    }

    it('refuses SQL that the task itself leads elsewhere', async () => {
      write({ '1.sql': step('one') });
      assert.equal((await failure({ ...withoutPsql(), env: { PGUSER: 'eve' } })).code, 'DBB5002');
    });

    it('says that psql is missing where a shell script calls it', async () => {
      write({ '1.sh': 'psql -c "select 1"\n' });
      assert.match((await failure(withoutPsql())).message, /calls psql, which is not on the PATH/);
    });
  });
});
