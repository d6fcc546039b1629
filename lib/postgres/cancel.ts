import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { drop } from './connect.js';

// How long a statement has to end, and how often it is told: the server ignores a request that comes before the statement.
const patience = 2000;
const pause = 200;

/**
 * Cancels what a connection is doing by PostgreSQL's protocol: a request that needs no login, no free connection, and passes through
 * poolers. A server that does not obey in time loses the connection. Never rejects.
 */
export async function cancelStatement(client: Client, statement: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  statement.then(end, end);
  const until = Date.now() + patience;
  while (!ended.signal.aborted && Date.now() < until) {
    await request(client).catch(() => undefined);
    await sleep(pause, undefined, { signal: ended.signal }).catch(() => undefined);
  }
  if (!ended.signal.aborted) drop(client, 'the statement was to end, and the server did not answer');
}

/** One request; resolves when the server has closed the connection, as it does at once. */
function request(client: Client): Promise<void> {
  const { host, port, processID, secretKey } = client as Client & {
    readonly processID: number | null;
    readonly secretKey: number | null;
  };
  if (processID === null || secretKey === null) return Promise.resolve();
  const packet = Buffer.alloc(16);
  [16, 80_877_102, processID, secretKey].forEach((word, index) => packet.writeInt32BE(word, index * 4));
  return new Promise((resolve, reject) => {
    const socket: Socket = host.startsWith('/')
      ? connect(`${host}/.s.PGSQL.${String(port)}`)
      : connect({ host, port });
    socket.setTimeout(patience, () => socket.destroy());
    socket.on('error', reject).on('close', () => resolve());
    socket.resume().end(packet);
  });
}
