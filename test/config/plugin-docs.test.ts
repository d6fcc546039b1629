import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineTask, z } from '../../lib/index.js';
import { packageRoot } from '../../lib/errors/index.js';
import { loadAll } from './project.js';

const page = readFileSync(join(packageRoot(), 'docs/plugins.md'), 'utf8');
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(page)?.[1] ?? '';

describe('the page about plugins', () => {
  it('has examples that load, in JavaScript and in TypeScript', async () => {
    const { workflow, kinds } = await loadAll({
      'tasks/warm-cache.mjs': block('js'),
      'tasks/purge.ts': block('ts'),
      '.bootstraprc': `preset: django-tenants\n${block('yaml').replace(']', ', ./tasks/purge.ts]')}`,
    });
    assert.deepEqual(workflow.tasks.get('warm-cache')?.options, { rows: 500 });
    assert.ok(kinds.has('purge-sessions'));
  });

  it('names every key of a kind', () => {
    const every = defineTask({
      kind: 'every',
      description: '',
      options: z.strictObject({}),
      check: false,
      readies: false,
      destructive: false,
      database: false,
      plan: () => Promise.resolve({ action: 'run', reason: '' }),
      run: () => Promise.resolve({ changed: false, summary: '' }),
    });
    for (const key of Object.keys(every)) assert.match(page, new RegExp(`^\\| \`${key}[\`(]`, 'm'));
  });

  it('names every part of the context', () => {
    const contract = readFileSync(join(packageRoot(), 'config/define.ts'), 'utf8');
    const body = /interface TaskContext<Options> \{([^]*?)\n\}/.exec(contract)?.[1] ?? '';
    const parts = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[(:]/gm)].map(([, name]) => name ?? '');
    assert.ok(parts.length > 15);
    const missing = parts.filter((part) => !new RegExp(`\`${part}[\`.(]`).test(page));
    assert.deepEqual(missing, []);
  });
});
