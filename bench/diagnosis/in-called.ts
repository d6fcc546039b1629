import type { Mutation } from './mutation.js';
import { changed, file, healthy } from './in-workflow.js';

const shared = 'python manage.py migrate_schemas --shared\n';

/** The workflow with another command in place of a migration, and the files which that starts. */
const calling =
  (command: string, files: Readonly<Record<string, string>>): Mutation['make'] =>
  (project) => {
    for (const [path, text] of Object.entries(files)) project.write(path, text);
    project.write(file, healthy.replace(shared, `${command}\n`));
    return undefined;
  };

/** Faults in what a workflow starts by other tools, and in lists of which a shell minds only the end. */
export const inCalled: readonly Mutation[] = [
  {
    name: 'a script of package.json that passes over a failure',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['package.json', 'migrate_schemas'],
    make: calling('npm run db', {
      'package.json':
        '{ "scripts": { "db": "npm run inner", "inner": "python manage.py migrate_schemas || true" } }\n',
    }),
  },
  {
    name: 'an included makefile that names a tenant behind --tenant',
    kind: 'workflow',
    codes: ['DBB6078'],
    subject: () => ['db.mk', 'acme'],
    make: calling('make db', {
      Makefile: 'MANAGE := python manage.py\ninclude db.mk\n',
      'db.mk': 'db:\n\t$(MANAGE) migrate_schemas --tenant acme\n',
    }),
  },
  {
    name: 'a service of docker compose that waits for ever',
    kind: 'workflow',
    codes: ['DBB5034'],
    subject: () => ['compose.yaml', 'web'],
    make: calling('docker compose up -d', {
      'compose.yaml':
        'services:\n  web:\n    build: .\n    command: ["sh", "-c", "until nc -z db 5432; do sleep 1; done; gunicorn app"]\n',
    }),
  },
  {
    name: 'an entrypoint of a container that passes over a failure',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['entrypoint.sh', 'migrate_schemas'],
    make: calling('docker compose run --rm web pytest', {
      'docker-compose.yml':
        'services:\n  web:\n    build: .\n    depends_on: [migrate]\n  migrate:\n    build: .\n    volumes: [".:/app"]\n    entrypoint: /app/entrypoint.sh\n',
      'entrypoint.sh': '#!/bin/sh\nset -e\npython manage.py migrate_schemas || true\n',
    }),
  },
  {
    name: 'a here document for a shell that goes on past failures',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['migrate_schemas'],
    make: changed(
      '      - run: python manage.py migrate_schemas --shared\n',
      "      - run: |\n          bash <<'EOF'\n          python manage.py migrate_schemas --shared\n          echo done\n          EOF\n",
    ),
  },
  {
    name: 'a list of which set -e minds only the end',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['migrate_schemas'],
    make: changed(
      '      - run: python manage.py migrate_schemas --shared\n',
      '      - run: |\n          python manage.py migrate_schemas --shared && echo migrated\n          pytest\n',
    ),
  },
  {
    name: 'a migration that nobody waits for',
    kind: 'workflow',
    codes: ['DBB5030'],
    subject: () => ['migrate_schemas'],
    make: changed(
      '      - run: python manage.py migrate_schemas --shared\n',
      '      - run: |\n          python manage.py migrate_schemas --shared &\n          pytest\n',
    ),
  },
];
