import type { Mutation } from './mutation.js';

export const file = '.github/workflows/ci.yml';

/** A workflow without a fault: the server is waited for, and nothing is hidden. */
export const healthy = `name: CI
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    services:
      postgres:
        image: postgres:17
        env:
          POSTGRES_PASSWORD: postgres
        ports: ["5432:5432"]
        options: >-
          --health-cmd "pg_isready -U postgres" --health-interval 5s --health-retries 12
    env:
      DATABASE_URL: postgres://postgres:postgres@localhost:5432/postgres
    steps:
      - uses: actions/checkout@v4
      - run: pip install -r requirements.txt
      - run: psql -v ON_ERROR_STOP=1 -f docker-entrypoint-initdb.d/01-init-roles.sql "$DATABASE_URL"
      - run: python manage.py migrate_schemas --shared
      - run: python manage.py migrate_schemas --tenant
      - run: python manage.py test
`;

/** The healthy workflow with another text in one place. */
export const changed =
  (old: string, text: string): Mutation['make'] =>
  (project) => {
    if (!healthy.includes(old)) throw new Error(`the workflow has no ${old}`);
    project.write(file, healthy.replace(old, text));
    return undefined;
  };

/** Faults in a workflow of GitHub Actions. */
export const inWorkflow: readonly Mutation[] = [
  {
    name: 'a migration whose failure is passed over with || true',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['migrate_schemas'],
    make: changed('migrate_schemas --shared', 'migrate_schemas --shared || true'),
  },
  {
    name: 'a migration whose failure is passed over with || echo',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['migrate_schemas'],
    make: changed('migrate_schemas --tenant', 'migrate_schemas --tenant || echo "not applicable"'),
  },
  {
    name: 'a migration that may fail by continue-on-error',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['migrate_schemas'],
    make: changed(
      '      - run: python manage.py migrate_schemas --shared\n',
      '      - run: python manage.py migrate_schemas --shared\n        continue-on-error: true\n',
    ),
  },
  {
    name: 'a shell that goes on past failures',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['migrate_schemas'],
    make: changed(
      '      - run: python manage.py migrate_schemas --shared\n',
      '      - run: |\n          set +e\n          python manage.py migrate_schemas --shared\n          echo done\n',
    ),
  },
  {
    name: 'migrate_schemas --tenant with a name',
    kind: 'workflow',
    codes: ['DBB6078'],
    subject: () => ['acme'],
    make: changed('migrate_schemas --tenant', 'migrate_schemas --tenant acme'),
  },
  {
    name: 'migrate beside migrate_schemas',
    kind: 'workflow',
    codes: ['DBB6040'],
    subject: () => ['migrate'],
    make: changed('migrate_schemas --shared', 'migrate && python manage.py migrate_schemas'),
  },
  {
    name: 'psql that goes on past errors',
    kind: 'workflow',
    codes: ['DBB5031'],
    subject: () => ['psql'],
    make: changed('psql -v ON_ERROR_STOP=1', 'psql'),
  },
  {
    name: 'init scripts of which only some are run',
    kind: 'workflow',
    codes: ['DBB5032'],
    subject: () => ['02-more.sh'],
    make: (project) => {
      project.write('docker-entrypoint-initdb.d/02-more.sh', '#!/bin/sh\nset -e\n');
      project.write(
        file,
        healthy.replace(
          'psql -v ON_ERROR_STOP=1 -f docker-entrypoint-initdb.d/01-init-roles.sql "$DATABASE_URL"',
          'for f in docker-entrypoint-initdb.d/*.sql; do psql -v ON_ERROR_STOP=1 -f "$f" "$DATABASE_URL"; done',
        ),
      );
      return undefined;
    },
  },
  {
    name: 'init scripts mounted before the checkout',
    kind: 'workflow',
    codes: ['DBB5033'],
    subject: () => ['postgres'],
    make: changed(
      '        ports: ["5432:5432"]\n',
      '        ports: ["5432:5432"]\n        volumes: ["./docker-entrypoint-initdb.d:/docker-entrypoint-initdb.d"]\n',
    ),
  },
  {
    name: 'a wait loop without a deadline',
    kind: 'workflow',
    codes: ['DBB5034'],
    subject: () => ['until'],
    make: changed(
      '      - run: pip install -r requirements.txt\n',
      '      - run: pip install -r requirements.txt\n      - run: until psql "$DATABASE_URL" -c "select 1"; do sleep 1; done\n',
    ),
  },
  {
    name: 'a wait loop that falls through',
    kind: 'workflow',
    codes: ['DBB5035'],
    subject: () => ['for'],
    make: changed(
      '      - run: pip install -r requirements.txt\n',
      '      - run: pip install -r requirements.txt\n      - run: for i in 1 2 3; do psql "$DATABASE_URL" -c "select 1" && break; sleep 1; done\n',
    ),
  },
  {
    name: 'a health command without a user',
    kind: 'workflow',
    codes: ['DBB5064'],
    subject: () => ['postgres'],
    make: changed('pg_isready -U postgres', 'pg_isready'),
  },
];
