import { join } from 'node:path';
import { copyExample } from '../test/support/command.js';
import { createTestDatabase, stopTestServer } from '../test/support/postgres.js';
import { virtualEnv } from '../test/support/python.js';
import { median, printTable, timeInTurn } from './pairs.js';

// What `doctor` costs on the example, against the bare start of Django: at most half a second more. `npm run bench:doctor`.
const python = await virtualEnv('old');
const project = copyExample('django-tenants', python);
const migrated = await createTestDatabase();
const empty = await createTestDatabase();
const bin = join(process.cwd(), 'dist/bin/db-bootstrap.js');
const shared = { cwd: project.folder };
const envOf = (url: string): NodeJS.ProcessEnv => ({
  ...process.env,
  DATABASE_URL: url,
  DJANGO_SETTINGS_MODULE: 'wholesale.settings.test',
});

try {
  // The first database is as a run leaves it, with what Django has answered; the other is new, so that Django is asked.
  await timeInTurn(
    [
      {
        name: 'run',
        command: process.execPath,
        args: [bin, 'run', '--skip', 'venv'],
        ...shared,
        env: envOf(migrated.url),
      },
    ],
    0,
  );
  const rows = await timeInTurn(
    [
      {
        name: 'python, django.setup()',
        command: join(python, 'bin/python'),
        args: ['-c', 'import django; django.setup()'],
        ...shared,
        env: envOf(empty.url),
      },
      {
        name: 'doctor, new database',
        command: process.execPath,
        args: [bin, 'doctor'],
        ...shared,
        env: envOf(empty.url),
      },
      {
        name: 'doctor, after a run',
        command: process.execPath,
        args: [bin, 'doctor'],
        ...shared,
        env: envOf(migrated.url),
      },
    ],
    11,
  );
  const [bare] = rows;
  if (bare) {
    printTable(
      'doctor on examples/django-tenants, whole processes, medians of 11, ratio to the first',
      rows,
      bare,
    );
    for (const { name, ms } of rows.slice(1)) {
      const beyond = median(ms.map((value, index) => value - (bare.ms[index] ?? NaN)));
      process.stdout.write(
        `  ${name}: the start of Django ${beyond < 0 ? '-' : '+'} ${Math.abs(beyond).toFixed(0)} ms (at most + 500)\n`,
      );
      if (beyond > 500) process.exitCode = 1;
    }
  }
} finally {
  await migrated.drop();
  await empty.drop();
  await stopTestServer();
  project.remove();
}
