import type { Client } from 'pg';

/** Runs a text on a connection: the rows of its statements, one after the other. */
type Send = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** What the types of pg leave out: the process that the login named. */
type ClientWithKey = Client & { readonly processID: number | null };

/** Begins a text without values that reads the search_path of the role: the rest of the text runs with it. */
export const withRolePath = 'set local search_path to default; ';

/** Sessions in which the path is set until they end. */
const safe = new WeakSet<Client>();

/**
 * Sets search_path to pg_catalog alone, so that no statement of ours calls an operator or a function that another role made: in `public`,
 * `=(name, varchar)` fits better than what pg_catalog has. A session behind a pooler goes on to others, so there it holds for one
 * transaction: a server names its own session at the login, a pooler makes one up.
 */
export function safePath(client: Client): string {
  const session = String((client as ClientWithKey).processID ?? 0);
  const pooled = `pg_catalog.pg_backend_pid() operator(pg_catalog.<>) ${session}`;
  return `select pg_catalog.set_config('search_path', 'pg_catalog', ${pooled}), ${pooled} as pooled`;
}

/** Runs a statement of ours with the safe path. The first one of a session takes the setting along, where it has no values. */
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
