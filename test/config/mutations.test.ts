import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BootstrapError } from '../../lib/errors/index.js';
import { load } from './project.js';

const valid = {
  database: { host: 'h', port: 5432, name: 'shop', user: 'u', password: 'p' },
  envFile: [],
  env: { A: 'x', B: 1, C: true },
  django: { directory: '.', python: 'python3', settings: 'shop.settings' },
  tenants: [{ schema: 'acme', domain: 'acme.example.com', domains: ['b'], fields: { name: 'Acme', x: [1] } }],
  concurrency: 2,
  timeout: '10m',
  grace: '5s',
  onFailure: 'stop',
  reporter: 'default',
  ledger: { schema: 'own' },
  guards: { allowDestructive: false, databases: ['*_test'], hosts: ['h'] },
  tasks: {
    wait: { timeout: '60s', deadline: '30s' },
    seed: {
      use: 'command',
      run: ['make', 'seed'],
      cwd: '.',
      needs: ['wait'],
      after: [],
      enabled: true,
      if: { exists: 'Makefile' },
      retry: { attempts: 3, delay: '1s', factor: 2, maxDelay: '5s', jitter: true, on: ['40P01', 'lock'] },
      tolerate: [{ sqlstate: '23505', reason: 'may exist' }],
      env: { D: 'y' },
      sources: ['a'],
      outputs: ['b'],
    },
    rows: { use: 'sql', text: 'select 1', needs: ['seed'] },
  },
  profiles: { ci: { concurrency: 1, tasks: { seed: { timeout: '1m' } } } },
};

type Step = readonly (string | number)[];
const pathsOf = (value: unknown, path: Step = []): Step[] => [
  path,
  ...(typeof value === 'object' && value !== null
    ? (Array.isArray(value) ? [...value.keys()] : Object.keys(value)).flatMap((key) =>
        pathsOf((value as Record<string | number, unknown>)[key], [...path, key]),
      )
    : []),
];
const paths = fc.constantFrom(...pathsOf(valid));

/** The config with something else at a path; or, with a name, with a key of that name beside what is there. */
function changed(whole: unknown, path: Step, nonsense: unknown, name?: string): unknown {
  const [step, ...rest] = path;
  if (step === undefined) {
    if (name === undefined || typeof whole !== 'object' || Array.isArray(whole)) return nonsense;
    return Object.fromEntries([...Object.entries(whole ?? {}), [name, nonsense]]);
  }
  const inner = (whole as Record<string | number, unknown>)[step];
  const next = changed(inner, rest, nonsense, name);
  if (Array.isArray(whole)) return whole.map((item: unknown, index) => (index === step ? next : item));
  return Object.fromEntries(
    Object.entries(whole as object).map(([key, item]) => [key, key === step ? next : item]),
  );
}

const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\u001b[31m',
    '"',
    "'",
    '\n',
    '${',
    '${X}',
    '${A:-',
    '\ud800',
    '1e999',
    '-1',
    '٣',
    '[',
    '{',
    'x'.repeat(5000),
  ),
);
const names = fc.oneof(
  texts,
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'then',
    '<<',
    '$import',
    'use',
    'env',
    '0',
  ),
);

// Beside what JSON holds, as the source of an expression: scripts can export anything.
const things = [
  '() => 1',
  'class A {}',
  'Symbol("x")',
  '10n',
  'NaN',
  '-Infinity',
  'undefined',
  '-0',
  '1e300',
  'new Map([[1, 2]])',
  'new Date(NaN)',
  'new (class A { x = 1 })()',
  'new Proxy({}, { get() { throw new Error("no"); } })',
  'new Proxy({}, { ownKeys() { throw new Error("no"); } })',
  '({ get x() { throw new Error("no"); } })',
  '(() => { const o = {}; o.o = o; return o; })()',
  'Promise.reject(new Error("no"))',
  '({ toJSON() { throw new Error("no"); } })',
  '({ toJSON: () => undefined })',
  'Object.create({ inherited: 1 })',
  '({ [Symbol.toStringTag]: "Array" })',
  '/x/',
  'Buffer.from("x")',
  'new Boolean(true)',
  '(function* () {})()',
];

/** It loads, or what is wrong has codes that are no faults of ours, words, and the place where it is. */
async function loadsOrTells(files: Readonly<Record<string, string>>): Promise<void> {
  try {
    await load(files, { env: {} });
  } catch (error) {
    assert.ok(error instanceof BootstrapError, String((error as Error).stack));
    for (const { code, message, place } of error.problems) {
      assert.match(code, /^DBB[1-8]/);
      assert.notEqual(message.trim(), '');
      assert.doesNotMatch(message, /null bytes|call stack|is not a function|Cannot read properties/);
      assert.notEqual(place?.file, undefined, `${code} ${message}`);
      if (place?.file === '.bootstraprc' && code !== 'DBB2006') assert.ok(place.line, `${code} ${message}`);
    }
  }
}

describe('a config with nonsense at any place', function () {
  this.timeout(120_000);

  it('loads, or tells it with its place, where it is a file of values', async () => {
    const nonsense = fc.oneof(
      fc.constantFrom(null, true, 0, -1, 1.5, 1e300, Number.MAX_SAFE_INTEGER + 2),
      texts,
      fc.jsonValue({ stringUnit: 'binary' }),
      names.map((name) => Object.fromEntries([[name, name]])),
    );
    await fc.assert(
      fc.asyncProperty(paths, nonsense, fc.option(names, { nil: undefined }), (path, value, name) =>
        loadsOrTells({ '.bootstraprc': JSON.stringify(changed(valid, path, value, name)) }),
      ),
      { numRuns: 400 },
    );
  });

  it('loads, or tells it with its place, where it is a script', async () => {
    const mark = '<here>';
    await fc.assert(
      fc.asyncProperty(
        paths,
        fc.constantFrom(...things),
        fc.option(names, { nil: undefined }),
        (path, thing, name) => {
          const text = JSON.stringify(changed(valid, path, mark, name)).replaceAll(
            JSON.stringify(mark),
            () => `(${thing})`,
          );
          // In a literal, "__proto__" sets no key.
          const source = text.replaceAll('"__proto__":', '["__proto__"]:');
          return loadsOrTells({ 'bootstrap.config.mjs': `export default ${source};\n` });
        },
      ),
      { numRuns: 150 },
    );
  });
});
