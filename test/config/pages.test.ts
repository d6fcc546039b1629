import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot, renderProblem, type ErrorCode } from '../../lib/errors/index.js';
import { folderOf, problemsOf, type Asked } from './project.js';

/** By code: the files of a project (a text is its `.bootstraprc`) and what is asked beside. */
type Provoked = readonly [files: string | Readonly<Record<string, string>>, asked?: Asked];

const steps = 'tasks:\n  wait: {}\n  shared: { use: command, run: python manage.py migrate }\n';
const provoked: Partial<Record<ErrorCode, Provoked>> = {
  DBB2001: [{ 'package.json': '{}' }],
  DBB2002: [`${steps}  seed:\n    use: command\n    run: python manage.py seed\n    needs: [shared\n`],
  DBB2003: ['preset: django-tenants\ndatabase: embedded\nconcurency: 4\n'],
  DBB2004: ['preset: django-tenants\ndatabase: embedded\nconcurrency: four\n'],
  DBB2005: [
    `${steps}  seed: { use: command, run: python manage.py seed }\n  seed: { use: command, run: ./seed.sh }\n`,
  ],
  DBB2006: [{ '.bootstraprc.yaml': '# to be written\n' }],
  DBB2007: [
    {
      'bootstrap.config.ts':
        "import { defineConfig } from 'db-bootstrap';\n\nif (!process.env.APP_NAME) throw new Error('APP_NAME is not set');\n\nexport default defineConfig({ preset: 'django' });\n",
    },
  ],
  DBB2008: ['preset: django-tenant\n'],
  DBB2009: ['preset: django-tenants\nprofiles: { ci: { concurrency: 2 } }\n', { profile: 'CI' }],
  DBB2010: ['preset: django-tenants\nenvFile: [.env]\ndatabase: ${SHOP_DATABASE}\n'],
  DBB2011: ['preset: django-tenants\ntasks:\n  seed: { use: command, run: ./seed.sh, timeout: 30 }\n'],
  DBB2012: [`${steps}  seed:\n    use: comand\n    run: python manage.py seed\n`],
  DBB2013: ['preset: django-tenants\nplugins: [./tasks/warm-cache.mjs]\n'],
  DBB2014: ['preset: django-tenants\nextends: [./bootstrap.base.yaml]\n'],
  DBB2015: ['$import: ./base.yaml\ntasks: {}\n'],
  DBB2016: [{ '.env': '', '.bootstraprc': 'preset: django-tenants\nenvFile: [.env, .env.ci]\n' }],
  DBB2017: [`${steps}  seed:\n    use: command\n    needs: [shared]\n`],
  DBB2018: [{ 'deploy/.bootstraprc/app.yaml': '' }, { file: 'deploy/.bootstraprc' }],
  DBB2019: [
    { 'base.yaml': 'extends: [./team.yaml]\n', 'team.yaml': 'extends: [./base.yaml]\n' },
    { file: 'base.yaml' },
  ],
  DBB2020: [
    {
      'tasks/command.mjs':
        "import { defineTask, z } from 'db-bootstrap';\nexport const command = defineTask({ kind: 'command', description: 'Ours.', options: z.strictObject({}), run: async () => ({ changed: false, summary: '' }) });\n",
      '.bootstraprc': 'preset: django-tenants\nplugins: [./tasks/command.mjs]\n',
    },
  ],
  DBB2021: [
    'preset: django-tenants\ntenants:\n  - schema: main_shop\n    domain: shop.example.com\n  - schema: corner_shop\n    domain: shop.example.com\n',
  ],
  DBB3001: [
    `${steps}  tenant-migrations:\n    use: command\n    run: python manage.py migrate_schemas\n    needs: [shraed]\n`,
  ],
  DBB3002: [
    'tasks:\n  shared:\n    use: command\n    run: python manage.py migrate\n    needs: [seed]\n  seed:\n    use: command\n    run: python manage.py seed\n    needs: [shared]\n',
  ],
  DBB3003: [`${steps}  seed:\n    use: command\n    run: python manage.py seed\n    needs: [seed]\n`],
};

/** Set to rewrite the examples on the pages. */
const update = process.env.UPDATE_PAGES === '1';

describe('examples on the pages of error codes', () => {
  for (const [code, [files, asked]] of Object.entries(provoked)) {
    it(`${code} shows what is printed`, async () => {
      const folder = folderOf(typeof files === 'string' ? { '.bootstraprc': files, '.env': '' } : files);
      const problems = await problemsOf(folder, { env: {}, ...asked });
      const problem = problems.find((each) => each.code === code);
      assert.ok(problem, `provoked ${problems.map((each) => each.code).join()}`);
      const printed = renderProblem(problem).replaceAll(folder, '/home/ada/shop');
      const file = join(packageRoot(), 'docs/errors', `${code}.md`);
      const page = readFileSync(file, 'utf8');
      const example = /## Example\n\n```text\n([^]*?)\n```/;
      const shown = `## Example\n\n\`\`\`text\n${printed}\n\`\`\``;
      if (update)
        writeFileSync(
          file,
          page.replace(example, () => shown),
        );
      else assert.equal(example.exec(page)?.[1], printed);
    });
  }
});
