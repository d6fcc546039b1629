import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createTestDatabase, query, stopTestServer, testServer } from '../../test/support/postgres.js';
import { pythonOf, pythonSets } from '../../test/support/python.js';
import { printTable, timeInTurn, type Timed } from '../pairs.js';

// The whole workflow of the example against the same steps as a shell script, on the same server, in turn. Build first;
// run with `npm run bench:main`. The virtual environment is made beforehand and the seed is left out, in both.
const checksBeyond = [
  'orphans',
  'sequences',
  'drift',
  'content-types',
  'constraints',
  'indexes',
  'foreign-keys',
  'duplicates',
].map((name) => `check-${name}`);
const rounds = Number(process.argv[2] ?? 5);
const project = join(mkdtempSync(join(tmpdir(), 'dbb-bench-')), 'project');
cpSync('examples/django-tenants', project, {
  recursive: true,
  filter: (path) => !/\.venv|\.db-bootstrap|__pycache__/.test(path),
});

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  const python = await pythonOf(set);
  const server = await testServer();
  const databases = [await createTestDatabase(), await createTestDatabase()] as const;
  const env = (name: string): NodeJS.ProcessEnv => {
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    return {
      ...process.env,
      DATABASE_URL: url.href,
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGUSER: server.user,
      PGPASSWORD: server.password,
      PGDATABASE: name,
      PYTHON: python,
    };
  };
  const commands = (before: (name: string) => Promise<void>): Timed[] => [
    {
      name: 'shell script of manage.py and psql',
      command: resolve('bench/main/by-hand.sh'),
      args: [],
      cwd: project,
      env: env(databases[0].name),
      before: () => before(databases[0].name),
    },
    {
      name: 'db-bootstrap run',
      command: process.execPath,
      args: [
        resolve('dist/bin/db-bootstrap.js'),
        'run',
        '--skip',
        // Checks that the script has no counterpart for are left out: it looks for tables and nothing else.
        `venv,seed,${checksBeyond.join(',')}`,
        '--set',
        `django.python=${python}`,
      ],
      cwd: project,
      env: env(databases[1].name),
      before: () => before(databases[1].name),
    },
  ];
  const recreate = async (name: string): Promise<void> => {
    await query(server.url, `drop database if exists "${name}" with (force)`);
    await query(server.url, `create database "${name}"`);
  };
  const title = `${pythonSets[set].join(' ')}, ${rounds} rounds in turn, ratio pair by pair to the first`;
  for (const [state, before] of [
    ['an empty database', recreate],
    ['nothing to do', () => Promise.resolve()],
  ] as const) {
    const rows = await timeInTurn(commands(before), rounds);
    if (rows[0]) printTable(`${state}: ${title}`, rows, rows[0]);
  }
  for (const database of databases) await database.drop();
}
rmSync(join(project, '..'), { recursive: true, force: true });
await stopTestServer();
