import type { Mutation } from './mutation.js';

const rc = '.bootstraprc';

/** Faults in the config and the init scripts. */
export const inConfig: readonly Mutation[] = [
  {
    name: 'an unknown key',
    kind: 'config',
    codes: ['DBB2003'],
    make: (project) => project.replace(rc, 'timeout: 2m', 'timout: 2m'),
  },
  {
    name: 'a need that does not exist',
    kind: 'config',
    codes: ['DBB3001'],
    subject: () => ['seed'],
    make: (project) => project.replace(rc, 'needs: [tenant-migrations]', 'needs: [tenant-migration]'),
  },
  {
    name: 'tasks in a circle',
    kind: 'config',
    codes: ['DBB3002'],
    make: (project) =>
      project.replace(
        rc,
        'makemigrations: { needs: [init, venv] }',
        'makemigrations: { needs: [init, venv, seed] }',
      ),
  },
  {
    name: 'a duration that is none',
    kind: 'config',
    codes: ['DBB2011'],
    make: (project) => project.replace(rc, 'timeout: 2m', 'timeout: two minutes'),
  },
  {
    name: 'a tenant twice',
    kind: 'config',
    codes: ['DBB2021'],
    make: (project) => project.replace(rc, 'schema: corner_shop', 'schema: test_tenant'),
  },
  {
    name: 'a field that the tenant model does not have',
    kind: 'config',
    codes: ['DBB6015'],
    subject: () => ['descripton'],
    make: (project) => project.replace(rc, 'description: A second one', 'descripton: A second one'),
  },
  {
    name: 'a required field that is missing',
    kind: 'config',
    codes: ['DBB6016'],
    subject: () => ['name'],
    make: (project) =>
      project.replace(rc, 'tenants:\n', 'tenants:\n  - { schema: third, domain: third.example.com }\n'),
  },
  {
    name: 'a value of the wrong type for a field',
    kind: 'config',
    codes: ['DBB6024'],
    make: (project) =>
      project.replace(
        rc,
        'tenants:\n',
        'tenants:\n  - { schema: third, domain: third.example.com, fields: { name: Third, paid_until: tomorrow } }\n',
      ),
  },
  {
    name: 'migrate_schemas --tenant with a name',
    kind: 'config',
    codes: ['DBB6078'],
    make: (project) =>
      project.replace(rc, 'manage.py seed\n', 'manage.py migrate_schemas --tenant test_tenant\n'),
  },
  {
    name: 'a command whose failure is passed over',
    kind: 'config',
    codes: ['DBB5030'],
    subject: () => ['seed', 'loaddata'],
    make: (project) => project.replace(rc, 'manage.py seed\n', 'manage.py loaddata seed || true\n'),
  },
  {
    name: 'lines of a command of which only the last counts',
    kind: 'config',
    codes: ['DBB5030'],
    subject: () => ['seed', 'loaddata'],
    make: (project) =>
      project.replace(
        rc,
        'run: .venv/bin/python manage.py seed\n',
        'run: "python manage.py loaddata a; python manage.py seed"\n',
      ),
  },
  {
    name: 'a variable that is not set',
    kind: 'config',
    codes: ['DBB2010'],
    subject: () => ['SHOP_SECRET'],
    make: (project) => project.replace(rc, 'env:\n', 'env:\n  TOKEN: ${SHOP_SECRET}\n'),
  },
  {
    name: 'a settings module that does not exist',
    kind: 'config',
    codes: ['DBB6003'],
    subject: () => ['wholesale.settings.tests'],
    make: (project) => project.replace(rc, 'wholesale.settings.test', 'wholesale.settings.tests'),
  },
  {
    name: 'a key twice',
    kind: 'config',
    codes: ['DBB2005'],
    make: (project) => project.append(rc, 'preset: django'),
  },
  {
    name: 'the preset without tenants',
    kind: 'config',
    codes: ['DBB3001', 'DBB6018', 'DBB2003'],
    make: (project) => project.replace(rc, 'preset: django-tenants', 'preset: django'),
  },
  {
    name: 'a program that does not exist',
    kind: 'config',
    codes: ['DBB5002', 'DBB5001'],
    subject: () => ['pyhton'],
    make: (project) =>
      project.replace(rc, 'run: .venv/bin/python manage.py seed', 'run: .venv/bin/pyhton manage.py seed'),
  },
  {
    name: 'a folder of init scripts that does not exist',
    kind: 'init scripts',
    codes: ['DBB5006'],
    make: (project) =>
      project.replace(rc, 'init: { repeatable: true }', 'init: { repeatable: true, directory: initdb.d }'),
  },
  {
    name: 'an error in an init script',
    kind: 'init scripts',
    codes: ['DBB5005'],
    make: (project) =>
      project.write('docker-entrypoint-initdb.d/02-more.sql', 'create tabel t (id integer);\n'),
  },
  {
    name: 'an init script that hides a failure',
    kind: 'init scripts',
    codes: ['DBB5005'],
    make: (project) =>
      project.write(
        'docker-entrypoint-initdb.d/02-more.sh',
        '#!/bin/sh\npsql -c "create tabel t (id integer)"\n',
      ),
  },
  {
    name: 'an init script that ends with a failure',
    kind: 'init scripts',
    codes: ['DBB5005'],
    subject: () => ['02-more.sh'],
    make: (project) => project.write('docker-entrypoint-initdb.d/02-more.sh', '#!/bin/sh\nexit 3\n'),
  },
  {
    name: 'a packed init script that is broken',
    kind: 'init scripts',
    codes: ['DBB5005', 'DBB5007', 'DBB5008'],
    subject: () => ['02-more.sql.gz'],
    make: (project) => project.write('docker-entrypoint-initdb.d/02-more.sql.gz', 'not gzip'),
  },
  {
    name: 'an init script whose extension is not installed',
    kind: 'init scripts',
    codes: ['DBB5013', 'DBB5005', 'DBB4014'],
    subject: () => ['no_such_extension'],
    make: (project) =>
      project.write('docker-entrypoint-initdb.d/02-more.sql', 'create extension no_such_extension;\n'),
  },
  {
    name: 'an init script whose table exists',
    kind: 'init scripts',
    codes: ['DBB5057', 'DBB5005'],
    subject: () => ['tenants_client'],
    make: (project) =>
      project.write('docker-entrypoint-initdb.d/02-more.sql', 'create table tenants_client (id integer);\n'),
  },
];
