import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, Command, copyExample, type Ended } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { ProjectFiles } from '../support/django-project.js';
import { pythonOf, virtualEnv } from '../support/python.js';
import { until } from '../support/until.js';

interface Json {
  readonly idempotent: boolean | null;
  readonly findings: readonly {
    readonly code: string;
    readonly at: string | null;
    readonly message: string;
    readonly subject: Record<string, string>;
    readonly evidence: readonly string[];
    readonly help: string;
  }[];
  readonly tasks: readonly { readonly name: string; readonly differences: readonly object[] }[];
}

const jsonOf = ({ stdout, stderr }: Ended): Json => {
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as Json;
};

describe('db-bootstrap prove', function () {
  this.timeout(180_000);
  let target: Awaited<ReturnType<typeof createTestDatabase>>;
  let project: ReturnType<typeof makeFolder>;
  const prove = (...args: string[]): Promise<Ended> =>
    bootstrap(['prove', ...args], { cwd: project.folder, env: { DATABASE_URL: target.url } });
  const leftOver = async (): Promise<string[]> =>
    (
      await query<{ name: string }>(
        target.url,
        `select datname as name from pg_database where datname like $1`,
        [`${target.name}_prove_%`],
      )
    ).map(({ name }) => name);
  const config = (run: string): string =>
    [
      'preset: sql',
      'tasks:',
      '  seed:',
      '    use: command',
      `    run: ${JSON.stringify(run)}`,
      '    needs: [init]',
      '',
    ].join('\n');

  beforeEach(async () => {
    target = await createTestDatabase();
    project = makeFolder({
      'docker-entrypoint-initdb.d/01.sql':
        'create table shop (id serial primary key, code text unique, seen timestamptz); create table note (text text);',
    });
  });
  afterEach(async () => {
    project.remove();
    await target.drop();
  });

  it('passes the example with tenants, leaves the target alone, and drops the database that it made', async () => {
    const example = copyExample('django-tenants', await virtualEnv('old'));
    try {
      const ended = await bootstrap(['prove', '--skip', 'venv'], {
        cwd: example.folder,
        env: { DATABASE_URL: target.url },
      });
      assert.equal(ended.code, 0, ended.stdout + ended.stderr);
      assert.match(ended.stdout, /^proven: the second run changed nothing in \d+ tables and \d+ objects$/m);
      assert.match(ended.stdout, /^up to date the second time: init, /m);
    } finally {
      example.remove();
    }
    assert.deepEqual(await leftOver(), []);
    const schemas = await query(target.url, `select from pg_namespace where nspname !~ '^pg_'`);
    assert.equal(schemas.length, 2);
  });

  it('names what a killed proof has left, as doctor does, with the command that removes it', async () => {
    project.write('.bootstraprc.yaml', config('test -z "$HOLD" || { touch held; sleep 60; }'));
    const killed = new Command(['prove'], {
      cwd: project.folder,
      env: { DATABASE_URL: target.url, HOLD: '1' },
    });
    await until(() => existsSync(join(project.folder, 'held')));
    killed.kill('SIGKILL');
    await killed.ended;
    const [left = ''] = await leftOver();
    await query(target.url, 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
      left,
    ]);
    const told = `database "${left}" was left by a proof of database "${target.name}" that was interrupted`;
    const doctor = await bootstrap(['doctor'], { cwd: project.folder, env: { DATABASE_URL: target.url } });
    assert.ok(doctor.stdout.includes(told), doctor.stdout);
    const again = await prove();
    assert.equal(again.code, 0, again.stdout + again.stderr);
    assert.ok(again.stderr.includes(told), again.stderr);
    const [, command = ''] = /help: remove it: (.+)$/m.exec(again.stderr) ?? [];
    execFileSync('sh', ['-c', command.replace('psql', `psql -d '${target.url}'`)]);
    assert.deepEqual(await leftOver(), []);
  });

  it('passes the example of plain SQL', async () => {
    const example = copyExample('sql');
    try {
      const ended = await bootstrap(['prove', '--json'], {
        cwd: example.folder,
        env: { DATABASE_URL: target.url },
      });
      assert.equal(ended.code, 0, ended.stdout + ended.stderr);
      assert.deepEqual([jsonOf(ended).idempotent, jsonOf(ended).findings], [true, []]);
    } finally {
      example.remove();
    }
  });

  it('names the task whose seed inserts without a look, the table and the rows', async () => {
    project.write(
      '.bootstraprc.yaml',
      config(`psql -qc "insert into shop (code) select 'a' || count(*) from shop"`),
    );
    const ended = await prove('--json');
    assert.equal(ended.code, 3, ended.stdout + ended.stderr);
    const { idempotent, findings, tasks } = jsonOf(ended);
    assert.equal(idempotent, false);
    assert.deepEqual(
      findings.map(({ code, at, subject, evidence }) => [code, at, subject, evidence]),
      [
        [
          'DBB5040',
          '.bootstraprc.yaml:4:5',
          { task: 'seed', table: 'public.shop' },
          ['public.shop: 1 row added (id=2)'],
        ],
      ],
    );
    assert.match(findings[0]?.help ?? '', /ON CONFLICT DO NOTHING/);
    assert.deepEqual(
      tasks.filter(({ differences }) => differences.length > 0).map(({ name }) => name),
      ['seed'],
    );
    assert.deepEqual(await leftOver(), []);
  });

  const withOptions = (run: string, ...lines: readonly string[]): string =>
    config(run).replace('    needs', `${lines.map((line) => `    ${line}\n`).join('')}    needs`);
  const insert = `psql -v ON_ERROR_STOP=1 -qc "insert into note values ('x')"`;

  it('executes a command twice whose sources are unchanged: they only save time', async () => {
    project.write('seed.json', '[]');
    project.write('.bootstraprc.yaml', withOptions(insert, 'sources: [seed.json]'));
    const ended = await prove('--json');
    assert.equal(ended.code, 3, ended.stdout + ended.stderr);
    assert.deepEqual(
      jsonOf(ended).findings.map(({ code, subject }) => [code, subject]),
      [['DBB5040', { task: 'seed', table: 'public.note' }]],
    );
    const quiet = `psql -qc "insert into shop (code) values ('a') on conflict do nothing"`;
    project.write('.bootstraprc.yaml', withOptions(quiet, 'sources: [seed.json]'));
    const proven = await prove();
    assert.equal(proven.code, 0, proven.stdout + proven.stderr);
    assert.match(proven.stdout, /^executed again: seed$/m);
    assert.match(proven.stdout, /^done once, by the ledger: init \(executed twice with "--again init"\)$/m);
  });

  it('leaves to the ledger what is done once by it, and executes that twice on demand', async () => {
    project.write('seed.json', '[]');
    project.write('.bootstraprc.yaml', withOptions(insert, 'sources: [seed.json]', 'repeatable: false'));
    const once = await prove();
    assert.equal(once.code, 0, once.stdout + once.stderr);
    assert.match(
      once.stdout,
      /^done once, by the ledger: init, seed \(executed twice with "--again init,seed"\)$/m,
    );
    const twice = await prove('--json', '--again', 'seed');
    assert.equal(twice.code, 3, twice.stdout + twice.stderr);
    assert.deepEqual(
      jsonOf(twice).findings.map(({ subject }) => subject.task),
      ['seed'],
    );
    const scripts = await prove('--json', '--again', 'init,seed');
    const [first] = jsonOf(scripts).findings;
    assert.deepEqual([first?.code, first?.subject.task], ['DBB5041', 'init']);
    const unknown = await prove('--again', 'sed');
    assert.equal(unknown.code, 2);
    assert.match(
      unknown.stderr,
      /^error\[DBB1004\]: there is no task "sed"\n {2}--> --again\n {2}help: did you mean "seed"\?/m,
    );
  });

  it('names the column that is written again, and tables without a key by their count', async () => {
    project.write(
      '.bootstraprc.yaml',
      config(
        `psql -qc "insert into shop (code, seen) values ('a', clock_timestamp()) on conflict (code) do update set seen = excluded.seen" -c "insert into note values ('secret words')"`,
      ),
    );
    const ended = await prove();
    assert.equal(ended.code, 3, ended.stdout + ended.stderr);
    assert.match(ended.stdout, /evidence: public\.note: 1 row added$/m);
    assert.match(ended.stdout, /evidence: public\.shop: 1 row changed in "seen" \(id=1\)$/m);
    assert.doesNotMatch(ended.stdout, /secret words/);
    assert.match(ended.stdout, /^executed again: seed$/m);
  });

  it('tells a volatile column alone by its name', async () => {
    project.write(
      '.bootstraprc.yaml',
      config(
        `psql -qc "insert into shop (code, seen) values ('a', clock_timestamp()) on conflict (code) do update set seen = excluded.seen"`,
      ),
    );
    const { findings } = jsonOf(await prove('--json'));
    assert.deepEqual(
      findings.map(({ subject }) => subject),
      [{ task: 'seed', table: 'public.shop', column: 'seen' }],
    );
    assert.match(findings[0]?.help ?? '', /a value that is the same each time/);
  });

  it('names objects that a task makes anew each time', async () => {
    project.write(
      'make.sql',
      `select 'create table t_' || count(*) || ' (id integer)' from pg_class where relname ~ '^t_' \\gexec\n`,
    );
    project.write('.bootstraprc.yaml', config('psql -qf make.sql'));
    const { findings } = jsonOf(await prove('--json'));
    assert.deepEqual(findings[0]?.evidence, ['table public.t_1 was added']);
  });

  it('tells a task that fails the second time, with the code of its cause', async () => {
    project.write(
      '.bootstraprc.yaml',
      config(`psql -v ON_ERROR_STOP=1 -qc "insert into shop (code) values ('a')"`),
    );
    const ended = await prove('--json');
    assert.equal(ended.code, 3, ended.stdout + ended.stderr);
    const [finding] = jsonOf(ended).findings;
    assert.equal(finding?.code, 'DBB5041');
    assert.equal(finding.subject.task, 'seed');
    assert.match(finding.subject.cause ?? '', /^DBB5\d{3}$/);
  });

  it('ends as the first run does where that fails', async () => {
    project.write('.bootstraprc.yaml', config('exit 7'));
    const ended = await prove();
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^error\[DBB5001\]: /m);
    assert.match(ended.stderr, /nothing is proven: the first run failed/);
    assert.deepEqual(await leftOver(), []);
  });

  it('lets nothing reach the target by a variable that holds its URL or its name', async () => {
    project.write(
      '.bootstraprc.yaml',
      `${config('psql -qd "$APP_URL" -c "create table if not exists t ()" && psql -qd "$DB_NAME" -c "create table if not exists u ()"')}env: { APP_URL: "${target.url}", DB_NAME: ${target.name} }\n`,
    );
    const ended = await prove();
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    const tables = await query(target.url, `select from pg_tables where schemaname = 'public'`);
    assert.equal(tables.length, 0);
  });

  it('leads settings that read another variable to the database of the proof', async () => {
    const files = new ProjectFiles('plain');
    const name = 'os.environ.get("SHOP_DB", "shop")';
    files
      .edit('shop/settings/base.py', '"NAME": _url.path[1:]', `"NAME": ${name}`)
      .edit('shop/settings/base.py', '"PASSWORD": _url.password', '"PASSWORD": os.environ["PGPASSWORD"]')
      .write('.bootstraprc.yaml', `preset: django\ndjango: { python: ${await pythonOf('new')} }\n`);
    files.save(project.folder);
    const ended = await prove('--json');
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    assert.deepEqual([jsonOf(ended).idempotent, jsonOf(ended).findings], [true, []]);
  });

  it('says of a role that it belongs to the whole server, and passes once that is minded', async () => {
    const role = `${target.name}_owner`;
    const script = 'docker-entrypoint-initdb.d/00.sql';
    project.write('.bootstraprc.yaml', 'preset: sql\n');
    project.write(script, `create role ${role};`);
    await query(target.url, `create role ${role}`);
    try {
      const ended = await prove('--json');
      assert.equal(ended.code, 1, ended.stdout + ended.stderr);
      const { idempotent, findings } = jsonOf(ended);
      assert.equal(idempotent, null);
      assert.deepEqual(
        findings.map(({ code, message }) => [code, message]),
        [
          [
            'DBB5057',
            `task "init" makes role "${role}", which the server has already: roles belong to all databases of a server`,
          ],
        ],
      );
      const [, repaired = ''] = /^write "(do \$\$ .* end \$\$)"/.exec(findings[0]?.help ?? '') ?? [];
      project.write(script, `${repaired.replace(' …', '')};`);
      const again = await prove();
      assert.equal(again.code, 0, again.stdout + again.stderr);
    } finally {
      await query(target.url, `drop role ${role}`);
    }
  });

  it('uses a named database only where it is empty, or the guards give it up; and keeps one where asked', async () => {
    project.write('.bootstraprc.yaml', config('true'));
    const own = await createTestDatabase();
    try {
      const first = await prove('--database', own.url);
      assert.equal(first.code, 0, first.stdout + first.stderr);
      const [row] = await query<{ there: boolean }>(
        own.url,
        `select to_regclass('public.shop') is not null as there`,
      );
      assert.equal(row?.there, true);
      const again = await prove('--database', own.url);
      assert.equal(again.code, 1);
      assert.match(again.stderr, /^error\[DBB5042\]: .*guards\.allowDestructive is not true/m);
      const allowed = await prove('--database', own.url, '--set', 'guards.allowDestructive=true');
      assert.equal(allowed.code, 0, allowed.stdout + allowed.stderr);
    } finally {
      await own.drop();
    }
    const kept = await prove('--keep');
    assert.equal(kept.code, 0);
    const [name = ''] = await leftOver();
    assert.match(kept.stderr, new RegExp(`kept: postgres://.*/${name}`));
    await query(target.url, `drop database "${name}"`);
  });
});
