import type { Client } from 'pg';
import { clientConfig } from './client-config.js';
import { loadDriver } from './load-driver.js';
import type { ConnectionParameters } from './resolve-connection.js';

/** Asks the server, over a second connection, to cancel what the first is doing; ends the first where that fails. Never rejects. */
export async function cancelStatement(client: Client, parameters: ConnectionParameters): Promise<void> {
  const pg = await loadDriver();
  const second = new pg.Client(clientConfig(parameters, 'db-bootstrap'));
  second.on('error', () => undefined);
  try {
    await second.connect();
    await second.query('select pg_cancel_backend($1)', [backendOf(client)]);
  } catch {
    // A server that answers no second connection would leave us waiting for the first.
    await client.end().catch(() => undefined);
  } finally {
    await second.end().catch(() => undefined);
  }
}

function backendOf(client: Client): number | null {
  return (client as Client & { processID?: number | null }).processID ?? null;
}
