import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Json } from '../../config/define.js';
import { mergeSources, sourceOf } from '../../config/merge.js';
import { plainSource } from '../../config/source.js';
import { resolveConnection } from '../../lib/postgres/index.js';
import { load, problemsOf, type Asked } from './project.js';

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

describe('values of variables', () => {
  const written = { A: '3.10', B: '0017', C: '12345678901234567890123', D: 'True', E: '1e3', F: '3.10' };
  const yaml = 'env: { A: 3.10, B: 0017, C: 12345678901234567890123, D: True, E: 1e3, F: "3.10" }';

  it('stay what was written, in a config, a task, a profile and what overrides them', async () => {
    const { env, tasks } = await load(
      `${yaml}\nprofiles: { p: { env: { G: 4.10 }, tasks: { t: { env: { I: 5.10 } } } } }\n` +
        'tasks: { t: { use: command, run: x, env: { H: 6.10, <<: { J: 7.10 } } } }\n',
      {
        profile: 'p',
        env: { CI: 'true', DB_BOOTSTRAP_ENV__K: '8.10' },
        set: ['env.L=9.10', 'tasks.t.env.M=0x1F', 'database=none'],
      },
    );
    const of = { ...written, G: '4.10', K: '8.10', L: '9.10' };
    assert.deepEqual(Object.fromEntries(Object.keys(of).map((name) => [name, env[name]])), of);
    assert.deepEqual(tasks.get('t')?.env, { H: '6.10', J: '7.10', I: '5.10', M: '0x1F' });
  });
});

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
