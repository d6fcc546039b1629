import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { folderOf, load, loadAll, problemsOf, shown } from './project.js';

const yaml = 'concurrency: 7\ntasks: {}\n';
const json = JSON.stringify({ concurrency: 7, tasks: {} });
const esm = 'export default { concurrency: 7, tasks: {} };\n';
const cjs = 'module.exports = { concurrency: 7, tasks: {} };\n';
const ts =
  "import { defineConfig } from 'db-bootstrap';\nconst n: number = 7;\nexport default defineConfig({ concurrency: n, tasks: {} });\n";

const inFolder: Readonly<Record<string, string>> = {
  bootstraprc: yaml,
  'bootstraprc.yaml': yaml,
  'bootstraprc.yml': yaml,
  'bootstraprc.json': json,
  'bootstraprc.js': esm,
  'bootstraprc.mjs': esm,
  'bootstraprc.cjs': cjs,
  'bootstraprc.ts': ts,
};
const configs: Readonly<Record<string, string>> = {
  'bootstrap.config.ts': ts,
  'bootstrap.config.mts': ts,
  'bootstrap.config.js': esm,
  'bootstrap.config.mjs': esm,
  'bootstrap.config.cjs': cjs,
};
const under = (folder: string, files: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(files).map(([name, text]) => [`${folder}${name}`, text]);
const places: readonly (readonly [string, string])[] = [
  ...under('.', inFolder),
  ...under('', configs),
  ['.bootstraprc', json],
  ['package.json', JSON.stringify({ name: 'x', type: 'module', bootstrap: { concurrency: 7, tasks: {} } })],
];

describe('places and formats of a config', () => {
  for (const [name, text] of places) {
    it(`reads ${name}${text === json && name === '.bootstraprc' ? ' as JSON' : ''}, also from a sub-folder`, async () => {
      const folder = folderOf({ 'package.json': '{ "name": "x" }', 'backend/app/.keep': '', [name]: text });
      for (const cwd of [folder, join(folder, 'backend/app')]) {
        const workflow = await load(cwd);
        assert.equal(workflow.concurrency, 7);
        assert.equal(workflow.root, folder);
      }
    });
  }

  it('names the file as a person in the working directory would', async () => {
    const folder = folderOf({ '.bootstraprc': yaml, 'backend/.keep': '' });
    assert.equal((await load(folder)).file, '.bootstraprc');
    assert.equal((await load(join(folder, 'backend'))).file, '../.bootstraprc');
  });

  it('takes the nearest file, and stops at the top of the project', async () => {
    const folder = folderOf({
      '.bootstraprc': 'concurrency: 1\n',
      'a/.bootstraprc': yaml,
      'a/b/.keep': '',
      'other/package.json': '{}',
    });
    assert.equal((await load(join(folder, 'a/b'))).concurrency, 7);
    assert.deepEqual((await problemsOf(join(folder, 'other'))).map(shown), [
      [
        `DBB2001  no config file was found in ${folder}/other or above it`,
        'run "db-bootstrap init", which looks at the project and writes one',
      ],
    ]);
  });

  it('reads the file that is named instead of the one that is found', async () => {
    const folder = folderOf({ '.bootstraprc': 'concurrency: 1\n', 'deploy/x.yaml': yaml });
    assert.equal((await load(folder, { file: 'deploy/x.yaml' })).root, join(folder, 'deploy'));
    assert.equal(
      (await load(folder, { env: { CI: '1', DB_BOOTSTRAP_CONFIG: 'deploy/x.yaml' } })).concurrency,
      7,
    );
    assert.deepEqual((await problemsOf(folder, { file: 'deploy/x.yml' })).map(shown), [
      ['DBB2018 --config the config file "deploy/x.yml" does not exist', 'did you mean "deploy/x.yaml"?'],
    ]);
  });

  it('needs no file where a flag names the preset', async () => {
    const workflow = await load({}, { set: ['preset=sql'] });
    assert.deepEqual([workflow.file, [...workflow.tasks.keys()].slice(0, 2)], [undefined, ['wait', 'init']]);
  });
});

describe('files that cannot be read as a config', () => {
  const broken: readonly (readonly [name: string, text: string, said: string])[] = [
    [
      '.bootstraprc.json',
      '{ "tasks": {} // why\n}\n',
      'DBB2002 .bootstraprc.json:1:15 [// why] this is not valid YAML: unexpected scalar at node end',
    ],
    [
      'package.json',
      '{ "bootstrap": { "tasks": {}, "tasks": {} } }',
      'DBB2005 package.json:1:31 ["tasks"] the key "tasks" occurs twice in the same mapping',
    ],
    [
      'package.json',
      '{ "name": "x", "bootstrap": { "taks": {} } }',
      'DBB2003 package.json:1:31 ["taks"] unknown key "taks"',
    ],
    [
      '.bootstraprc.yaml',
      'a: [1\nb: 2\n',
      'DBB2002 .bootstraprc.yaml:1:4 [[] this is not valid YAML: the list that starts here is not closed',
    ],
    ['.bootstraprc.yaml', '', 'DBB2006 .bootstraprc.yaml the config is empty'],
    ['.bootstraprc.json', '', 'DBB2006 .bootstraprc.json the config is empty'],
    ['.bootstraprc.json', '{}', 'DBB2006 .bootstraprc.json the config is empty'],
    ['bootstrap.config.ts', 'export default {};\n', 'DBB2006 bootstrap.config.ts the config is empty'],
    [
      'bootstrap.config.ts',
      'const boom = (): never => {\n  throw new TypeError("it broke");\n};\nexport default { x: boom() };\n',
      'DBB2007 bootstrap.config.ts:2:9 [n] the config could not be loaded: TypeError: it broke',
    ],
    [
      'bootstrap.config.mjs',
      '\nthrow "a text";\n',
      'DBB2007 bootstrap.config.mjs the config could not be loaded: a text',
    ],
    [
      'bootstrap.config.ts',
      'export default {\n  concurrency: ,\n};\n',
      'DBB2007 bootstrap.config.ts:2:16 [,] the config could not be loaded: ParseError: Unexpected token',
    ],
    [
      'bootstrap.config.cjs',
      'module.exports = {};\nnothing.there;\n',
      'DBB2007 bootstrap.config.cjs:2:1 [n] the config could not be loaded: ReferenceError: nothing is not defined',
    ],
    [
      'bootstrap.config.ts',
      'export default () => ({ tasks: {} });\n',
      'DBB2007 bootstrap.config.ts the config exports a function, not the config itself',
    ],
    [
      'bootstrap.config.ts',
      'export const config = { tasks: {} };\n',
      'DBB2007 bootstrap.config.ts the config has no default export',
    ],
    [
      'bootstrap.config.mjs',
      'export const config = { tasks: {} };\n',
      'DBB2007 bootstrap.config.mjs the config has no default export',
    ],
    [
      'bootstrap.config.ts',
      'export default { database: "none", tasks: new Map([["a", { use: "wait" }]]) };\n',
      'DBB2004 bootstrap.config.ts (tasks) tasks is a value of the class Map, which a config cannot hold',
    ],
    [
      'bootstrap.config.ts',
      'export default { env: { TOKEN: Promise.resolve("x") } };\n',
      'DBB2004 bootstrap.config.ts (env.TOKEN) env.TOKEN is a value of the class Promise, which a config cannot hold',
    ],
    [
      'bootstrap.config.ts',
      'export default { tasks: { a: { use: "command", run: ["x", () => "y"] } } };\n',
      'DBB2004 bootstrap.config.ts (tasks.a.run[1]) tasks.a.run[1] is a function, which a config cannot hold',
    ],
    [
      'bootstrap.config.ts',
      'export default { concurrency: Number("four"), tasks: {} };\n',
      'DBB2004 bootstrap.config.ts (concurrency) concurrency is NaN, which a config cannot hold',
    ],
    [
      'bootstrap.config.ts',
      'export default "text";\n',
      'DBB2004 bootstrap.config.ts the config must be a mapping of keys, not the string "text"',
    ],
    [
      'bootstrap.config.ts',
      'export default { tasks: { a: { use: "command", run: "x", retry: { atempts: 1 } } } };\n',
      'DBB2003 bootstrap.config.ts (tasks.a.retry.atempts) unknown key "atempts" in tasks.a.retry',
    ],
  ];
  for (const [name, text, said] of broken) {
    it(`says ${said}`, async () => {
      const problems = await problemsOf({ [name]: text });
      assert.equal(shown(problems[0]!)[0].replace(/\s+$/, ''), said);
      assert.notEqual(problems[0]?.help, undefined);
      assert.doesNotMatch(JSON.stringify(problems), /\bat \S+ \(|node_modules/);
    });
  }

  it('takes the default export of a module that was compiled to CommonJS', async () => {
    const workflow = await load({
      'bootstrap.config.cjs':
        'Object.defineProperty(exports, "__esModule", { value: true });\nexports.default = { concurrency: 7 };\n',
    });
    assert.equal(workflow.concurrency, 7);
  });

  it('waits for a config that is a promise', async () => {
    const workflow = await load({
      'bootstrap.config.mjs': 'export default Promise.resolve({ concurrency: 7 });\n',
    });
    assert.equal(workflow.concurrency, 7);
  });

  it('names a file that is a folder, not text, or a link to nothing', async () => {
    const folder = folderOf({ '.keep': '' });
    mkdirSync(join(folder, 'a.yaml'));
    writeFileSync(join(folder, 'b.yaml'), Buffer.from([0x61, 0xff, 0xfe]));
    symlinkSync('gone', join(folder, 'c.yaml'));
    const said = async (file: string): Promise<string | undefined> =>
      (await problemsOf(folder, { file })).map((problem) => shown(problem)[0])[0];
    assert.equal(await said('a.yaml'), 'DBB2018 a.yaml the config file could not be read: it is a folder');
    assert.equal(await said('b.yaml'), 'DBB2018 b.yaml the config file could not be read: it is not UTF-8');
    assert.match((await said('c.yaml')) ?? '', /^DBB2018 --config the config file "c.yaml" does not exist/);
  });

  it('names a file that this user may not read', async function () {
    const folder = folderOf({ '.bootstraprc': yaml });
    chmodSync(join(folder, '.bootstraprc'), 0);
    // The superuser may read anything: then the file is simply read.
    if (process.getuid?.() === 0) {
      assert.equal((await load(folder)).concurrency, 7);
      return;
    }
    const [problem] = await problemsOf(folder);
    assert.equal(
      shown(problem!)[0],
      'DBB2018 .bootstraprc the config file could not be read: this user may not read it',
    );
  });
});

describe('plugins', () => {
  const plugin = (kind: string): string =>
    `import { defineTask, z } from 'db-bootstrap';
export const ${kind.replace('-', '')} = defineTask({
  kind: '${kind}', description: 'Warms.', database: false,
  options: z.strictObject({ rows: z.int().min(1).default(100) }),
  run: async () => ({ changed: false, summary: 'warm' }),
});\n`;

  it('bring kinds with options of their own, from files and packages', async () => {
    const { workflow, kinds } = await loadAll({
      'warm.mjs': plugin('warm-cache'),
      'node_modules/some-plugin/package.json':
        '{ "name": "some-plugin", "type": "module", "exports": "./index.js" }',
      'node_modules/some-plugin/index.js': plugin('cool-down'),
      '.bootstraprc':
        'plugins: [./warm.mjs, some-plugin]\ntasks:\n  warm-cache: { rows: 5 }\n  b: { use: cool-down, needs: [warm-cache] }\n',
    });
    assert.deepEqual(workflow.tasks.get('warm-cache')?.options, { rows: 5 });
    assert.deepEqual(workflow.tasks.get('b')?.options, { rows: 100 });
    assert.ok(kinds.has('cool-down'));
  });

  it('may write their options with zod/mini as well', async () => {
    const mini = pathToFileURL(createRequire(import.meta.url).resolve('zod/mini')).href;
    const module = `import * as z from '${mini}';
export const warm = { kind: 'warm', description: 'Warms.', database: false,
  options: z.strictObject({ rows: z._default(z.int().check(z.minimum(1)), 100) }),
  run: async () => ({ changed: false, summary: 'warm' }) };\n`;
    const config = (options: string): Record<string, string> => ({
      'warm.mjs': module,
      '.bootstraprc': `plugins: [./warm.mjs]\ntasks:\n  warm: { ${options} }\n`,
    });
    assert.deepEqual((await loadAll(config('timeout: 5s'))).workflow.tasks.get('warm')?.options, {
      rows: 100,
    });
    const problems = await problemsOf({ ...config('rows: 0, row: 5') });
    assert.deepEqual(problems.map((problem) => shown(problem)[0]).sort(), [
      'DBB2003 .bootstraprc:3:20 [row] unknown key "row" in tasks.warm',
      'DBB2004 .bootstraprc:3:17 [0] tasks.warm.rows must be at least 1',
    ]);
  });

  const wrong: readonly (readonly [title: string, module: string | undefined, said: RegExp])[] = [
    [
      'is not there',
      undefined,
      /^DBB2013 .bootstraprc:1:11 \[.\/p.mjs\] the plugin ".\/p.mjs" could not be loaded: there is no such file or package$/,
    ],
    ['throws', 'throw new Error("no luck");', /^DBB2013 .* could not be loaded: no luck$/],
    ['exports nothing', 'export const x = 1;', /^DBB2013 .* could not be loaded: it exports no task kind$/],
    [
      'brings a built-in kind',
      plugin('command'),
      /^DBB2020 .* brings the kind "command", which a built-in kind brings too$/,
    ],
  ];
  for (const [title, module, said] of wrong) {
    it(`say so when one ${title}`, async () => {
      const problems = await problemsOf({
        ...(module === undefined ? {} : { 'p.mjs': module }),
        '.bootstraprc': 'plugins: [./p.mjs]\ntasks:\n  x: { use: warm }\n',
      });
      assert.match(shown(problems[0]!)[0], said);
      assert.notEqual(problems[0]?.help, undefined);
    });
  }

  it('say so when two bring the same kind', async () => {
    const [problem] = await problemsOf({
      'p.mjs': plugin('warm'),
      'q.mjs': plugin('warm'),
      '.bootstraprc': 'plugins: [./p.mjs, ./q.mjs]\n',
    });
    assert.match(
      shown(problem!)[0],
      /^DBB2020 .bootstraprc:1:20 \[.\/q.mjs\] .* which another plugin brings too$/,
    );
  });

  it('have their options checked', async () => {
    const problems = await problemsOf({
      'p.mjs': plugin('warm'),
      '.bootstraprc': 'plugins: [./p.mjs]\ntasks:\n  warm: { rwos: 5 }\n  b: { use: warm, rows: 0 }\n',
    });
    assert.deepEqual(
      problems.map((problem) => shown(problem)[0]),
      [
        'DBB2003 .bootstraprc:3:11 [rwos] unknown key "rwos" in tasks.warm',
        'DBB2004 .bootstraprc:4:25 [0] tasks.b.rows must be at least 1',
      ],
    );
  });
});

describe('extends', () => {
  it('builds on files and packages, in order', async () => {
    const workflow = await load({
      'a.yaml': 'concurrency: 1\ngrace: 1s\ntimeout: 1m\n',
      'node_modules/@team/config/package.json': '{ "name": "@team/config", "main": "config.json" }',
      'node_modules/@team/config/config.json': '{ "concurrency": 2, "grace": "2s" }',
      '.bootstraprc': "extends: [./a.yaml, '@team/config']\nconcurrency: 3\n",
    });
    assert.deepEqual([workflow.concurrency, workflow.grace, workflow.timeout], [3, 2000, 60_000]);
  });

  it('names what is no path in a config that is itself extended, where no other value takes its place', async () => {
    const files = {
      '.bootstraprc': 'extends: ./a.yaml\ndatabase: none\n',
      'a.yaml': 'extends: [./b.yaml, 5]\n',
      'b.yaml': 'extends: { c: 1 }\nconcurrency: 2\n',
    };
    assert.deepEqual((await problemsOf(files)).map(shown), [
      ['DBB2004 a.yaml:1:21 [5] extends[1] must be a text, not a number', 'put it in quotes'],
      [
        'DBB2004 b.yaml:1:10 [{ c: 1 }] extends must be a text or a list, not a mapping of keys',
        'write a text or a list here',
      ],
    ]);
  });

  it('names what is missing, and shows a circle as its path', async () => {
    const missing = await problemsOf('extends: [./gone.yaml, no-such-package]\n');
    assert.deepEqual(
      missing.map((problem) => shown(problem)[0]),
      [
        'DBB2014 .bootstraprc:1:11 [./gone.yaml] "./gone.yaml", which this config extends, does not exist',
        'DBB2014 .bootstraprc:1:24 [no-such-package] "no-such-package", which this config extends, does not exist',
      ],
    );
    const circle = await problemsOf({
      'a.yaml': 'extends: [./.bootstraprc]\n',
      '.bootstraprc': 'extends: ./a.yaml\n',
    });
    assert.deepEqual(
      circle.map((problem) => shown(problem)[0]),
      [
        'DBB2019 a.yaml:1:11 [./.bootstraprc] extends goes round in a circle: .bootstraprc → a.yaml → .bootstraprc',
      ],
    );
  });
});

describe('env files and profiles', () => {
  it('names an env file that is missing', async () => {
    const problems = await problemsOf({ '.env': 'A=1\n', '.bootstraprc': 'envFile: [.env, .env.ci]\n' });
    assert.deepEqual(problems.map(shown), [
      [
        'DBB2016 .bootstraprc:1:17 [.env.ci] the env file ".env.ci" does not exist',
        'make the file, or take it out of envFile',
      ],
    ]);
  });

  it('names a profile that is none', async () => {
    const config = 'profiles: { ci: { concurrency: 1 } }\n';
    assert.deepEqual((await problemsOf(config, { profile: 'CI' })).map(shown), [
      ['DBB2009 --profile there is no profile "CI"', 'did you mean "ci"?'],
    ]);
    assert.deepEqual((await problemsOf(config, { env: { DB_BOOTSTRAP_PROFILE: 'staging' } })).map(shown), [
      ['DBB2009 DB_BOOTSTRAP_PROFILE there is no profile "staging"', 'use one of ci'],
    ]);
  });
});
