import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, runEnd, type Ended } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, query } from '../support/postgres.js';

const config = `
preset: sql
tasks:
  schema: { use: sql, text: create table if not exists shelf (id int), needs: [init] }
  check-extensions: { extensions: [hstore] }
  check-roles: { roles: [postgres] }
  seed: { use: command, run: echo seeded, needs: [schema], enabled: false }
`;

const presetChecks = ['sequences', 'constraints', 'indexes', 'extensions', 'roles'].map(
  (name) => `check-${name}`,
);

describe('the command line', function () {
  this.timeout(60_000);
  let project: ReturnType<typeof makeFolder>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const run = (...args: string[]): Promise<Ended> =>
    bootstrap(args, { cwd: project.folder, env: { DATABASE_URL: database.url } });

  before(async () => {
    project = makeFolder({ '.bootstraprc': config });
    database = await createTestDatabase();
  });
  after(async () => {
    await database.drop();
    project.remove();
  });

  describe('usage errors', () => {
    const cases: readonly (readonly [args: string, code: string, help: string])[] = [
      ['rnu', 'DBB1002', 'did you mean "db-bootstrap run"?'],
      ['xylophone', 'DBB1002', 'run "db-bootstrap --help"'],
      ['help rnu', 'DBB1002', 'did you mean "db-bootstrap run"?'],
      ['--skip seed check', 'DBB1002', 'put it first: "db-bootstrap check …"'],
      ['db strat', 'DBB1002', 'did you mean "db start"?'],
      ['run --confg x', 'DBB1001', 'did you mean "--config"?'],
      ['plan --jsn', 'DBB1001', 'did you mean "--json"?'],
      ['--hlep', 'DBB1001', 'did you mean "--help"?'],
      ['plan --concurrency 3', 'DBB1001', 'run "db-bootstrap plan --help"'],
      ['run --config', 'DBB1003', 'run "db-bootstrap run --help"'],
      ['plan one two', 'DBB1003', 'run "db-bootstrap plan --help"'],
      ['graph --format jsn', 'DBB1003', 'did you mean "json"?'],
      ['graph --format svg', 'DBB1003', 'use one of text, mermaid, dot, json'],
      ['run --reporter ndjsn', 'DBB1003', 'did you mean "ndjson"?'],
      ['run --on-failure stpo', 'DBB1003', 'did you mean "stop"?'],
      ['run --concurrency many', 'DBB1003', 'write a number here'],
      ['run --timeout soon', 'DBB1003', 'write a number and a unit'],
      ['run --wait-lock 60', 'DBB1003', 'write the unit: 60s'],
      ['run --wait-lock soon', 'DBB1003', 'write a number and a unit'],
      ['run --set nonsense', 'DBB1003', '--set tasks.flush.enabled=true'],
      ['run --only sed', 'DBB1004', 'did you mean "seed"?'],
      ['check --only check-role', 'DBB1004', 'did you mean "check-roles"?'],
      // What a script's empty variable leaves: as if nothing were chosen, nothing would run, and all would be well.
      ['run --only ', 'DBB1004', 'the tasks are'],
      ['run --only ,', 'DBB1004', 'the tasks are'],
      ['run --skip ', 'DBB1004', 'the tasks are'],
      ['check --from ', 'DBB1004', 'the tasks are'],
      ['run --config .bootstraprc/x', 'DBB2018', 'name a file that exists'],
      ['explain DBB400', 'DBB1005', 'did you mean "DBB4001"?'],
      ['--cwd nowhere', 'DBB1007', 'name the folder'],
      ['db', 'DBB1008', 'run "db-bootstrap db --help"'],
      ['exec', 'DBB1008', 'run "db-bootstrap exec --help"'],
    ];
    for (const [args, code, help] of cases) {
      it(`"${args}" is ${code} and exit 2`, async () => {
        const { code: exit, stdout, stderr } = await run(...args.split(' '));
        assert.match(stderr, new RegExp(`^error\\[${code}\\]: `));
        assert.ok(stderr.includes(help), stderr);
        assert.equal(stdout, '');
        assert.equal(exit, 2);
        assert.doesNotMatch(stderr, /^ +at /m);
      });
    }
  });

  for (const command of ['run', 'init', 'explain DBB1001']) {
    it(`"${command}" in a folder that was removed is DBB1007`, () => {
      const gone = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
      const words = [process.execPath, resolve('dist/bin/db-bootstrap.js'), ...command.split(' ')];
      const ended = spawnSync('/bin/sh', ['-c', gone, 'sh', ...words], { cwd: project.folder });
      assert.match(
        String(ended.stderr),
        /^error\[DBB1007\]: the working directory does not exist any more\n {2}help: /m,
      );
      assert.equal(ended.status, 2);
    });
  }

  it('a folder that this user may not look into is DBB2018', () => {
    // Root may look into any.
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const closed = makeFolder({ '.bootstraprc': config });
    chmodSync(closed.folder, 0);
    try {
      for (const where of [
        ['--cwd', closed.folder],
        ['--config', join(closed.folder, '.bootstraprc')],
      ]) {
        const words = [resolve('dist/bin/db-bootstrap.js'), 'run', ...where];
        const ended = spawnSync(process.execPath, words, { cwd: '/', ...user });
        assert.match(
          String(ended.stderr),
          /^error\[DBB2018\]: .*: this user may not .*\n {2}--> .*\n {2}help: /m,
        );
        assert.doesNotMatch(String(ended.stderr), /^ +at /m);
        assert.equal(ended.status, 2);
      }
    } finally {
      chmodSync(closed.folder, 0o700);
      closed.remove();
    }
  });

  describe('--help and --version', () => {
    /** The packages that the source loads; the joined file evaluates what it imports late as late. */
    const loadedBy = async (...args: string[]): Promise<{ code: number | null; packages: Set<string> }> => {
      const log = makeFolder({ loaded: '' });
      const file = join(log.folder, 'loaded');
      const preload = pathToFileURL(resolve('test/fixtures/loaded-modules.mjs')).href;
      const child = spawn(
        process.execPath,
        ['--import=tsx', `--import=${preload}`, 'test/fixtures/from-source.ts', ...args],
        { stdio: 'ignore', env: { ...process.env, DATABASE_URL: database.url, LOADED: file } },
      );
      const [code] = (await once(child, 'close')) as [number | null];
      const names = [...readFileSync(file, 'utf8').matchAll(/\/node_modules\/((?:@[^/\n]+\/)?[^/\n]+)/g)];
      log.remove();
      const packages = new Set(
        names.flatMap(([, name = '']) => (/^(?:tsx|@?esbuild)/.test(name) ? [] : [name])),
      );
      return { code, packages };
    };

    for (const args of [['--help'], ['--version'], ['-h'], ['-V']]) {
      it(`${args.join(' ')} loads nothing but commander`, async () => {
        const { code, packages } = await loadedBy(...args);
        assert.equal(code, 0);
        assert.deepEqual([...packages], ['commander']);
        const ended = await run(...args);
        assert.equal(ended.code, 0);
        assert.equal(ended.stderr, '');
      });
    }

    it('a run loads pg, and listr2 only where it draws', async () => {
      const where = ['--cwd', project.folder];
      const { code, packages } = await loadedBy('run', ...where, '--reporter', 'silent', '--only', 'wait');
      assert.equal(code, 0);
      assert.ok(packages.has('pg'));
      assert.ok(!packages.has('listr2'));
    });

    it('the help of a command is the same in all three ways', async () => {
      const [flag, command, short] = await Promise.all([
        run('plan', '--help'),
        run('help', 'plan'),
        run('plan', '-h'),
      ]);
      assert.match(flag.stdout, /Usage: db-bootstrap plan/);
      assert.deepEqual([command, short], [flag, flag]);
      assert.equal((await run('help')).stdout, (await run('--help')).stdout);
    });

    it('--help names every command, the first steps and the exit codes', async () => {
      const { stdout } = await run('--help');
      for (const name of [
        'run',
        'exec',
        'plan',
        'check',
        'graph',
        'config',
        'init',
        'explain',
        'db',
        'help',
        'doctor',
        'prove',
        'status',
        'record',
      ])
        assert.match(stdout, new RegExp(`^  ${name}\\b`, 'm'));
      assert.match(stdout, /First steps:/);
      assert.match(stdout, /Exit codes:/);
      assert.ok(stdout.split('\n').every((line) => line.length <= 80));
    });

    it('--version prints the version of package.json', async () => {
      const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
      assert.equal((await run('--version')).stdout, `${version}\n`);
    });
  });

  describe('for machines', () => {
    it('plan --json, before anything was done', async () => {
      const { code, stdout, stderr } = await run('plan', '--json');
      assert.equal(code, 0, stderr);
      const { tasks, ...rest } = JSON.parse(stdout) as { tasks: Record<string, unknown>[] };
      assert.deepEqual(rest, {});
      assert.deepEqual(
        tasks.map(({ name, use, needs, action }) => ({ name, use, needs, action })),
        [
          { name: 'wait', use: 'wait', needs: [], action: 'run' },
          { name: 'init', use: 'init', needs: ['wait'], action: 'skip' },
          { name: 'schema', use: 'sql', needs: ['init'], action: 'run' },
          { name: 'seed', use: 'command', needs: ['schema'], action: 'skip' },
          ...['sequences', 'constraints', 'indexes', 'extensions', 'roles'].map((name) => ({
            name: `check-${name}`,
            use: `check-${name}`,
            needs: ['init'],
            action: 'run',
          })),
        ],
      );
      for (const task of tasks) {
        assert.deepEqual(Object.keys(task), ['name', 'use', 'needs', 'action', 'reason']);
        assert.equal(typeof task.reason, 'string');
      }
      assert.equal((await run('plan', '--exit-code')).code, 3);
    });

    it('check --json: a finding with its subject, exit 3', async () => {
      const { code, stdout } = await run('check', '--json');
      assert.equal(code, 3);
      const { checks, ...rest } = JSON.parse(stdout) as {
        checks: { name: string; status: string; findings: Record<string, unknown>[] }[];
      };
      assert.deepEqual(rest, {});
      assert.deepEqual(
        checks.map(({ name, status, findings }) => ({ name, status, findings: findings.length })),
        [
          { name: 'sequences', status: 'passed', findings: 0 },
          { name: 'constraints', status: 'passed', findings: 0 },
          { name: 'indexes', status: 'passed', findings: 0 },
          { name: 'extensions', status: 'failed', findings: 1 },
          { name: 'roles', status: 'passed', findings: 0 },
        ],
      );
      for (const check of checks) assert.deepEqual(Object.keys(check), ['name', 'status', 'findings']);
      const finding = checks.find(({ name }) => name === 'extensions')?.findings[0] ?? {};
      assert.deepEqual(Object.keys(finding), ['code', 'severity', 'subject', 'message', 'help']);
      assert.equal(finding.code, 'DBB5013');
      assert.equal(finding.severity, 'error');
      assert.deepEqual(finding.subject, { extension: 'hstore' });
    });

    it('check for people names each check, and what is missing once', async () => {
      const { code, stdout } = await run('check');
      assert.equal(code, 3);
      assert.match(stdout, /^FAILED {2}extensions: /m);
      assert.match(stdout, /^passed {2}roles: /m);
      assert.equal(stdout.split('error[DBB5013]').length, 2);
    });

    for (const flag of [['--reporter', 'ndjson'], ['--json']]) {
      it(`run ${flag.join(' ')}: events alone, the last of them run.end`, async () => {
        const { code, stdout } = await run('run', '--skip', 'check-extensions', ...flag);
        assert.equal(code, 0, stdout);
        const end = runEnd(stdout);
        assert.equal(end.v, 1);
        assert.equal(end.status, 'succeeded');
        const statuses = end.tasks.map(({ name, status }) => `${name} ${status}`);
        assert.deepEqual(statuses, [
          'wait succeeded',
          'init skipped',
          `schema ${flag[0] === '--json' ? 'up-to-date' : 'succeeded'}`,
          'seed skipped',
          'check-sequences succeeded',
          'check-constraints succeeded',
          'check-indexes succeeded',
          'check-extensions skipped',
          'check-roles succeeded',
        ]);
        for (const task of end.tasks) {
          for (const key of ['name', 'use', 'status', 'reason'] as const)
            assert.equal(typeof task[key], 'string', key);
          for (const key of ['attempts', 'ms'] as const) assert.equal(typeof task[key], 'number', key);
          assert.equal(typeof task.changed, 'boolean');
        }
      });
    }

    it('what is nothing of the run stays off standard output when it fails before the run', async () => {
      for (const args of [
        ['run', '--json'],
        ['plan', '--json'],
        ['check', '--json'],
        ['graph', '--format', 'json'],
      ]) {
        const { code, stdout, stderr } = await run(...args, '--set', 'concurrency=0');
        assert.equal(code, 2);
        assert.equal(stdout, '');
        assert.match(stderr, /^error\[DBB\d{4}\]/);
      }
    });

    it('a failed run tells its end as well, and nothing else', async () => {
      const { code, stdout } = await run('run', '--json');
      assert.equal(code, 3);
      const end = runEnd(stdout);
      assert.equal(end.status, 'failed');
      const failed = end.tasks.find(({ name }) => name === 'check-extensions');
      assert.equal(failed?.status, 'failed');
      assert.equal(failed.problems?.[0]?.code, 'DBB5013');
    });

    it('graph --format json: nodes and edges', async () => {
      const { code, stdout } = await run('graph', '--format', 'json');
      assert.equal(code, 0);
      const { nodes, edges, ...rest } = JSON.parse(stdout) as {
        nodes: { name: string }[];
        edges: { from: string; to: string; type: string }[];
      };
      assert.deepEqual(rest, {});
      assert.deepEqual(
        nodes.map(({ name }) => name),
        ['wait', 'init', 'schema', 'seed', ...presetChecks],
      );
      assert.deepEqual(
        edges.map(({ from, to, type }) => `${from} ${type} ${to}`),
        [
          'wait needs init',
          'init needs schema',
          'schema needs seed',
          ...presetChecks.flatMap((name) => [
            `init needs ${name}`,
            `wait after ${name}`,
            `schema after ${name}`,
          ]),
        ],
      );
    });
  });

  describe('graph', () => {
    const first = { text: /^wait ─► init ─► /, mermaid: /^flowchart LR\n/, dot: /^digraph workflow \{\n/ };
    for (const [format, pattern] of Object.entries(first)) {
      it(`draws ${format}, with every task`, async () => {
        const { code, stdout, stderr } = await run('graph', '--format', format);
        assert.equal(code, 0, stderr);
        assert.match(stdout, pattern);
        for (const name of ['init', ...presetChecks, 'schema', 'seed'])
          assert.ok(stdout.includes(name), name);
      });
    }
  });

  describe('config', () => {
    it('prints what holds, as YAML and as JSON, without the password', async () => {
      const password = decodeURIComponent(new URL(database.url).password);
      const [yaml, json, explained] = await Promise.all([
        run('config', '--set', `database=${database.url}`),
        run('config', '--json', '--set', `database=${database.url}`),
        run('config', '--explain', '--set', `database=${database.url}`),
      ]);
      assert.match(yaml.stdout, /^preset: sql$/m);
      const parsed = JSON.parse(json.stdout) as { preset: string; database: string; reporter?: string };
      assert.equal(parsed.preset, 'sql');
      assert.match(parsed.database, /:\*\*\*@/);
      assert.equal(parsed.reporter, undefined, 'a flag of this command is no part of the config');
      assert.match(explained.stdout, /^preset = "sql" +# \.bootstraprc:2$/m);
      assert.match(explained.stdout, /^tasks\.wait\.use = "wait" +# preset sql:\d+$/m);
      for (const { code, stdout } of [yaml, json, explained]) {
        assert.equal(code, 0);
        assert.ok(!stdout.includes(password) && !stdout.includes(encodeURIComponent(password)), stdout);
      }
    });

    it('--explain --json is a document of the same, for machines', async () => {
      const { code, stdout } = await run('config', '--explain', '--json', '--set', 'concurrency=3');
      assert.equal(code, 0);
      const { values } = JSON.parse(stdout) as {
        values: { key: string; value: unknown; origin: object }[];
      };
      const said = values.find(({ key }) => key === 'concurrency');
      assert.deepEqual([said?.value, said?.origin], [3, { layer: '--set concurrency' }]);
    });

    it('--schema is the schema of this project', async () => {
      const { code, stdout } = await run('config', '--schema');
      assert.equal(code, 0);
      const schema = JSON.parse(stdout) as { properties: Record<string, unknown> };
      for (const key of ['preset', 'database', 'tasks', 'profiles']) assert.ok(key in schema.properties, key);
    });
  });

  describe('plan for people', () => {
    it('tells each task with its whole reason where no terminal is too narrow for it', async () => {
      const { stdout } = await run('plan');
      assert.match(stdout, /^run +wait +waits for postgres:\/\/\S+$/m);
      assert.doesNotMatch(stdout, /…/);
      assert.match(stdout, /\n\n\d+ to run, \d+ up to date, \d+ skipped\n$/);
    });

    it('writes nothing', async () => {
      const fresh = await createTestDatabase();
      try {
        const { code } = await bootstrap(['plan'], { cwd: project.folder, env: { DATABASE_URL: fresh.url } });
        assert.equal(code, 0);
        const rows = await query(fresh.url, `select 1 from pg_namespace where nspname = 'db_bootstrap'`);
        assert.deepEqual(rows, []);
      } finally {
        await fresh.drop();
      }
    });

    it('fails for what no task before it will cure', async () => {
      const django = makeFolder({
        '.bootstraprc': 'preset: django\n',
        'manage.py': "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
      });
      try {
        const { code, stderr } = await bootstrap(['plan', '--set', 'django.python=/nowhere/python'], {
          cwd: django.folder,
          env: { DATABASE_URL: database.url },
        });
        assert.match(stderr, /^error\[DBB6001\]/);
        assert.equal(code, 1);
      } finally {
        django.remove();
      }
    });
  });

  describe('init', () => {
    it('writes a config that holds, and never overwrites it', async () => {
      const empty = makeFolder({ 'docker-entrypoint-initdb.d/01.sql': 'select 1;\n' });
      try {
        const here = { cwd: empty.folder, env: { DATABASE_URL: database.url } };
        const first = await bootstrap(['init'], here);
        assert.equal(first.code, 0, first.stderr);
        assert.match(first.stdout, /wrote \.bootstraprc\.yaml\nnext: npx db-bootstrap\n$/);
        const written = readFileSync(join(empty.folder, '.bootstraprc.yaml'), 'utf8');
        const plan = await bootstrap(['plan'], here);
        assert.equal(plan.code, 0, plan.stderr);
        assert.match(plan.stdout, /^run +init +1 of 1 file to run: 01\.sql$/m);

        const second = await bootstrap(['init'], here);
        assert.match(second.stderr, /^error\[DBB1006\]: \.bootstraprc\.yaml exists already/);
        assert.equal(second.code, 2);
        assert.equal(readFileSync(join(empty.folder, '.bootstraprc.yaml'), 'utf8'), written);
      } finally {
        empty.remove();
      }
    });
  });

  describe('explain', () => {
    it('prints a page, however the code is written, without colour in a pipe', async () => {
      const pages = await Promise.all(['DBB4002', 'dbb4002', '4002'].map((code) => run('explain', code)));
      assert.match(pages[0]?.stdout ?? '', /^DBB4002: the password is wrong\n/);
      for (const { code, stdout } of pages) {
        assert.equal(code, 0);
        assert.equal(stdout, pages[0]?.stdout);
        assert.doesNotMatch(stdout, /\u001b/);
      }
      assert.match((await run('explain', '4002', '--color')).stdout, /\u001b\[1m/);
    });

    it('lists all codes', async () => {
      const { stdout } = await run('explain');
      assert.match(stdout, /^DBB1001 {2}unknown option\n/);
      assert.match(stdout, /\nDBB9002 {2}an error that nobody caught\n$/);
    });
  });
});
