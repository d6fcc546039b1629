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

/** The same work in other spellings. */
const ugly = `name: ci
on: push
env: { DJANGO_SETTINGS_MODULE: wholesale.settings.test }
defaults: { run: { working-directory: . } }
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: timeout 60 bash -c 'until pg_isready -U postgres; do sleep 1; done'
      - run: |
          psql -U postgres <<'SQL'
          create table if not exists note (text text);
          SQL
          psql -U postgres -d shop < roles/more.sql
          cat roles/again.sql | psql -U postgres
          find initdb -name '*.sql' | sort | while read f; do psql -f "$f"; done
          ./scripts/roles.sh 2>&1 | tee log
          psql -tc "select 1 from pg_database where datname = 'shop'" | grep -q 1 || psql -c "create database shop"
      - run: |
          bash -c "python manage.py migrate_schemas --shared || true"
          if ! python manage.py migrate_schemas --tenant; then echo "no"; fi
      - env: { SIZE: "3" }
        working-directory: tools
        run: python ../manage.py seed --size \${SIZE} > /dev/null 2>&1 || true
      - run: python manage.py load_more --key \${{ secrets.KEY }}
      - run: python manage.py init
      - run: make db
      - run: python manage.py seed
        shell: pwsh
  more:
    runs-on: ubuntu-latest
    steps:
      - run: python manage.py init
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

  it('reads inner shells, here documents, pipes, called scripts and variables', async () => {
    project.write('.github/workflows/ugly.yml', ugly);
    project.write('scripts/roles.sh', '#!/bin/sh\npsql -c "create role reader" || true\n');
    project.write(
      'Makefile',
      'db:\n\tpython manage.py migrate_schemas || true\n\t$(PYTHON) manage.py load_all\n',
    );
    const { code, stdout, stderr } = await init('.github/workflows/ugly.yml');
    assert.equal(code, 0, stderr);
    const config = parse(readFileSync(join(project.folder, '.bootstraprc.yaml'), 'utf8')) as {
      env: unknown;
      tasks: Record<string, unknown>;
    };
    assert.deepEqual(config.env, { DJANGO_SETTINGS_MODULE: 'wholesale.settings.test' });
    assert.deepEqual(config.tasks, {
      init: { directory: 'initdb' },
      wait: { createDatabase: true },
      sql: { use: 'sql', text: 'create table if not exists note (text text);', needs: ['init'] },
      'sql-more': { use: 'sql', files: ['roles/more.sql'], needs: ['sql'] },
      'sql-again': { use: 'sql', files: ['roles/again.sql'], needs: ['sql-more'] },
      'sql-2': {
        use: 'sql',
        text: 'create role reader',
        tolerate: [{ sqlstate: '42710', reason: 'the role may exist' }],
        needs: ['sql-again'],
      },
      seed: {
        use: 'command',
        run: 'python ../manage.py seed --size $${SIZE} > /dev/null 2>&1',
        cwd: 'tools',
        env: { SIZE: 3 },
        needs: ['tenant-migrations'],
      },
      'init-2': { use: 'command', run: 'python manage.py init', needs: ['seed'] },
      makemigrations: { needs: ['init', 'sql-2'] },
    });
    for (const line of [
      'ugly.yml:9  pg_isready -U postgres  →  task "wait"',
      'ugly.yml:11  psql -U postgres  →  task "sql"',
      'ugly.yml:15  psql -U postgres  →  task "sql-again"',
      `ugly.yml:16  find initdb -name '*.sql'  →  task "init"`,
      'scripts/roles.sh:2  psql -c "create role reader"  →  task "sql-2"',
      'ugly.yml:18  psql -c "create database shop"  →  task "wait", with createDatabase',
      'ugly.yml:20  python manage.py migrate_schemas --shared  →  task "shared"',
      'ugly.yml:21  python manage.py migrate_schemas --tenant  →  task "tenant-migrations"',
      '→  left alone: it holds an expression that only GitHub knows: write the task by hand',
      'Makefile:2  python manage.py migrate_schemas  →  tasks "shared" and "tenant-migrations"',
      'Makefile:3  $(PYTHON) manage.py load_all  →  left alone: make puts a value into it: write the task by hand',
      'ugly.yml:28  python manage.py seed  →  left alone: its shell is pwsh',
      'ugly.yml:33  python manage.py init  →  task "init-2", as before',
    ])
      assert.ok(stdout.includes(line), `${line}\n${stdout}`);
    const resolved = await bootstrap(['config', '--json'], {
      cwd: project.folder,
      env: { DATABASE_URL: 'postgres://a@localhost/x_test' },
    });
    assert.equal(resolved.code, 0, resolved.stderr);
  });

  it('reads scripts of package.json and makefiles in other folders, and copies no secret', async () => {
    project.write(
      '.github/workflows/web.yml',
      `jobs:
  test:
    runs-on: ubuntu-latest
    env: { API_PASSWORD: hunter2, SIZE: 3 }
    steps:
      - run: npm --prefix web run db
      - run: make -C tools -f db.mk load
      - run: |
          MANAGE="python manage.py"
          $MANAGE load_rest --all
`,
    );
    project.write(
      'web/package.json',
      '{ "scripts": { "db": "npm run seed", "seed": "python ../manage.py seed --size $SIZE --password $API_PASSWORD || true" } }',
    );
    project.write('tools/db.mk', 'load:\n\tpython ../manage.py load_more\n');
    const { code, stdout, stderr } = await init('.github/workflows/web.yml');
    assert.equal(code, 0, stderr);
    const text = readFileSync(join(project.folder, '.bootstraprc.yaml'), 'utf8');
    assert.doesNotMatch(text, /hunter2/);
    const { tasks } = parse(text) as { tasks: Record<string, unknown> };
    assert.deepEqual(tasks, {
      seed: {
        use: 'command',
        run: 'python ../manage.py seed --size $SIZE --password $API_PASSWORD',
        cwd: 'web',
        env: { SIZE: 3 },
        needs: ['init'],
      },
      load_more: { use: 'command', run: 'python ../manage.py load_more', cwd: 'tools', needs: ['seed'] },
      load_rest: { use: 'command', run: 'python manage.py load_rest --all', needs: ['load_more'] },
      makemigrations: { needs: ['init', 'load_rest'] },
    });
    assert.ok(stdout.includes('web/package.json:1  python ../manage.py seed'), stdout);
    assert.ok(stdout.includes('tools/db.mk:2  python ../manage.py load_more  →  task "load_more"'), stdout);
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
