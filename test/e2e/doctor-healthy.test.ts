import assert from 'node:assert/strict';
import { join } from 'node:path';
import { bootstrap, copyExample, type Ended } from '../support/command.js';
import { ProjectFiles, type Kind } from '../support/django-project.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase } from '../support/postgres.js';
import { pythonOf, virtualEnv } from '../support/python.js';
import { postgres, run, workflow } from '../support/workflow-file.js';

/** Errors and warnings of all rules; notes are no fault. */
function faultsOf({ stdout, stderr }: Ended): readonly object[] {
  assert.notEqual(stdout, '', stderr);
  const { findings } = JSON.parse(stdout) as { findings: readonly { readonly severity: string }[] };
  return findings.filter(({ severity }) => severity !== 'note');
}

const tenants = (fields: string): string => `tenants:
  - { schema: acme, domain: acme.example.com, fields: ${fields} }
  - { schema: shop, domain: shop.example.com, fields: ${fields} }
`;

const configs: Readonly<Record<Kind, string>> = {
  plain: 'preset: django\n',
  tenants: `preset: django-tenants\n${tenants('{ name: A }')}`,
  types: `preset: django-tenants\n${tenants('{ name: A, kind: small }')}`,
};

describe('db-bootstrap doctor on what is healthy', function () {
  this.timeout(120_000);
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeEach(async () => (database = await createTestDatabase()));
  afterEach(() => database.drop());

  for (const kind of ['plain', 'tenants', 'types'] as const)
    for (const [set, directory] of [
      ['old', 'src/backend'],
      ['new', '.'],
    ] as const)
      it(`finds no fault by any rule, before and after a run (${kind}, ${set}, manage.py in ${directory})`, async () => {
        const manage = `python ${join(directory, 'manage.py')}`;
        const migrate =
          kind === 'plain'
            ? `${manage} migrate`
            : `${manage} migrate_schemas --shared\n${manage} migrate_schemas --tenant`;
        const project = makeFolder({
          '.bootstraprc': `${configs[kind]}django: { directory: ${directory}, python: ${await pythonOf(set)} }\n`,
          '.github/workflows/ci.yml': workflow(
            run(`set -euo pipefail\n${manage} makemigrations --check\n${migrate}\npytest`),
            postgres('        options: --health-cmd "pg_isready -U postgres"\n'),
          ),
        });
        // The password holds what a URL has to escape.
        new ProjectFiles(kind)
          .edit('shop/settings/base.py', '"PASSWORD": _url.password', '"PASSWORD": os.environ["PGPASSWORD"]')
          .save(join(project.folder, directory));
        const command = (...args: string[]): Promise<Ended> =>
          bootstrap(args, { cwd: project.folder, env: { DATABASE_URL: database.url } });
        try {
          assert.deepEqual(faultsOf(await command('doctor', '--json')), []);
          const ended = await command('run');
          assert.equal(ended.code, 0, ended.stdout + ended.stderr);
          assert.deepEqual(faultsOf(await command('doctor', '--json')), []);
        } finally {
          project.remove();
        }
      });

  for (const name of ['django-tenants', 'sql'])
    it(`finds no fault by any rule in examples/${name}, before and after a run`, async () => {
      const example = copyExample(name, name === 'sql' ? undefined : await virtualEnv('new'));
      const command = (...args: string[]): Promise<Ended> =>
        bootstrap(args, { cwd: example.folder, env: { DATABASE_URL: database.url } });
      try {
        assert.deepEqual(faultsOf(await command('doctor', '--json')), []);
        const ended = await command(...(name === 'sql' ? ['run'] : ['run', '--skip', 'venv']));
        assert.equal(ended.code, 0, ended.stdout + ended.stderr);
        assert.deepEqual(faultsOf(await command('doctor', '--json')), []);
      } finally {
        example.remove();
      }
    });
});
