import assert from 'node:assert/strict';
import { findIn, run, workflow } from '../../support/workflow-file.js';

const files = {
  'db.sh': '#!/bin/bash\npython manage.py migrate_schemas --tenant acme\necho done\n',
  'actions/db/action.yml':
    'runs:\n  using: composite\n  steps:\n    - name: migrate\n      shell: bash\n      run: python manage.py migrate || true\n',
  'backend/initdb/1.sql': '',
  'backend/initdb/2.sh': '',
};

describe('what a workflow file calls', () => {
  const placesOf = async (text: string): Promise<readonly string[]> =>
    (await findIn(text, files)).map(
      ({ code, place }) => `${code} ${place?.file ?? ''}:${String(place?.line)}:${String(place?.column)}`,
    );

  for (const call of ['./db.sh', 'bash db.sh', 'bash ./db.sh && make', 'cd . && sh -x db.sh'])
    it(`is looked at: ${call}`, async () => {
      assert.deepEqual(await placesOf(workflow(run(call))), ['DBB6078 db.sh:2:34', 'DBB5030 db.sh:2:1']);
    });

  it('stops at errors where its shell is told to, or where it is sourced into one that does', async () => {
    for (const call of ['bash -e db.sh', 'source db.sh'])
      assert.deepEqual(await placesOf(workflow(run(call))), ['DBB6078 db.sh:2:34']);
  });

  it('may be a target of a makefile, with what it needs', async () => {
    const makefile =
      '.PHONY: db\nSHELL := /bin/bash\nall: lint\n\ndb: roles ## makes it\n\t@echo start\n\t-python manage.py migrate_schemas --shared\n\tpython manage.py migrate_schemas \\\n\t\t--tenant acme\n\nroles:\n\tpsql -U app -c "create role x" || true\nother:\n\tpython manage.py migrate || true\n';
    const found = async (call: string, path = 'Makefile'): Promise<readonly string[]> =>
      (await findIn(workflow(run(call)), { [path]: makefile })).map(
        ({ code, place }) => `${code} ${place?.file ?? ''}:${String(place?.line)}:${String(place?.column)}`,
      );
    const expected = ['DBB6078 Makefile:9:3', 'DBB5030 Makefile:7:3', 'DBB5030 Makefile:12:36'];
    assert.deepEqual(await found('make db'), expected);
    assert.deepEqual(await found('make lint'), []);
    assert.deepEqual(await found('make'), []);
    assert.deepEqual(
      await found('make -C backend db', 'backend/Makefile'),
      expected.map((text) => text.replace('Makefile', 'backend/Makefile')),
    );
  });

  it('is told once, whoever calls it', async () => {
    const found = await placesOf(workflow(`${run('./db.sh')}${run('bash db.sh')}`));
    assert.equal(found.length, 2);
  });

  it('has its own place in an action of the repository', async () => {
    assert.deepEqual(await placesOf(workflow('      - uses: ./actions/db\n      - uses: ./actions/none\n')), [
      'DBB5030 actions/db/action.yml:6:40',
    ]);
  });

  it('is looked for in the working directory of the step, or of the job', async () => {
    const loop = run(
      'for f in $(ls initdb/*.sql); do psql -v ON_ERROR_STOP=1 -U app -f "$f"; done',
      '        working-directory: backend\n',
    );
    assert.deepEqual(await placesOf(workflow(loop)), ['DBB5032 .github/workflows/ci.yml:11:20']);
  });

  it('is told of a job that may fail in one place, and as a note where a matrix decides', async () => {
    const job = (value: string): string =>
      workflow(run('python manage.py migrate') + run('python manage.py loaddata seed')).replace(
        '    runs-on',
        `    continue-on-error: ${value}\n    runs-on`,
      );
    for (const [value, severity] of [
      ['true', 'warning'],
      ['${{ matrix.experimental }}', 'note'],
    ] as const) {
      const [finding, ...others] = await findIn(job(value));
      assert.deepEqual(others, []);
      assert.equal(finding?.severity, severity);
      assert.deepEqual(finding.subject, {
        file: '.github/workflows/ci.yml',
        job: 'test',
        command: 'migrate',
      });
    }
  });

  const placesWith = async (call: string, more: Record<string, string>): Promise<readonly string[]> =>
    (await findIn(workflow(call), more)).map(
      ({ code, place }) => `${code} ${place?.file ?? ''}:${String(place?.line)}:${String(place?.column)}`,
    );

  it('may stand in another makefile, or in one that the makefile includes', async () => {
    const makefiles = {
      Makefile: 'include build/db.mk\n-include none.mk\n\nsetup:\n\t$(MAKE) -f other.mk db\n',
      'build/db.mk':
        'db: roles\n\tpython manage.py migrate_schemas --tenant acme\n\nroles:\n\t-psql -U app -c "create role x"\n',
      'other.mk': 'db:\n\tpython manage.py loaddata seed || true\n',
    };
    const included = ['DBB6078 build/db.mk:2:35', 'DBB5030 build/db.mk:5:3'];
    assert.deepEqual(await placesWith(run('make db'), makefiles), included);
    for (const call of ['make -f other.mk db', 'make --file=other.mk', 'make setup'])
      assert.deepEqual(await placesWith(run(call), makefiles), ['DBB5030 other.mk:2:36'], call);
  });

  it('may be named by variables of a makefile', async () => {
    const makefile =
      'PYTHON ?= python3\nMANAGE := $(PYTHON) manage.py # how\n\ndb:\n\t$(MANAGE) migrate_schemas --tenant acme\n\t@${MANAGE} loaddata seed || true\n';
    assert.deepEqual(await placesWith(run('make db'), { Makefile: makefile }), [
      'DBB6078 Makefile:5:28',
      'DBB5030 Makefile:6:30',
    ]);
  });

  it('may be a script of package.json, with those that npm runs before and after it', async () => {
    const json = `{
  "name": "shop",
  "scripts": {
    "predb": "python manage.py makemigrations || true",
    "db": "npm run migrate && psql -U app -c \\"create role x\\" || echo 'no'",
    "migrate": "python manage.py migrate_schemas --tenant acme",
    "other": "python manage.py migrate || true"
  }
}
`;
    const expected = ['DBB6078 package.json:6:50', 'DBB5030 package.json:4:50', 'DBB5030 package.json:5:67'];
    for (const call of ['npm ci && npm run db', 'npm run-script db -- --all', 'yarn db', 'pnpm run db'])
      assert.deepEqual(await placesWith(run(call), { 'package.json': json }), expected, call);
    for (const call of ['npm --prefix web run db', 'pnpm -C web db', 'yarn --cwd=web run db'])
      assert.deepEqual(
        await placesWith(run(call), { 'web/package.json': json }),
        expected.map((place) => place.replace('package', 'web/package')),
        call,
      );
    for (const call of ['npm db', 'npm run', 'npm test', 'npm run none', 'npm ci'])
      assert.deepEqual(await placesWith(run(call), { 'package.json': json }), [], call);
  });

  it('goes on after a failure in a script of package.json', async () => {
    const [finding, ...others] = await findIn(workflow(run('npm test')), {
      'package.json': '{ "scripts": { "test": "python manage.py migrate; pytest" } }',
    });
    assert.deepEqual(others, []);
    assert.deepEqual(
      [finding?.code, finding?.subject, finding?.message],
      [
        'DBB5030',
        { file: 'package.json', script: 'test', command: 'migrate' },
        'a shell without `set -e` hides every failure of "migrate" in script "test" of package.json',
      ],
    );
  });

  describe('by docker compose', () => {
    const compose = {
      'docker-compose.yml': `services:
  db:
    image: postgres:16
  migrate:
    build: .
    command: >
      sh -c "python manage.py migrate_schemas
      --tenant acme || true"
  web:
    build: ./backend
    volumes: [ "./backend:/app" ]
    entrypoint: ["/app/start.sh"]
    command: ["bash", "-c", "until nc -z db 5432; do sleep 1; done; gunicorn \\"shop\\""]
    depends_on: [db, migrate]
  worker:
    command: python manage.py migrate || true
    depends_on: { db: { condition: service_healthy } }
  load:
    profiles: [data]
    command:
      - sh
      - -c
      - |
        python manage.py loaddata seed || true
`,
      'backend/start.sh': '#!/bin/sh\npython manage.py migrate || echo no\nexec "$@"\n',
    };
    const ofMigrate = ['DBB6078 docker-compose.yml:8:7', 'DBB5030 docker-compose.yml:8:24'];
    const ofWeb = ['DBB5030 backend/start.sh:2:29', 'DBB5034 docker-compose.yml:13:30'];

    for (const [call, expected] of [
      ['docker compose up -d --wait web', [ofMigrate[0], ofWeb[0], ofMigrate[1], ofWeb[1]]],
      ['docker-compose up -d', [ofMigrate[0], ofWeb[0], ofMigrate[1], ofWeb[1]]],
      ['docker compose -p ci up --no-deps web', ofWeb],
      ['docker compose run --rm migrate', ofMigrate],
      ['docker compose run --rm -e A=b migrate python manage.py check', []],
      ['docker compose up -d db worker', []],
      ['docker compose build web', []],
      ['docker compose -f docker-compose.yml run load', ['DBB5030 docker-compose.yml:24:43']],
    ] as const)
      it(`is what its services execute: ${call}`, async () => {
        const found = await placesWith(run(call), compose);
        assert.deepEqual(
          found.filter((text) => !text.startsWith('DBB6040')),
          expected,
        );
      });

    it('is named by its service', async () => {
      const [finding] = await findIn(workflow(run('docker compose run --rm migrate')), compose);
      assert.deepEqual(finding?.subject, { file: 'docker-compose.yml', service: 'migrate', value: 'acme' });
      assert.match(finding.evidence.join('\n'), /in service "migrate" of docker-compose\.yml/);
    });

    it('is the entrypoint alone where a command is named', async () => {
      assert.deepEqual(await placesWith(run('docker compose run --no-deps web pytest'), compose), [ofWeb[0]]);
    });

    it('has a health command, of which the role is named by its own variables', async () => {
      const file = (test: string): Record<string, string> => ({
        'compose.yml': `services:\n  db:\n    image: postgres:16\n    environment: [POSTGRES_USER=shop]\n    healthcheck:\n      test: ${test}\n`,
      });
      for (const test of [
        'pg_isready -d shop',
        '["CMD-SHELL", "pg_isready -d shop"]',
        '["CMD", "pg_isready"]',
      ]) {
        const [finding, ...others] = await findIn(workflow(run('docker compose up -d')), file(test));
        assert.deepEqual(others, []);
        assert.deepEqual(
          [finding?.code, finding?.severity, finding?.place?.file, finding?.place?.line],
          ['DBB5064', 'note', 'compose.yml', 6],
        );
        assert.deepEqual(finding?.subject, { file: 'compose.yml', job: 'test', service: 'db' });
        assert.equal(finding.help, 'write "pg_isready -U shop" into its healthcheck');
      }
      for (const test of ['["CMD", "pg_isready", "-U", "shop"]', '["NONE"]', 'curl -f http://localhost'])
        assert.deepEqual(await placesWith(run('docker compose up -d'), file(test)), [], test);
    });

    it('may stand in what another service is made of', async () => {
      const file = `x-app: &app
  build: .
  environment: { PGUSER: app }
  command: sh -c "python manage.py migrate || true"
services:
  web:
    <<: *app
  worker:
    <<: [*app]
    command: psql -c "select 1"
`;
      const found = await placesWith(run('docker compose up'), { 'compose.yml': file });
      assert.deepEqual(found, ['DBB5030 compose.yml:4:47']);
    });

    it('has variables of its own', async () => {
      const file = (environment: string): Record<string, string> => ({
        'compose.yaml': `services:\n  seed:\n    image: postgres:16\n${environment}    command: psql -c "select 1"\n`,
      });
      for (const named of [
        '    environment: { PGUSER: app }\n',
        '    environment: [PGUSER=app]\n',
        '    env_file: .env\n',
      ])
        assert.deepEqual(await placesWith(run('docker compose up seed'), file(named)), []);
      assert.deepEqual(await placesWith(run('docker compose up seed'), file('')), [
        'DBB5064 compose.yaml:4:14',
      ]);
    });
  });

  it('may be steps that stand elsewhere in the file', async () => {
    const text = workflow(run('python manage.py migrate || true')).replace('    steps:', '    steps: &steps');
    const found = await findIn(`${text}  again:\n    runs-on: ubuntu-latest\n    steps: *steps\n`);
    assert.deepEqual(
      found.map(({ subject }) => subject.job),
      ['test', 'again'],
    );
  });

  it('may be a workflow that it calls', async () => {
    const called = workflow(run('python manage.py migrate || true')).replace('push', 'workflow_call');
    const calling = 'on: push\njobs:\n  call:\n    uses: ./.github/workflows/called.yml\n';
    const found = await findIn(calling, { '.github/workflows/called.yml': called });
    assert.deepEqual(
      found.map(({ code, place }) => [code, place?.file]),
      [['DBB5030', '.github/workflows/called.yml']],
    );
  });
});
