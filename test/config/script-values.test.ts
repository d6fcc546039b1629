import assert from 'node:assert/strict';
import { load, problemsOf, shown } from './project.js';

const script = (value: string): Record<string, string> => ({
  'bootstrap.config.mjs': `const a = { use: 'command', run: 'true' };\nexport default ${value};\n`,
});

/** What a script exports, the key of the value that a config cannot hold, and what that value is. */
const refused: readonly (readonly [value: string, key: string, what: string])[] = [
  ['{ env: { A: { toJSON: () => () => 1 } } }', 'env.A', 'a function'],
  ['{ tasks: new Map([["a", a]]) }', 'tasks', 'a value of the class Map'],
  ['{ env: { A: Promise.reject(new Error("later")) } }', 'env.A', 'a value of the class Promise'],
  ['{ concurrency: 3n }', 'concurrency', 'a bigint'],
  ['{ envFile: ["a", NaN] }', 'envFile[1]', 'NaN'],
];

describe('values of a script that a config cannot hold', () => {
  for (const [value, key, what] of refused) {
    it(`are reported with their key: ${value}`, async () => {
      const problems = await problemsOf(script(value));
      assert.deepEqual(
        problems.map((problem) => shown(problem)[0]),
        [`DBB2004 bootstrap.config.mjs (${key}) ${key} is ${what}, which a config cannot hold`],
      );
    });
  }

  it('are refused as a whole where the config itself is such a value, or is circular', async () => {
    for (const [value, what] of [
      ['new Map([["tasks", { a }]])', 'a value of the class Map'],
      [
        '((o) => Object.assign(o, { tasks: { a: { env: o } } }))({})',
        'a value that JSON cannot hold: Converting circular structure to JSON',
      ],
    ] as const)
      assert.deepEqual(
        (await problemsOf(script(value))).map((problem) => shown(problem)[0]),
        [`DBB2004 bootstrap.config.mjs the config is ${what}`],
      );
  });

  it('are reported all at once', async () => {
    const problems = await problemsOf(script('{ concurrency: NaN, env: { A: () => 1 }, tasks: new Set() }'));
    assert.deepEqual(
      problems.map(({ place }) => place?.keyPath),
      ['concurrency', 'env.A', 'tasks'],
    );
  });

  it('do not include dates, addresses, and values that occur twice', async () => {
    const { env, tasks } = await load(
      script(`{
        database: new URL('postgres://h/x'),
        env: { A: new Date(0), B: undefined },
        tasks: { a, b: a },
      }`),
    );
    assert.equal(env.A, '1970-01-01T00:00:00.000Z');
    assert.equal('B' in env, false);
    assert.deepEqual([...tasks.keys()], ['a', 'b']);
  });
});
