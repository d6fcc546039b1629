import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { BootstrapError } from '../errors/index.js';
import type { ConnectionParameters } from './resolve-connection.js';

/** Milliseconds in which a session behind a pooler has to answer its first question: as long as a login may take, for others may hold the pool. */
const patience = 10_000;

/** What the types of pg leave out: the process that the login named. */
type ClientWithKey = Client & { readonly processID: number | null };

/** The addresses, as host and port, at which a pooler has answered this process. */
const poolers = new Set<string>();

/**
 * Whether a pooler answered the login. A server names its own process at the login; a pooler makes up a number of 32 bits, and one in a
 * thousand looks like the number of a process: what another connection to the same address showed counts too.
 */
export function isPooled(client: Client): boolean {
  const { processID, host, port } = client as ClientWithKey;
  const address = `${host}:${String(port)}`;
  if (processID !== null && (processID < 0 || processID > 2 ** 22)) poolers.add(address);
  return poolers.has(address);
}

/**
 * The answer to the first question of a session, or DBB4013 where a pooler took the login and has no connection to the server for it: it
 * would let us wait for minutes.
 */
export async function withinPool<T>(
  client: Client,
  { host, port, database }: ConnectionParameters,
  asked: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (!isPooled(client)) return asked;
  const over = new AbortController();
  // What comes later is nobody's any more.
  asked.catch(() => undefined);
  const silence = sleep(patience, undefined, {
    signal: signal ? AbortSignal.any([over.signal, signal]) : over.signal,
  }).then(() => {
    throw new BootstrapError({
      code: 'DBB4013',
      message: `the pooler at ${host}:${String(port)}/${database} takes a login and gives it no connection to the server within ${String(patience / 1000)} s: its pool is smaller than what a run needs, or others hold it`,
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
