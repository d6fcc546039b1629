import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { query, stopTestServer, testServer } from '../../test/support/postgres.js';
import { pythonOf } from '../../test/support/python.js';
import { median } from '../pairs.js';
import { compareDigests } from './digests.js';
import { runWatched, type Watched } from './memory.js';
import { addMigrations, listen, writeProject } from './project.js';
import { sameStatements } from './same-statements.js';

// The tenants' migrations against both executors of `migrate_schemas`, on copies of one database, in turn. Build first; run with
// `npm run bench:fleet -- --tenants 20,100 --rounds 3`. Beyond `--peer-limit` tenants the peers are left out, which take minutes there.
const { values } = parseArgs({
  options: {
    tenants: { type: 'string', default: '20,100' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string', default: 'new' },
    /** Parts of names of works, with commas between; all where it is left out. */
    works: { type: 'string' },
    peers: { type: 'string', default: 'standard,multiprocessing' },
    'peer-limit': { type: 'string', default: '300' },
  },
});
const python = await pythonOf(values.python === 'old' ? 'old' : 'new');
const server = await testServer();
const folder = mkdtempSync(join(tmpdir(), 'dbb-fleet-'));
/** So large a fleet is timed in one round; in a larger one only the command does nothing once before it is timed doing nothing. */
const largeFleet = 300;

/** Of no kind that settings may look for: what makes a fleet is no part of the project. */
const fleetConfig = 'fleet.bootstraprc';

// Where the fleet is made, and where each command works on it: for a project, another URL is another database.
const copy = `fleet_test_${String(process.pid)}`;
const base = `${copy}_base`;

interface Work {
  readonly name: string;
  /** Migrations that the release adds; the one at `withCode` runs Python. */
  readonly added: number;
  readonly withCode?: number;
  /** Tenants that have a row and an empty schema, beside those that are migrated. */
  readonly created: number;
  /** Django migrates every tenant: the project listens to a signal before migrations. */
  readonly byDjango?: boolean;
}
const works: readonly Work[] = [
  { name: 'nothing to do', added: 0, created: 0 },
  { name: 'one AddField', added: 1, created: 0 },
  { name: 'ten migrations, one with RunPython', added: 10, withCode: 4, created: 0 },
  { name: 'by Django in every tenant, one field', added: 1, created: 0, byDjango: true },
  { name: 'create 100 tenants', added: 0, created: 100 },
];

const url = (name: string): string => {
  const changed = new URL(server.url);
  changed.pathname = `/${name}`;
  return changed.href;
};
const names = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `t${String(from + index).padStart(5, '0')}`);

/** Milliseconds by work and command, at each size of the fleet. */
const slopes = new Map<string, { readonly count: number; readonly ms: number }[]>();

/** What one more tenant costs, start-up and canary apart: from the smallest fleet to the largest. */
function printSlopes(): void {
  const rows = [...slopes].filter(([, points]) => points.length > 1);
  if (rows.length > 0)
    process.stdout.write('\nwhat one more tenant costs, from the smallest fleet to the largest\n');
  for (const [name, points] of rows) {
    const [first, last] = [points[0], points.at(-1)];
    if (!first || !last) continue;
    const each = (last.ms - first.ms) / (last.count - first.count);
    process.stdout.write(`  ${name.padEnd(60)} ${each.toFixed(2).padStart(8)} ms\n`);
  }
}

async function main(): Promise<void> {
  for (const tenants of values.tenants.split(',').map(Number)) {
    await query(server.url, `create database "${copy}"`);
    const project = projectFor('base', tenants);
    const make = ['run', '--config', fleetConfig, '--only', 'wait,shared,tenants,tenant-migrations'];
    await bootstrap(project, url(copy), make);
    await query(server.url, `alter database "${copy}" rename to "${base}"`);
    if (isWanted('compare catalogs'))
      await compareDigests(url(base), names(0, tenants), Number(values.rounds));
    for (const work of works.filter(({ name }) => isWanted(name))) await compare(work, tenants);
    await query(server.url, `drop database "${base}"`);
  }
  printSlopes();
}

function isWanted(name: string): boolean {
  return values.works === undefined || values.works.split(',').some((part) => name.includes(part));
}

/** Writes the project with a config of so many tenants. */
function projectFor(name: string, tenants: number, work?: Work): string {
  const project = join(folder, `${name}-${String(tenants)}`);
  rmSync(project, { recursive: true, force: true });
  writeProject(project);
  if (work) addMigrations(project, work.added, work.withCode);
  if (work?.byDjango === true) listen(project);
  const config = {
    preset: 'django-tenants',
    env: { DJANGO_SETTINGS_MODULE: 'project.settings' },
    concurrency: 2,
  };
  const wanted = names(0, tenants + (work?.created ?? 0)).map((schema) => ({
    schema,
    domain: `${schema}.example.com`,
    fields: { name: schema },
  }));
  // A fleet lives in the database; only what makes it here names every tenant.
  writeFileSync(join(project, '.bootstraprc'), JSON.stringify(config));
  writeFileSync(join(project, fleetConfig), JSON.stringify({ ...config, tenants: wanted }));
  return project;
}

async function bootstrap(project: string, database: string, args: readonly string[]): Promise<Watched> {
  return runWatched(
    process.execPath,
    [resolve('dist/bin/db-bootstrap.js'), ...args, '--set', `django.python=${python}`],
    { cwd: project, env: { ...process.env, DATABASE_URL: database } },
  );
}

/** What cannot be gone below: Node that does nothing, and one statement that reads what every tenant has recorded. */
async function bareState(database: string): Promise<Watched> {
  const rows = await query<{ nspname: string }>(
    database,
    "select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relname = 'django_migrations'",
  );
  const union = rows
    .map(
      ({ nspname }) =>
        `select '${nspname}', md5(string_agg(app || '.' || name, ',' order by app, name)) from "${nspname}".django_migrations`,
    )
    .join(' union all ');
  const file = join(folder, 'states.sql');
  writeFileSync(file, union);
  return runWatched(
    'sh',
    ['-c', 'node -e 0; psql --no-psqlrc -qAt -f "$0" "$1" > /dev/null', file, database],
    {
      cwd: folder,
      env: process.env,
    },
  );
}

/** Whether all that Django would execute stands in the recording. */
function isReplayed({ added, withCode, created, byDjango }: Work): boolean {
  return added + created > 0 && withCode === undefined && byDjango !== true;
}

/** The statements that one tenant needs, for every tenant, a transaction each: no program, no check. */
async function bySql(database: string, project: string, work: Work, tenants: number): Promise<Watched> {
  const schemas = work.created > 0 ? names(tenants, work.created) : names(0, tenants);
  const record = ['record', '--schema', schemas[0] ?? '', '--json', '--set', `django.python=${python}`];
  const told = execFileSync(process.execPath, [resolve('dist/bin/db-bootstrap.js'), ...record], {
    cwd: project,
    env: { ...process.env, DATABASE_URL: database },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const file = join(folder, 'same.sql');
  writeFileSync(file, sameStatements(told, schemas));
  return runWatched('psql', ['--no-psqlrc', '-q', '-v', 'ON_ERROR_STOP=1', '-f', file, database], {
    cwd: folder,
    env: process.env,
  });
}

async function compare(work: Work, tenants: number): Promise<void> {
  const project = projectFor('work', tenants, work);
  const only = ['run', '--only', 'wait,tenant-migrations'];
  const peer = (executor: string) => (database: string) =>
    runWatched(python, ['manage.py', 'migrate_schemas', '--tenant', `--executor=${executor}`, '--noinput'], {
      cwd: project,
      env: { ...process.env, DATABASE_URL: database },
    });
  const commands: [string, (database: string) => Promise<Watched>][] = [
    ['db-bootstrap', (database) => bootstrap(project, database, only)],
    ...(work.added + work.created === 0
      ? ([['bare node, and the states by psql', (database) => bareState(database)]] as [
          string,
          (database: string) => Promise<Watched>,
        ][])
      : []),
    ...(isReplayed(work)
      ? ([['the same SQL by psql, one session', (database) => bySql(database, project, work, tenants)]] as [
          string,
          (database: string) => Promise<Watched>,
        ][])
      : []),
    ...(tenants > Number(values['peer-limit'])
      ? []
      : values.peers
          .split(',')
          .map((executor): [string, (database: string) => Promise<Watched>] => [
            `migrate_schemas, ${executor}`,
            peer(executor),
          ])),
  ];
  const times = new Map<string, { ms: number[]; peak: number }>();
  const rounds = tenants >= largeFleet ? 1 : Number(values.rounds);
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of commands) {
      await query(server.url, `create database "${copy}" template "${base}"`);
      try {
        // The shared schema, and rows and empty schemas of new tenants, are there for both.
        const prepare = ['run', '--config', fleetConfig, '--only', 'wait,shared,tenants'];
        await bootstrap(project, url(copy), prepare);
        if (work.added + work.created === 0 && (tenants <= largeFleet || name === 'db-bootstrap'))
          await run(url(copy));
        const { ms, peak } = await run(url(copy));
        const row = times.get(name) ?? { ms: [], peak: 0 };
        row.ms.push(ms);
        row.peak = Math.max(row.peak, peak);
        times.set(name, row);
      } finally {
        await query(server.url, `drop database "${copy}" with (force)`);
      }
    }
  }
  const ours = median(times.get('db-bootstrap')?.ms ?? []);
  process.stdout.write(`\n${work.name}, ${String(tenants)} tenants, ${String(rounds)} rounds in turn\n`);
  for (const [name, { ms, peak }] of times) {
    const middle = median(ms);
    const each = middle / (work.created || tenants);
    const key = `${work.name}: ${name}`;
    if (work.created === 0) slopes.set(key, [...(slopes.get(key) ?? []), { count: tenants, ms: middle }]);
    process.stdout.write(
      `  ${name.padEnd(34)} ${middle.toFixed(0).padStart(8)} ms  ${each.toFixed(1).padStart(7)} ms a tenant  ${(peak / 1e6).toFixed(0).padStart(5)} MB  × ${(middle / ours).toFixed(1)}\n`,
    );
  }
}

try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
  await stopTestServer();
}
