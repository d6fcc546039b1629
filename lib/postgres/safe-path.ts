import type { Client } from 'pg';
import { processOf } from './pool-room.js';

/** Runs a text on a connection: the rows of its statements, one after the other. */
type Send = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** Prefix for a text without values: its statements run with the search_path of the role. */
export const withRolePath = 'set local search_path to default; ';

/** Clients whose session has the safe search_path until it ends. */
const safe = new WeakSet<Client>();

/**
 * Returns the statement that sets search_path to pg_catalog alone. With another path, a statement of db-bootstrap could call an operator
 * or a function that another role created: `public.=(name, varchar)` matches its operands better than any operator of pg_catalog. The
 * setting lasts for the session. Behind a pooler it lasts for one transaction, because other clients use the session afterwards.
 */
export function safePath(client: Client): string {
  const session = String(processOf(client) ?? 0);
  const pooled = `pg_catalog.pg_backend_pid() operator(pg_catalog.<>) ${session}`;
  return `select pg_catalog.set_config('search_path', 'pg_catalog', ${pooled}), ${pooled} as pooled`;
}

/** Runs a statement of db-bootstrap with the safe search_path. If the first statement of a session has no values, one text sets the path and runs the statement. */
export async function sendSafely<Row extends object>(
  client: Client,
  send: Send,
  text: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  if (safe.has(client)) return send<Row>(text, values);
  const path = safePath(client);
  const noted = (row: object | undefined): boolean => {
    const kept = row !== undefined && 'pooled' in row && row.pooled === false;
    if (kept) safe.add(client);
    return kept;
  };
  if (values === undefined) {
    const [first, ...rows] = await send<Row>(`${path}; ${text}`);
    noted(first);
    return rows;
  }
  if (noted((await send(path))[0])) return send<Row>(text, values);
  await send(`begin; ${path}`);
  try {
    const rows = await send<Row>(text, values);
    await send('commit');
    return rows;
  } catch (error) {
    await send('rollback').catch(() => undefined);
    throw error;
  }
}
