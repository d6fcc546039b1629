import type { Mutation } from './mutation.js';
import { changed, file, healthy } from './in-workflow.js';

const shared = 'python manage.py migrate_schemas --shared\n';
const install = '      - run: pip install -r requirements.txt\n';
const before = (script: string): Mutation['make'] =>
  changed(
    install,
    `${install}      - run: |\n${script
      .split('\n')
      .map((line) => `          ${line}\n`)
      .join('')}`,
  );

/** The faults of workflows as people also write them, and faults in what a workflow calls. */
export const inScripts: readonly Mutation[] = [
  {
    name: 'a failure that is passed over behind redirections',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['migrate_schemas'],
    make: changed(shared, 'python manage.py migrate_schemas --shared > log 2>&1 || true\n'),
  },
  {
    name: 'a workflow that is no YAML',
    kind: 'workflow',
    codes: ['DBB1010'],
    subject: () => ['ci.yml'],
    make: changed(shared, 'python manage.py migrate_schemas --shared || :\n'),
  },
  {
    name: 'a failure that is passed over inside bash -c',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['migrate_schemas'],
    make: changed(shared, 'bash -c "python manage.py migrate_schemas --shared || true"\n'),
  },
  {
    name: 'a failure of which an if only speaks',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['migrate_schemas'],
    make: changed(shared, 'if ! python manage.py migrate_schemas --shared; then echo "not applicable"; fi\n'),
  },
  {
    name: 'a failure that brackets pass over',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['migrate_schemas'],
    make: changed(shared, '(python manage.py migrate_schemas --shared) || { echo failed; cat log; }\n'),
  },
  {
    name: 'a step that may fail by an expression',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['migrate_schemas'],
    make: changed(shared, `${shared}        continue-on-error: \${{ github.event_name == 'push' }}\n`),
  },
  {
    name: 'a script that goes on past failures',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['db.sh', 'migrate_schemas'],
    make: (project) => {
      project.write('db.sh', '#!/bin/bash\npython manage.py migrate_schemas\necho done\n');
      project.write(file, healthy.replace(shared, './db.sh\n'));
      return undefined;
    },
  },
  {
    name: 'a target of a makefile that passes over a failure',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['Makefile', 'migrate_schemas'],
    make: (project) => {
      project.write('Makefile', 'db:\n\t-python manage.py migrate_schemas\n');
      project.write(file, healthy.replace(shared, 'make db\n'));
      return undefined;
    },
  },
  {
    name: 'an action that names a tenant behind --tenant',
    kind: 'workflow',
    codes: ['DBB6078'],
    subject: () => ['action.yml', 'acme'],
    make: (project) => {
      project.write(
        '.github/actions/db/action.yml',
        'runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: python manage.py migrate_schemas --tenant acme\n',
      );
      project.write(file, healthy.replace(install, `${install}      - uses: ./.github/actions/db\n`));
      return undefined;
    },
  },
  {
    name: 'psql that reads a here document past errors',
    kind: 'workflow',
    codes: ['DBB5031'],
    subject: () => ['psql'],
    make: before('psql "$DATABASE_URL" <<SQL\ncreate table t ();\nSQL'),
  },
  {
    name: 'a port that is asked for ever',
    kind: 'workflow',
    codes: ['DBB5034'],
    subject: () => ['while'],
    make: before('while ! nc -z localhost 5432; do sleep 1; done'),
  },
  {
    name: 'a wait loop that gives up without a word',
    kind: 'workflow',
    codes: ['DBB5035'],
    subject: () => ['until'],
    make: before(
      'n=0\nuntil psql "$DATABASE_URL" -c "select 1" || [ $n -ge 30 ]; do n=$((n+1)); sleep 1; done',
    ),
  },
  {
    name: 'a client without a user',
    kind: 'workflow',
    codes: ['DBB5064'],
    subject: () => ['createdb'],
    make: (project) => {
      project.write(
        file,
        healthy
          .replace(/ {4}env:\n {6}DATABASE_URL.*\n/, '')
          .replace(install, `${install}      - run: createdb -h localhost shop\n`),
      );
      return undefined;
    },
  },
];
