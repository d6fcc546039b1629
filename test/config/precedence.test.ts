import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Json } from '../../config/define.js';
import { mergeSources, sourceOf } from '../../config/merge.js';
import { plainSource } from '../../config/source.js';
import { resolveConnection } from '../../lib/postgres/index.js';
import { load, problemsOf, shown, type Asked } from './project.js';

const files = {
  'first.yaml': 'grace: 1s\nconcurrency: 1\n',
  'second.yaml': 'concurrency: 2\nenv: { A: second, B: second }\n',
  '.bootstraprc': [
    'preset: sql',
    'extends: [./first.yaml, ./second.yaml]',
    'concurrency: 3',
    'env: { B: project }',
    'tasks:',
    '  init: { timeout: 3s }',
    '  seed: { use: command, run: project, needs: [wait, init] }',
    'profiles:',
    '  ci:',
    '    concurrency: 4',
    '    tasks: { seed: { needs: [wait] }, check-roles: null }',
    '',
  ].join('\n'),
};

describe('precedence of layers', () => {
  const env = { CI: 'true', DATABASE_URL: 'postgres://localhost/app' };
  const cases: readonly (readonly [what: string, asked: Asked, expected: number])[] = [
    ['the project file over what it extends', {}, 3],
    ['a profile over the project file', { profile: 'ci' }, 4],
    ['a profile that a variable names', { env: { ...env, DB_BOOTSTRAP_PROFILE: 'ci' } }, 4],
    ['a variable over a profile', { profile: 'ci', env: { ...env, DB_BOOTSTRAP_CONCURRENCY: '5' } }, 5],
    [
      'a flag over a variable',
      { flags: { concurrency: '6' }, env: { ...env, DB_BOOTSTRAP_CONCURRENCY: '5' } },
      6,
    ],
    ['--set over a variable', { set: ['concurrency=7'], env: { ...env, DB_BOOTSTRAP_CONCURRENCY: '5' } }, 7],
  ];
  for (const [what, asked, expected] of cases) {
    it(`takes ${what}`, async () => {
      assert.equal((await load(files, asked)).concurrency, expected);
    });
  }

  it('merges objects, replaces lists, and removes what null stands for', async () => {
    const plain = await load(files);
    assert.deepEqual([plain.env.A, plain.env.B, plain.grace], ['second', 'project', 1000]);
    assert.deepEqual(plain.tasks.get('seed')?.needs, ['wait', 'init']);
    assert.deepEqual([plain.tasks.get('init')?.needs, plain.tasks.get('init')?.timeout], [['wait'], 3000]);
    const ci = await load(files, { profile: 'ci' });
    assert.deepEqual(ci.tasks.get('seed')?.needs, ['wait']);
    assert.equal(ci.tasks.has('check-roles'), false);
    assert.equal(plain.tasks.has('check-roles'), true);
  });

  it('refuses keys without a value that take nothing away', async () => {
    const problems = await problemsOf(
      'tasks:\n  wait:\n  a: { use: command, run: x, timeot: }\nconcurency:\ngrace:\nguards: { host: }\n',
    );
    assert.deepEqual(problems.map(shown), [
      [
        'DBB2004 .bootstraprc:2:3 [wait] task "wait" is empty, and no layer below has such a task to take away',
        'write {} for a task without options, or take the line out',
      ],
      ['DBB2003 .bootstraprc:3:30 [timeot] unknown key "timeot" in tasks.a', 'did you mean "timeout"?'],
      ['DBB2003 .bootstraprc:4:1 [concurency] unknown key "concurency"', 'did you mean "concurrency"?'],
      ['DBB2003 .bootstraprc:6:11 [host] unknown key "host" in guards', 'did you mean "hosts"?'],
    ]);
  });

  it('reads variables of the environment as keys', async () => {
    const workflow = await load(files, {
      env: {
        ...env,
        DB_BOOTSTRAP_TASKS__CHECK_ROLES__ENABLED: 'false',
        DB_BOOTSTRAP_TASKS__SEED__ON_FAILURE: 'warn',
        DB_BOOTSTRAP_ENV__DJANGO_SETTINGS_MODULE: 'x.y',
        DB_BOOTSTRAP_GUARDS__HOSTS: '[a, b]',
        DB_BOOTSTRAP_DATABASE: 'postgres://u:p@h/d?x=#1',
        DB_BOOTSTRAP_RUN: 'an-outer-run',
      },
    });
    assert.equal(workflow.tasks.get('check-roles')?.enabled, false);
    assert.equal(workflow.tasks.get('seed')?.onFailure, 'warn');
    assert.equal(workflow.env.DJANGO_SETTINGS_MODULE, 'x.y');
    assert.deepEqual(workflow.guards.hosts, ['a', 'b']);
    assert.deepEqual(workflow.database, { kind: 'url', url: 'postgres://u:p@h/d?x=#1' });
  });

  it('refuses variables that name no key', async () => {
    const problems = await problemsOf(files, {
      env: { ...env, DB_BOOTSTRAP_CONCURENCY: '1', DB_BOOTSTRAP_TASKS__SEDE__TIMEOUT: '1s' },
    });
    assert.deepEqual(
      problems.map((problem) => [shown(problem)[0].split(' ').slice(0, 2).join(' '), problem.help]).sort(),
      [
        ['DBB2003 DB_BOOTSTRAP_CONCURENCY', 'did you mean "DB_BOOTSTRAP_CONCURRENCY"?'],
        ['DBB2012 DB_BOOTSTRAP_TASKS__SEDE__TIMEOUT', 'did you mean "seed"?'],
      ],
    );
  });

  it('sets nested values, lists and texts by --set', async () => {
    const workflow = await load(files, {
      set: [
        'tasks.seed.run=echo a=b, c: d',
        'tasks.seed.retry.attempts=4',
        'guards.hosts=[x, y]',
        'env.NOTE=a # b',
        'env.QUOTED="12"',
        'tasks.init.enabled=false',
        'tenants=[{ schema: t1 }]',
      ],
    });
    assert.equal((workflow.tasks.get('seed')?.options as { run: string }).run, 'echo a=b, c: d');
    assert.equal(workflow.tasks.get('seed')?.retry.attempts, 4);
    assert.deepEqual(workflow.guards.hosts, ['x', 'y']);
    assert.deepEqual([workflow.env.NOTE, workflow.env.QUOTED], ['a # b', '12']);
    assert.equal(workflow.tasks.get('init')?.enabled, false);
    assert.deepEqual(workflow.tenants, [{ schema: 't1' }]);
  });

  it('refuses what is no setting', async () => {
    const said = async (asked: Asked): Promise<string[]> =>
      (await problemsOf(files, asked)).map((problem) => shown(problem)[0]);
    assert.deepEqual(await said({ set: ['concurrency', '=3', 'a..b=1'] }), [
      'DBB1003 --set "concurrency" is not key=value',
      'DBB1003 --set "=3" is not key=value',
      'DBB1003 --set "a..b=1" is not key=value',
    ]);
    assert.deepEqual(await said({ set: ['extends=x'] }), [
      'DBB1003 --set extends "extends" can stand in a config file only',
    ]);
    assert.deepEqual(await said({ flags: { concurrency: '0' } }), [
      'DBB1003 --concurrency concurrency must be at least 1',
    ]);
    assert.deepEqual(await said({ flags: { timeout: '30' } }), ['DBB1003 --timeout timeout is no duration']);
    const [policy] = await problemsOf(files, { flags: { onFailure: 'continu', reporter: 'githb' } });
    assert.deepEqual([policy?.place?.file, policy?.help], ['--on-failure', 'did you mean "continue"?']);
  });

  it('has the value of the strongest layer that sets it, whatever the layers are', () => {
    const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<Json>(1, 'x', true, null),
        fc.array(fc.nat(3), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3 }),
      ),
    }));
    const layer = fc.dictionary(key, value, { maxKeys: 4 });
    fc.assert(
      fc.property(fc.array(layer, { maxLength: 5 }), (layers) => {
        const sources = layers.map((data, index) => plainSource(String(index), data));
        const merged = mergeSources(sources);
        const expected = layers.reduce<Json>(over, {});
        assert.deepEqual(entriesOf(merged.data), entriesOf(expected));
        assert.equal(({} as Record<string, unknown>).polluted, undefined);
        assert.deepEqual(Object.keys(Object.prototype), []);
        // The origin of a scalar is the last layer that has it there.
        for (const [name, item] of Object.entries(merged.data)) {
          if (item !== null && typeof item === 'object') continue;
          const last = layers.findLastIndex((data) => Object.hasOwn(data, name));
          assert.equal(sourceOf(merged, [name])?.label, String(last));
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** What merging means, said in another way: on pairs, from the weaker to the stronger. */
function over(weak: Json, strong: Json): Json {
  if (!isMapping(weak) || !isMapping(strong)) return isMapping(strong) ? over({}, strong) : strong;
  const names = [...new Set([...Object.keys(weak), ...Object.keys(strong)])];
  return Object.fromEntries(
    names.flatMap((name) => {
      const below = Object.hasOwn(weak, name) ? weak[name] : undefined;
      if (!Object.hasOwn(strong, name)) return [[name, below as Json]];
      const above = strong[name] as Json;
      return above === null ? [] : [[name, over(below ?? {}, above)]];
    }),
  );
}

function isMapping(value: Json): value is Record<string, Json> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Deep equality by entries: `__proto__` as a key counts, the order does not. */
function entriesOf(value: Json): unknown {
  if (!isMapping(value)) return value;
  return Object.entries(value)
    .map(([key, item]) => [key, entriesOf(item)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

describe('where the database comes from', () => {
  const task = 'tasks: { wait: {} }\n';
  const url = async (
    config: string,
    env: NodeJS.ProcessEnv,
    set: readonly string[] = [],
  ): Promise<string> => {
    const { database, env: whole } = await load(config, { env, set });
    if (database.kind !== 'url') return database.kind;
    const { host, port, user, database: name } = resolveConnection(database.url, whole);
    return `${user}@${host}:${port}/${name}`;
  };
  const pg = { PGHOST: 'pg-host', PGPORT: '5555', PGUSER: 'pg-user', PGDATABASE: 'pg-name' };

  it('takes the config, then DATABASE_URL, then PG*', async () => {
    const env = { ...pg, DATABASE_URL: 'postgres://a@b:1/c' };
    assert.equal(await url(`database: postgres://x@y:2/z\n${task}`, env), 'x@y:2/z');
    assert.equal(await url(task, env), 'a@b:1/c');
    assert.equal(await url(task, pg), 'pg-user@pg-host:5555/pg-name');
  });

  it('fills only missing parts from PG*', async () => {
    assert.equal(await url(`database: postgres://y/z\n${task}`, pg), 'pg-user@y:5555/z');
    assert.equal(await url(`database: { name: only }\n${task}`, pg), 'pg-user@pg-host:5555/only');
  });

  it('lets --set database=embedded win, without the variables of what it replaces', async () => {
    const config = `database: \${NOT_SET:?never asked}\n${task}`;
    assert.equal(await url(config, { ...pg, CI: '1' }, ['database=embedded']), 'embedded');
    assert.equal(await url(task, { DATABASE_URL: 'postgres://a/b' }, ['database=embedded']), 'embedded');
  });

  it('has none for a workflow that needs none, the embedded one for a developer, and asks for one in CI', async () => {
    assert.equal(await url('tasks: { a: { use: command, run: x } }\n', { CI: '1' }), 'none');
    assert.equal(await url(task, {}), 'embedded');
    assert.equal(await url(task, { CI: 'false' }), 'embedded');
    assert.equal((await problemsOf(task, { env: { CI: '1' } }))[0]?.code, 'DBB4005');
  });
});
