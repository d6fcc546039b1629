import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, disconnect, isNotYet, resolveConnection } from '../../lib/postgres/index.js';
import { freePort } from './postgres.js';

/** A real PgBouncer in front of a server. */
export interface PgBouncer {
  /** The URL of the same database through it. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts Debian's PgBouncer for one database; clients need no password, it logs in as the URL says. */
export async function startPgBouncer(
  serverUrl: string,
  options: {
    readonly mode: 'session' | 'transaction' | 'statement';
    readonly poolSize?: number;
    readonly settings?: readonly string[];
    /** The name by which clients ask for the database; "*" takes any. */
    readonly alias?: string;
  },
): Promise<PgBouncer> {
  const server = resolveConnection(serverUrl, {});
  const folder = mkdtempSync(join(tmpdir(), 'dbb-pgbouncer-'));
  const port = await freePort();
  const config = join(folder, 'pgbouncer.ini');
  writeFileSync(
    config,
    [
      '[databases]',
      `${options.alias ?? server.database} = dbname=${server.database} host=${server.host} port=${server.port} user=${server.user} password='${server.password ?? ''}'`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      `pool_mode = ${options.mode}`,
      `default_pool_size = ${options.poolSize ?? 5}`,
      ...(options.settings ?? []),
      '',
    ].join('\n'),
  );
  // PgBouncer does not run as root.
  const root = process.getuid?.() === 0;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const user = root ? { uid: id('-u'), gid: id('-g') } : {};
  if (root) for (const path of [folder, config]) chownSync(path, id('-u'), id('-g'));
  const child = spawn('/usr/sbin/pgbouncer', ['-q', config], {
    ...user,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const name = options.alias === '*' ? server.database : (options.alias ?? server.database);
  const url = `postgres://${server.user}@127.0.0.1:${port}/${name}`;
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (;;) {
    try {
      await disconnect(await connect(resolveConnection(url, {}), { applicationName: 'test' }));
      return { url, port, stop };
    } catch (error) {
      if (isNotYet(error) && child.exitCode === null) continue;
      await stop();
      throw new Error(`PgBouncer did not start: ${log}`, { cause: error });
    }
  }
}
