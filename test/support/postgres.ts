import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { until } from './until.js';

const run = promisify(execFile);

/** A running PostgreSQL of Debian's (or the one that DB_BOOTSTRAP_TEST_SERVER names), as its superuser. */
export interface TestServer {
  /** URL of the superuser on database "postgres". */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  stop(): Promise<void>;
}

let shared: Promise<TestServer> | undefined;

/** The server that all tests share; started at the first call. */
export function testServer(): Promise<TestServer> {
  shared ??= process.env.DB_BOOTSTRAP_TEST_SERVER
    ? Promise.resolve(named(process.env.DB_BOOTSTRAP_TEST_SERVER))
    : startServer().then((server) => {
        // Test files run in several processes, of which each has a server; nobody tells them that they have run their last file.
        process.once('exit', () => server.stopNow());
        return server;
      });
  return shared;
}

/** Stops the shared server, if it was started here. */
export async function stopTestServer(): Promise<void> {
  if (shared) await (await shared).stop();
}

function named(text: string): TestServer {
  const url = new URL(text);
  return {
    url: text,
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    stop: () => Promise.resolve(),
  };
}

/** Starts a server of a test's own, for tests that stop, kill or reconfigure it. `settings` are lines for postgresql.conf. */
export async function startServer(
  options: { settings?: readonly string[]; port?: number } = {},
): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'dbb-server-'));
  const data = join(folder, 'data');
  const password = 'p@ss:word/ä';
  const port = options.port ?? (await freePort());
  const passwordFile = join(folder, 'password');
  mkdirSync(data);
  writeFileSync(passwordFile, password);
  if (process.getuid?.() === 0) {
    const [uid, gid] = postgresIds();
    for (const path of [folder, data, passwordFile]) chownSync(path, uid, gid);
  }
  await asPostgres([
    'initdb',
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '-N',
  ]);
  const settings = [
    'fsync = off',
    'max_connections = 200',
    `unix_socket_directories = '${folder}'`,
    `listen_addresses = '127.0.0.1'`,
    `port = ${port}`,
    ...(options.settings ?? []),
  ];
  writeFileSync(join(data, 'postgresql.auto.conf'), settings.join('\n') + '\n');
  const server: OwnServer = {
    url: `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    folder,
    start: () => asPostgres(['pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), 'start']),
    halt: (mode) => asPostgres(['pg_ctl', '-D', data, '-w', '-m', mode, 'stop']),
    standby: async () => {
      await server.halt('fast');
      writeFileSync(join(data, 'standby.signal'), '');
      await server.start();
    },
    stop: async () => {
      await asPostgres(['pg_ctl', '-D', data, '-w', '-m', 'immediate', 'stop']).catch(() => undefined);
      rmSync(folder, { recursive: true, force: true });
    },
    stopNow: () => {
      try {
        const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
        process.kill(pid, 'SIGQUIT');
      } catch {
        // It is down already.
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** A server that a test may stop and start. */
export interface OwnServer extends TestServer {
  readonly folder: string;
  /** For the end of a process, which waits for nothing. */
  stopNow(): void;
  start(): Promise<void>;
  halt(mode: 'smart' | 'fast' | 'immediate'): Promise<void>;
  /** Starts it again as a standby: it takes reads, and waits for a primary that never comes. */
  standby(): Promise<void>;
}

/** A new database on the shared server (or a test's own), empty or a copy of another; its URL, and a function that drops it. */
export async function createTestDatabase(
  options: { name?: string; server?: TestServer; template?: string } = {},
): Promise<{ url: string; name: string; drop(): Promise<void> }> {
  const server = options.server ?? (await testServer());
  const name = options.name ?? `test_${randomBytes(6).toString('hex')}`;
  const copied = options.template === undefined ? '' : ` template ${pg.escapeIdentifier(options.template)}`;
  await query(server.url, `create database ${pg.escapeIdentifier(name)}${copied}`);
  const url = new URL(server.url);
  url.pathname = `/${encodeURIComponent(name)}`;
  return {
    url: url.href,
    name,
    drop: () =>
      until(async () => {
        try {
          await query(server.url, `drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
          return true;
        } catch (error) {
          // An owner may not end an autovacuum worker, which soon ends by itself.
          if ((error as pg.DatabaseError).code === '42501') return false;
          throw error;
        }
      }),
  };
}

/** Rows of one statement on a connection of its own. */
export async function query<Row extends pg.QueryResultRow = Record<string, unknown>>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** A TCP port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** The folder of Debian's newest server programs, or the one of the PATH elsewhere. */
export function serverPrograms(): string {
  const base = '/usr/lib/postgresql';
  const majors = existsSync(base)
    ? readdirSync(base)
        .map(Number)
        .filter((major) => existsSync(join(base, String(major), 'bin/initdb')))
    : [];
  if (majors.length === 0)
    throw new Error('no PostgreSQL server is installed: install the package "postgresql"');
  return join(base, String(Math.max(...majors)), 'bin');
}

async function asPostgres([program, ...args]: [string, ...string[]]): Promise<void> {
  const path = join(serverPrograms(), program);
  const root = process.getuid?.() === 0;
  const [uid, gid] = root ? postgresIds() : [0, 0];
  // pg_ctl leaves the server with our pipes; "ignore" keeps execFile from waiting for the server's end.
  await new Promise<void>((resolve, reject) => {
    const child = execFile(path, args, { ...(root ? { uid, gid } : {}), cwd: '/' });
    let text = '';
    child.stdout?.on('data', (chunk: string) => (text += chunk));
    child.stderr?.on('data', (chunk: string) => (text += chunk));
    child.on('error', reject);
    child.on('exit', (code) => {
      child.stdout?.destroy();
      child.stderr?.destroy();
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${code}: ${text}`));
    });
  });
}

function postgresIds(): [number, number] {
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return [id('-u'), id('-g')];
}

/** The database as pg_dump writes it (without its random restrict lines), for comparisons. */
export async function dump(url: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('pg_dump', ['-d', url, ...args], { maxBuffer: 1 << 28 });
  return stdout.replace(/^\\(un)?restrict .*$/gm, '');
}
