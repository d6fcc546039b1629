import assert from 'node:assert/strict';
import { load, problemsOf, shown } from './project.js';

const script = (value: string): Record<string, string> => ({
  'bootstrap.config.mjs': `const a = { use: 'command', run: 'true' };\nexport default ${value};\n`,
});

/** What a script exports, and what must be said about it: a key, and what stands there. */
const foreign: readonly (readonly [value: string, key: string, what: string])[] = [
  ['{ env: { A: { toJSON: () => () => 1 } } }', 'env.A', 'a function'],
  ['{ tasks: { toJSON: () => new Map([["a", a]]) } }', 'tasks', 'a value of the class Map'],
  ['{ env: { A: new Date(NaN) } }', 'env.A', 'an invalid date'],
  ['{ env: { A: new String("x") } }', 'env.A', 'a value of the class String'],
  ['{ envFile: new Uint8Array(3) }', 'envFile', 'a value of the class Uint8Array'],
  ['{ env: { __proto__: { A: 1 } } }', 'env', 'an object whose keys are inherited'],
  ['{ envFile: [, ".env"] }', 'envFile', 'a list with gaps'],
  ['{ envFile: new Array(4e9) }', 'envFile', 'a list with gaps'],
  ['{ env: { A: Promise.reject(new Error("later")) } }', 'env.A', 'a value of the class Promise'],
  ['{ concurrency: 3n }', 'concurrency', 'a bigint'],
  ['((o) => Object.assign(o, { tasks: { a: { env: o } } }))({})', 'tasks.a.env', 'a value that holds itself'],
  ['((l) => { l.push([l]); return { envFile: l }; })([])', 'envFile[0][0]', 'a value that holds itself'],
  ['new Map([["tasks", { a }]])', '', 'a value of the class Map'],
  ['{ toJSON: () => 5n }', '', 'a bigint'],
  ['Symbol("x")', '', 'a symbol'],
  ['NaN', '', 'NaN'],
];

describe('values of a script that no config can hold', () => {
  for (const [value, key, what] of foreign) {
    it(`are named: ${value}`, async () => {
      const problems = await problemsOf(script(value));
      assert.deepEqual(
        problems.map((problem) => shown(problem)[0]),
        [
          key === ''
            ? `DBB2004 bootstrap.config.mjs the config must be a mapping of keys, not ${what}`
            : `DBB2004 bootstrap.config.mjs (${key}) ${key} is ${what}, which a config cannot hold`,
        ],
      );
    });
  }

  it('are named all at once', async () => {
    const problems = await problemsOf(script('{ concurrency: NaN, env: { A: () => 1 }, tasks: new Set() }'));
    assert.deepEqual(
      problems.map(({ place }) => place?.keyPath),
      ['concurrency', 'env.A', 'tasks'],
    );
  });

  it('are not gone through without end, where lists share their parts', async () => {
    const laughs = 'let l = ["x"]; for (let i = 0; i < 60; i++) l = [l, l, l];';
    const [problem] = await problemsOf({
      'bootstrap.config.mjs': `${laughs}\nexport default { envFile: l };\n`,
    });
    assert.match(problem?.message ?? '', /is a structure of more than a million values/);
  });

  it('leave what can be held: dates, addresses, instances with values, objects without a prototype, shared parts', async () => {
    const { env, tasks } = await load(
      script(`Object.assign(Object.create(null), {
        database: new URL('postgres://h/x'),
        env: { A: new Date(0), B: undefined },
        tasks: new (class Tasks { a = a; b = a; })(),
      })`),
    );
    assert.equal(env.A, '1970-01-01T00:00:00.000Z');
    assert.equal('B' in env, false);
    assert.deepEqual([...tasks.keys()], ['a', 'b']);
  });
});
