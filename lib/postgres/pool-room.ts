import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { BootstrapError } from '../errors/index.js';
import type { ConnectionParameters } from './resolve-connection.js';

/** The time limit in milliseconds for the first query of a session behind a pooler; the same as for a login. */
const patience = 10_000;

/** The process id that the login named, which the types of pg omit: a server sends its own, a pooler a random number. */
export function processOf(client: Client): number | null {
  return (client as Client & { readonly processID: number | null }).processID;
}

/** Addresses of poolers that this process has found, such as "localhost:6432". */
const poolers = new Set<string>();

/**
 * Whether a pooler answered the login. A server sends its real process id; a pooler sends a random 32-bit number, of which one in a
 * thousand looks like a process id. So an address remains known as a pooler's once any connection has shown it.
 */
export function isPooled(client: Client): boolean {
  const named = processOf(client);
  if (named !== null && (named < 0 || named > 2 ** 22)) poolers.add(addressOf(client));
  return isPoolerAt(client);
}

/** Whether a pooler has answered at this address. */
export function isPoolerAt(server: { readonly host: string; readonly port: number }): boolean {
  return poolers.has(addressOf(server));
}

function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host}:${String(port)}`;
}

/**
 * Returns the result of a session's first query. Throws DBB4013 if a pooler accepted the login but has no server connection for it: the
 * pooler itself would report that only after minutes.
 */
export async function withinPool<T>(
  client: Client,
  { host, port, database }: ConnectionParameters,
  asked: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (!isPooled(client)) return asked;
  const over = new AbortController();
  // Nobody awaits this promise after the timeout: a later rejection must not end the process.
  asked.catch(() => undefined);
  const silence = sleep(patience, undefined, {
    signal: signal ? AbortSignal.any([over.signal, signal]) : over.signal,
  }).then(() => {
    throw new BootstrapError({
      code: 'DBB4013',
      message: `the pooler at ${host}:${String(port)}/${database} accepts a login but assigns no server connection within ${String(patience / 1000)} s: its pool is smaller than a run needs, or other clients use it`,
      help: 'raise default_pool_size of PgBouncer (or pool_size of the database in it), or connect to the server itself',
    });
  });
  try {
    return await Promise.race([asked, silence]);
  } finally {
    over.abort();
    silence.catch(() => undefined);
  }
}
