import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createTestDatabase, stopTestServer, testServer } from '../../test/support/postgres.js';
import { virtualEnvWith } from '../../test/support/python.js';
import { printTable, timeInTurn } from '../pairs.js';

// A second run with nothing to do of applications from PyPI, against Django's own `migrate` and bare Node, in turn. It starts no Python.
// Build first; run with `npm run bench:second [-- ROUNDS NAME]`. The first run of an application takes some minutes.
const rounds = Number(process.argv[2] ?? 9);
const only = process.argv[3];
const applications = [
  { name: 'shop', packages: ['django-oscar', 'wagtail', 'psycopg2-binary'] },
  { name: 'pretix', packages: ['pretix', 'psycopg2-binary'] },
];
const bin = resolve('dist/bin/db-bootstrap.js');
const server = await testServer();

for (const { name, packages } of applications.filter((one) => only === undefined || one.name === only)) {
  const python = join(await virtualEnvWith(name, packages), 'bin/python');
  const folder = mkdtempSync(join(tmpdir(), 'dbb-bench-'));
  const project = join(folder, name);
  const counted = join(project, '.venv/bin/python');
  const starts = join(folder, 'starts');
  const database = await createTestDatabase();
  cpSync(join('bench/second', name), project, { recursive: true });
  mkdirSync(join(project, '.venv/bin'), { recursive: true });
  writeFileSync(counted, `#!/bin/sh\necho x >> '${starts}'\nexec '${python}' "$@"\n`);
  chmodSync(counted, 0o755);
  const parts = {
    HOST: server.host,
    PORT: String(server.port),
    USER: server.user,
    PASSWORD: server.password,
  };
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PGDATABASE: database.name,
    PRETIX_DATABASE_BACKEND: 'postgresql',
    PRETIX_DATABASE_NAME: database.name,
    ...Object.fromEntries(
      Object.entries(parts).flatMap(([key, value]) => [
        [`PG${key}`, value],
        [`PRETIX_DATABASE_${key}`, value],
      ]),
    ),
  };
  const first = spawnSync(process.execPath, [bin, 'run'], { cwd: project, env, encoding: 'utf8' });
  if (first.status !== 0) throw new Error(`${name} is not ready:\n${first.stdout}${first.stderr}`);
  writeFileSync(starts, '');
  const [bare, ...rows] = await timeInTurn(
    [
      { name: 'node -e 0', command: process.execPath, args: ['-e', '0'] },
      { name: 'db-bootstrap run', command: process.execPath, args: [bin, 'run'], cwd: project, env },
      { name: 'manage.py migrate', command: python, args: ['manage.py', 'migrate'], cwd: project, env },
    ],
    rounds,
  );
  const began = readFileSync(starts, 'utf8').length / 2;
  if (bare)
    printTable(
      `${packages.join(' ')}: a second run, ${String(rounds)} rounds, Python started ${String(began)} times`,
      [bare, ...rows],
      bare,
    );
  await database.drop();
  rmSync(folder, { recursive: true });
}
await stopTestServer();
