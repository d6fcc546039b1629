import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { shippedSchema } from '../../scripts/generate-schema.js';
import { load, problemsOf, shown } from './project.js';

const task = { use: 'command', run: 'true' };
const config = (parts: object): string => JSON.stringify({ tasks: { a: task }, ...parts });
/** An object with a key of any name: in a literal, `__proto__` would be none. */
const named = (name: string, value: unknown): object => Object.fromEntries([[name, value]]);

const said = async (text: string): Promise<readonly string[]> =>
  (await problemsOf(text)).map((problem) =>
    shown(problem)[0].replace(/(?<=:\d+) \[.*?\] (?="|the schema)/, ' '),
  );

const takesConfig = new Ajv2020({ strictTypes: false, allowUnionTypes: true }).compile(
  JSON.parse(shippedSchema()) as object,
);

const unfit: readonly (readonly [name: string, shown: string, why: string])[] = [
  ['', '', 'it is empty'],
  [' ', ' ', 'it begins or ends with a blank'],
  [' a', ' a', 'it begins or ends with a blank'],
  ['a ', 'a ', 'it begins or ends with a blank'],
  ['a\nb', 'a<U+000A>b', 'it holds a character that cannot be seen (U+000A)'],
  ['\u001b[31ma', '<U+001B>[31ma', 'it holds a character that cannot be seen (U+001B)'],
  ['a\u0000', 'a<U+0000>', 'it holds a character that cannot be seen (U+0000)'],
  ['a\u009bm', 'a<U+009B>m', 'it holds a character that cannot be seen (U+009B)'],
  ['\u202ea', '<U+202E>a', 'it holds a character that cannot be seen (U+202E)'],
  ['a\ud800', 'a<U+D800>', 'it holds a character that cannot be seen (U+D800)'],
  ['__proto__', '__proto__', 'JavaScript keeps it to itself'],
];
// The same names, and those that only a comma or an equals sign spoils.
const unfitTasks = [...unfit, ['a,b', 'a,b', 'a comma separates the names after --only']] as const;
const unfitVariables = [...unfit, ['A=B', 'A=B', 'an equals sign ends the name of a variable']] as const;

const fit = [
  'A B',
  'a"b',
  "a'b",
  'a.b',
  'a/b',
  '*',
  'größe ✓',
  '👩‍🚒',
  'constructor',
  'toString',
  '1',
  'x'.repeat(500),
];

describe('names in a config', () => {
  const kinds: readonly (readonly [string, typeof unfit, (name: string) => object])[] = [
    ['task', unfitTasks, (name) => ({ tasks: named(name, task) })],
    ['profile', unfit, (name) => ({ profiles: named(name, { concurrency: 1 }) })],
    ['variable', unfitVariables, (name) => ({ env: named(name, 'x') })],
    ['variable', unfitVariables, (name) => ({ tasks: { a: { ...task, env: named(name, 'x') } } })],
    ['task', unfitTasks, (name) => ({ profiles: { ci: { tasks: named(name, task) } } })],
    ['variable', unfitVariables, (name) => ({ profiles: { ci: { env: named(name, 'x') } } })],
  ];
  for (const [index, [what, names, make]] of kinds.entries()) {
    it(`that no ${what} can have are refused with their place (${String(index + 1)})`, async () => {
      for (const [name, shownName, why] of names) {
        const text = config(make(name));
        const column = text.lastIndexOf(`${JSON.stringify(name)}:`) + 1;
        assert.deepEqual(await said(text), [
          `DBB2022 .bootstraprc:1:${String(column)} "${shownName}" cannot be the name of a ${what}: ${why}`,
        ]);
        assert.equal(takesConfig(JSON.parse(text)), false, `schema.json takes ${text}`);
      }
    });

    it(`that a ${what} can have are taken as they are (${String(index + 1)})`, async () => {
      for (const name of fit) {
        const text = config(make(name));
        await load(text);
        assert.equal(takesConfig(JSON.parse(text)), true, `schema.json refuses ${text}`);
      }
    });
  }

  it('are refused where a flag or a variable brings them', async () => {
    const set = ['tasks.x,y.use=command', 'tasks.x,y.run=make', 'env.__proto__=1'];
    const env = { CI: '1', DB_BOOTSTRAP_ENV__: 'x' };
    const problems = await problemsOf(config({}), { set, env });
    assert.deepEqual(
      problems.map((problem) => shown(problem)[0]),
      [
        'DBB2022 DB_BOOTSTRAP_ENV__ (env.) "" cannot be the name of a variable: it is empty',
        'DBB2022 --set env.__proto__ (env.__proto__) "__proto__" cannot be the name of a variable: JavaScript keeps it to itself',
        'DBB2022 --set tasks.x,y.run (tasks.x,y) "x,y" cannot be the name of a task: a comma separates the names after --only',
      ],
    );
  });

  it('of schemas and domains are refused where no server or no report could show them', async () => {
    const tenants = [
      { schema: 'a\u001b[31m', domain: 'a b' },
      { schema: ' b', domain: 'b.example.com\n', domains: ['', 'größe.example.com'] },
    ];
    assert.deepEqual(await said(config({ tenants })), [
      'DBB6023 .bootstraprc:1:68 the schema name "a<U+001B>[31m" is not valid: it holds a character that cannot be seen (U+001B)',
      'DBB2022 .bootstraprc:1:91 "a b" cannot be the name of a domain: a host name has no blanks',
      'DBB6023 .bootstraprc:1:108 the schema name " b" is not valid: it begins or ends with a blank',
      'DBB2022 .bootstraprc:1:122 "b.example.com<U+000A>" cannot be the name of a domain: it holds a character that cannot be seen (U+000A)',
      'DBB2022 .bootstraprc:1:151 "" cannot be the name of a domain: it is empty',
    ]);
  });

  it('that others have given are refused where nothing could read them', async () => {
    const fields = named('__proto__', 1);
    assert.deepEqual(await said(config({ tenants: [{ schema: 'a', fields: { x: fields, 'a\0': 1 } }] })), [
      'DBB2022 .bootstraprc:1:87 "__proto__" cannot be a key: JavaScript keeps it to itself',
      'DBB2022 .bootstraprc:1:102 "a<U+0000>" cannot be a key: it holds a zero byte (U+0000), which no program and no database takes',
    ]);
  });
});

describe('texts in a config', () => {
  const places: readonly (readonly [path: string, parts: (text: string) => object])[] = [
    ['env.A', (text) => ({ env: { A: text } })],
    ['tasks.a.env.A', (text) => ({ tasks: { a: { ...task, env: { A: text } } } })],
    ['tasks.a.run', (text) => ({ tasks: { a: { ...task, run: text } } })],
    ['tasks.a.run[1]', (text) => ({ tasks: { a: { ...task, run: ['echo', text] } } })],
    ['tasks.a.cwd', (text) => ({ tasks: { a: { ...task, cwd: text } } })],
    ['tasks.a.if.exists', (text) => ({ tasks: { a: { ...task, if: { exists: text } } } })],
    ['tasks.a.text', (text) => ({ tasks: { a: { use: 'sql', text } } })],
    ['database', (text) => ({ database: `postgres://u:${text}@h/x` })],
    ['django.settings', (text) => ({ django: { settings: text } })],
    ['ledger.schema', (text) => ({ ledger: { schema: text } })],
    ['guards.databases[0]', (text) => ({ guards: { databases: [text] } })],
    ['tenants[0].schema', (text) => ({ tenants: [{ schema: text }] })],
    ['tenants[0].fields.x[0]', (text) => ({ tenants: [{ schema: 'a', fields: { x: [text] } }] })],
    ['profiles.ci.env.A', (text) => ({ profiles: { ci: { env: { A: text } } } })],
  ];
  for (const [path, make] of places) {
    it(`that nothing takes are refused at ${path}`, async () => {
      for (const [text, why] of [
        ['x\0y', 'a zero byte (U+0000), which no program and no database takes'],
        ['x\ud800y', 'half of a character (U+D800), which cannot be written as UTF-8'],
      ] as const) {
        const [problem, ...others] = await problemsOf(config(make(text)));
        assert.deepEqual(others, []);
        assert.deepEqual(
          [problem?.code, problem?.message, problem?.place?.line, problem?.help],
          ['DBB2004', `${path} holds ${why}`, 1, 'take it out'],
        );
      }
    });
  }
});
