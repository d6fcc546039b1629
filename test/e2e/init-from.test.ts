import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { bootstrap } from '../support/command.js';
import { makeFolder } from '../support/folder.js';

const workflow = `name: ci
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    services:
      db:
        image: postgres:16
        options: --health-cmd "pg_isready -U postgres"
    steps:
      - uses: actions/checkout@v4
      - name: install
        run: pip install -r requirements.txt
      - name: database
        run: |
          until pg_isready -U postgres; do sleep 1; done
          createdb -U postgres wholesale || true
          for f in initdb/*.sql; do
            psql -U postgres -f "$f" || echo "not applicable"
          done
          psql -U postgres -f roles/more.sql
      - name: migrate
        run: |
          python manage.py makemigrations --check
          python manage.py migrate_schemas --shared || true
          python manage.py migrate_schemas --tenant acme || true
          python manage.py seed --fast || true
      - name: test
        run: pytest -x
`;

describe('init --from', function () {
  this.timeout(60_000);
  let project: ReturnType<typeof makeFolder>;

  beforeEach(() => {
    project = makeFolder({ '.github/workflows/ci.yml': workflow, 'initdb/01.sql': '', 'roles/more.sql': '' });
    cpSync('examples/django-tenants', project.folder, {
      recursive: true,
      filter: (path) => !/\.venv|\.db-bootstrap|__pycache__|docker-entrypoint|bootstraprc/.test(path),
    });
  });
  afterEach(() => project.remove());

  const init = (from: string): ReturnType<typeof bootstrap> =>
    bootstrap(['init', '--from', from], { cwd: project.folder, env: {} });

  it('turns database steps into tasks without their faults, and says which line became what', async () => {
    const { code, stdout, stderr } = await init('.github/workflows/ci.yml');
    assert.equal(code, 0, stderr);
    const text = readFileSync(join(project.folder, '.bootstraprc.yaml'), 'utf8');
    const config = parse(text) as { preset: string; tasks: Record<string, unknown> };
    assert.equal(config.preset, 'django-tenants');
    assert.deepEqual(config.tasks, {
      init: { directory: 'initdb' },
      wait: { createDatabase: true },
      'sql-more': { use: 'sql', files: ['roles/more.sql'], needs: ['init'] },
      seed: { use: 'command', run: 'python manage.py seed --fast', needs: ['tenant-migrations'] },
      makemigrations: { needs: ['init', 'sql-more'] },
    });
    assert.doesNotMatch(text, /\|\| /);
    for (const line of [
      'ci.yml:13  pip install -r requirements.txt  →  left alone',
      'ci.yml:16  pg_isready -U postgres  →  task "wait"',
      'ci.yml:17  createdb -U postgres wholesale  →  task "wait", with createDatabase',
      'ci.yml:21  psql -U postgres -f roles/more.sql  →  task "sql-more"',
      'ci.yml:24  python manage.py makemigrations --check  →  task "makemigrations"',
      'ci.yml:25  python manage.py migrate_schemas --shared  →  task "shared"',
      'ci.yml:26  python manage.py migrate_schemas --tenant acme  →  task "tenant-migrations"',
      'ci.yml:27  python manage.py seed --fast  →  task "seed"',
      'ci.yml:29  pytest -x  →  left alone',
    ])
      assert.ok(stdout.includes(line), `${line}\n${stdout}`);
    const resolved = await bootstrap(['config', '--json'], {
      cwd: project.folder,
      env: { DATABASE_URL: 'postgres://a@localhost/x_test' },
    });
    assert.equal(resolved.code, 0, resolved.stderr);
  });

  it('overwrites no config, and names a file that does not exist', async () => {
    const missing = await init('.github/workflows/none.yml');
    assert.equal(missing.code, 2);
    assert.match(
      missing.stderr,
      /^error\[DBB1010\]: the workflow file "\.github\/workflows\/none\.yml" does not exist/,
    );
    assert.equal((await init('.github/workflows/ci.yml')).code, 0);
    const before = readFileSync(join(project.folder, '.bootstraprc.yaml'), 'utf8');
    const again = await init('.github/workflows/ci.yml');
    assert.equal(again.code, 2);
    assert.match(again.stderr, /^error\[DBB1006\]/);
    assert.equal(readFileSync(join(project.folder, '.bootstraprc.yaml'), 'utf8'), before);
    rmSync(join(project.folder, '.bootstraprc.yaml'));
  });
});
