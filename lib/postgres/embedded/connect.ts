import type { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { isNotYet } from '../not-yet.js';
import { passwordOf, type Home } from './home.js';
import { pidFile } from './postmaster.js';
import { notStarted } from './problems.js';

/** The URL of a database of the server, password included. */
export function urlOf(home: Home, port: number, name: string): string {
  return `postgres://postgres:${encodeURIComponent(passwordOf(home))}@127.0.0.1:${port}/${encodeURIComponent(name)}`;
}

/** Asks the server as its superuser. */
async function ask<T>(home: Home, port: number, work: (client: Client) => Promise<T>): Promise<T> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: urlOf(home, port, 'postgres'),
    connectionTimeoutMillis: 10_000,
  });
  // A server that ends in mid-connection also emits "error", which would end this process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Waits until the server lets us in and answers with the home's own data directory; then its version ("18.4"). False where `alive`
 * says that ours has ended.
 */
export async function answers(
  home: Home,
  port: number,
  alive: () => boolean,
  ms: number,
): Promise<string | false> {
  const deadline = Date.now() + ms;
  for (let pause = 10; ; pause = Math.min(pause * 1.5, 250)) {
    try {
      return await ask(home, port, async (client) => {
        const { rows } = await client.query<{ version: string; identity: string }>(
          `select current_setting('server_version') as version, pg_read_file('postmaster.pid') as identity`,
        );
        // Process, folder, start and port: no two servers have all four alike, even when the folder has been moved.
        const [row] = rows;
        if (row?.identity.split('\n').slice(0, 4).join() !== pidFile(home).slice(0, 4).join())
          throw new Stranger();
        return row.version;
      });
    } catch (error) {
      const { code } = error as { code?: string };
      const stranger = error instanceof Stranger || code === '28P01';
      // Whoever took the port from our server makes it end, a moment later.
      if (stranger) await sleep(500);
      if (!alive()) return false;
      if (stranger)
        throw notStarted(`the server at port ${port} does not take the password in ${home.folder}/password`, {
          help: `set it again (ALTER ROLE postgres PASSWORD …), or remove ${home.folder} to begin with an empty server`,
        });
      if (!isNotYet(error)) throw error;
    }
    if (Date.now() > deadline)
      throw notStarted(`the embedded server runs, but let nobody in for ${ms / 1000} s`, {
        help: `read ${home.log}, or end it: db-bootstrap db stop`,
      });
    await sleep(pause);
  }
}

/** Makes the database, unless it is there. */
export async function makeDatabase(home: Home, port: number, name: string): Promise<void> {
  await ask(home, port, async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  });
}

/** A server that is not ours. */
class Stranger extends Error {}
