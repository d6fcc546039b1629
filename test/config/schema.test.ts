import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { configSchema, defineTask } from '../../config/index.js';
import { z } from '../../lib/index.js';
import { packageRoot } from '../../lib/errors/index.js';
import { renderSchema, shippedSchema } from '../../scripts/generate-schema.js';
import { builtinKinds } from '../../tasks/index.js';
import { folderOf, load, loadAll } from './project.js';

const shipped = validator(JSON.parse(shippedSchema()) as object);

function validator(schema: object): (config: unknown) => readonly string[] {
  const validate = new Ajv2020({ allErrors: true, strictTypes: false, allowUnionTypes: true }).compile(
    schema,
  );
  return (config) =>
    validate(config)
      ? []
      : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`);
}

function textOf(file: string): string {
  return readFileSync(join(packageRoot(), file), 'utf8');
}

const examples = [
  '.bootstraprc.example',
  ...readdirSync(join(packageRoot(), 'examples')).map((name) => `examples/${name}/.bootstraprc`),
  ...readdirSync(join(packageRoot(), 'config/presets')).map((name) => `config/presets/${name}`),
];

describe('schema.json', () => {
  it('is what the validator says now (npm run schema)', async () => {
    assert.equal(shippedSchema(), await renderSchema());
  });

  it('says once what stands in every kind: editors load it for each file', () => {
    assert.ok(shippedSchema().length < 70_000);
  });

  for (const file of examples) {
    it(`takes ${file}`, () => {
      assert.deepEqual(shipped(parse(textOf(file))), []);
    });
  }

  it('takes every config on the page about it', () => {
    const blocks = [...textOf('docs/config.md').matchAll(/```yaml\n([^]*?)```/g)];
    assert.ok(blocks.length > 3);
    for (const [, text = ''] of blocks) assert.deepEqual(shipped(parse(text)), [], text);
  });

  const refused: readonly (readonly [string, string])[] = [
    ['an unknown key', 'concurency: 4'],
    ['a wrong type', 'concurrency: four'],
    ['a duration that is none', 'timeout: 30 seconds'],
    ['an unknown kind', 'tasks: { seed: { use: comand, run: x } }'],
    ['an option that the kind of a name does not have', 'tasks: { wait: { directory: x } }'],
    [
      'an option that the kind in use does not have',
      'tasks: { wait: { use: command, run: x, deadline: 1s } }',
    ],
    ['a tolerance without its reason', "tasks: { wait: { tolerate: [{ sqlstate: '23505' }] } }"],
    ['a wrong type in a profile', 'profiles: { ci: { concurrency: none } }'],
  ];
  for (const [what, text] of refused) {
    it(`refuses ${what}`, () => {
      assert.notDeepEqual(shipped(parse(text)), []);
    });
  }

  it('takes texts with variables for any value, changes to tasks of other layers, and null', () => {
    assert.deepEqual(shipped(parse('concurrency: ${N}\ntimeout: ${T:-30s}\nreporter: ${R}')), []);
    assert.deepEqual(shipped(parse('tasks: { seed: { timeout: 3m, files: [a] }, flush: null }')), []);
  });

  it('has the kinds of plugins in what the command prints', async () => {
    const plugin = `import { defineTask, z } from 'db-bootstrap';
export const warm = defineTask({
  kind: 'warm-cache', description: 'Warms the cache.',
  options: z.strictObject({ keys: z.array(z.string()) }),
  run: async () => ({ changed: false, summary: 'warm' }),
});`;
    const config =
      'plugins: [./warm.mjs]\ntasks: { warm-cache: { keys: [a] }, other: { use: warm-cache, keys: [] } }';
    const { kinds } = await loadAll({ '.bootstraprc': config, 'warm.mjs': plugin });
    const validate = validator(configSchema(kinds));
    assert.deepEqual(validate(parse(config)), []);
    assert.notDeepEqual(validate(parse('tasks: { warm-cache: { keys: 3 } }')), []);
    assert.notDeepEqual(shipped(parse('tasks: { other: { use: warm-cache } }')), []);
  });

  it('describes kinds whose options are no plain object', () => {
    const either = defineTask({
      kind: 'either',
      description: 'One or the other.',
      options: z.union([z.strictObject({ a: z.string() }), z.strictObject({ b: z.string() })]),
      run: () => Promise.resolve({ changed: false, summary: '' }),
    });
    const validate = validator(configSchema(new Map([...builtinKinds, ['either', either]])));
    assert.deepEqual(validate(parse('tasks: { either: { a: x, timeout: 3s } }')), []);
    assert.notDeepEqual(validate(parse('tasks: { either: { timeout: x } }')), []);
  });
});

describe('.bootstraprc.example', () => {
  it('loads, with every key of the top in it', async () => {
    const text = textOf('.bootstraprc.example');
    const workflow = await load(folderOf({ '.bootstraprc': text }), { env: {} });
    assert.equal(workflow.tasks.get('seed')?.enabled, true);
    const keys = Object.keys((JSON.parse(shippedSchema()) as { properties: object }).properties);
    for (const key of keys) assert.match(text, new RegExp(`^(?:# )?${key.replace('$', '.*')}:`, 'm'), key);
  });

  it('loads with each of its profiles', async () => {
    const folder = folderOf({ '.bootstraprc': textOf('.bootstraprc.example') });
    assert.equal((await load(folder, { profile: 'ci' })).reporter, 'github');
    assert.equal((await load(folder, { profile: 'dev' })).database.kind, 'embedded');
  });
});
