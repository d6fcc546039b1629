import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

// `npm run setup`: a real django-tenants project goes from nothing to ready, on a server of its own. Where Python or its
// package index is out of reach, this says so, and a project of SQL files does the same.
const bin = join(process.cwd(), 'dist/bin/db-bootstrap.js');

function bootstrap(example: string, ...args: string[]): number {
  const ended = spawnSync(process.execPath, [bin, 'run', '--set', 'database=embedded', ...args], {
    cwd: join(process.cwd(), 'examples', example),
    stdio: 'inherit',
  });
  return ended.status ?? 1;
}

// The first task of the example that needs the network: it makes the virtual environment and installs Django.
const hasPython = bootstrap('django-tenants', '--only', 'venv', '--quiet') === 0;
if (!hasPython) {
  process.stdout.write(
    '\nThe example examples/django-tenants needs Python 3.9 or newer with the module venv, and its package index: see the\n' +
      'message above. Running examples/sql instead, which needs neither.\n\n',
  );
}
process.exitCode = bootstrap(hasPython ? 'django-tenants' : 'sql');
