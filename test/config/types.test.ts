import assert from 'node:assert/strict';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../../lib/errors/index.js';
import { folderOf } from './project.js';

/** What the compiler says of the configs of a project that has the package: by file, "line: message", each. */
function complaintsOf(files: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  const folder = folderOf({ 'package.json': '{ "type": "module" }', ...files });
  const names = Object.keys(files);
  const program = ts.createProgram(
    names.map((name) => join(folder, name)),
    {
      noEmit: true,
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: [],
      paths: { 'db-bootstrap': [join(packageRoot(), 'lib/index.ts')] },
    },
  );
  const said = ts.getPreEmitDiagnostics(program).flatMap(({ file, start, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start ?? 0).line + 1 : 0;
    const [first = ''] = ts.flattenDiagnosticMessageText(messageText, ' ').split('\n');
    return [{ name: file ? relative(folder, file.fileName) : '', text: `${line}: ${first}` }];
  });
  return new Map(
    names.map((name) => [name, said.filter((each) => each.name === name).map(({ text }) => text)]),
  );
}

const right = `
import { defineConfig } from 'db-bootstrap';
export default defineConfig({
  preset: 'django-tenants',
  database: process.env.CI === 'true' ? { host: 'db', port: 5432 } : 'embedded',
  concurrency: 4,
  tasks: {
    wait: { timeout: '30s', retry: { attempts: 3, delay: '100ms' } },
    flush: null,
    seed: {
      use: 'command', run: 'python manage.py seed', sources: ['seed/**'], needs: ['tenant-migrations'],
      tolerate: [{ sqlstate: '23505', reason: 'seed rows may exist' }],
      if: { env: 'SEED', equals: '1' },
    },
  },
  tenants: [{ schema: 'a', fields: { name: 'A', nested: [1, { b: null }] } }],
  profiles: { ci: { concurrency: 2, reporter: 'github', guards: { allowDestructive: true } } },
});
declare const process: { env: Record<string, string | undefined> };
`;

const task = `
import { defineTask, z, type TaskKind } from 'db-bootstrap';
export const warm: TaskKind<{ rows: number; names?: string[] | undefined }> = defineTask({
  kind: 'warm', description: 'Warms.',
  options: z.strictObject({ rows: z.int().default(100), names: z.array(z.string()).optional() }),
  plan: async (ctx) => ({ action: ctx.options.rows > 0 ? 'run' : 'skip', reason: 'asked' }),
  async run(ctx) {
    const rows: number = ctx.options.rows;
    const text: string = ctx.options.rows;
    const [row] = await ctx.database.query<{ n: number }>('select 1 as n');
    return { changed: rows > 0, summary: String(row?.n) };
  },
});
`;

const wrong: readonly (readonly [title: string, line: string, said: RegExp])[] = [
  ['a key that is none', 'concurency: 4,', /^3: .*'concurency' does not exist/],
  ['a wrong type', "concurrency: 'four',", /^3: Type 'string' is not assignable to type 'number'/],
  ['a word that is none of those possible', "onFailure: 'stopp',", /^3: Type '"stopp"' is not assignable/],
  [
    'a wrong type of a common field',
    "tasks: { a: { use: 'command', needs: 'b' } },",
    /^3: Type 'string' is not assignable/,
  ],
  [
    'a tolerance without its reason',
    "tasks: { a: { tolerate: [{ sqlstate: '23505' }] } },",
    /^3: .*(?:not assignable|missing)/,
  ],
  [
    'a key of a profile that is none',
    'profiles: { ci: { concurency: 4 } },',
    /^3: .*'concurency' does not exist/,
  ],
  ['a profile in a profile', 'profiles: { ci: { profiles: {} } },', /^3: .*'profiles' does not exist/],
  ['a tenant without a schema', "tenants: [{ domain: 'x' }],", /^3: .*'schema' is missing/],
];

describe('types of a config in TypeScript', () => {
  let complaints: ReadonlyMap<string, readonly string[]> = new Map();

  // One program for all: most of the time goes into the types of the package.
  before(() => {
    const mistaken = wrong.map(([, line], index): [string, string] => [
      `wrong${index}.ts`,
      `import { defineConfig } from 'db-bootstrap';\nexport default defineConfig({\n${line}\n});\n`,
    ]);
    complaints = complaintsOf({ 'right.ts': right, 'task.ts': task, ...Object.fromEntries(mistaken) });
  });

  it('take what a config may say, options of kinds included', () => {
    assert.deepEqual(complaints.get('right.ts'), []);
  });

  for (const [index, [title, , said]] of wrong.entries()) {
    it(`refuse ${title}`, () => {
      const [complaint, ...others] = complaints.get(`wrong${index}.ts`) ?? [];
      assert.match(complaint ?? '', said);
      assert.deepEqual(others, []);
    });
  }

  it('give the options of a task the type that their schema has', () => {
    assert.deepEqual(complaints.get('task.ts'), ["9: Type 'number' is not assignable to type 'string'."]);
  });
}).timeout(60_000);
