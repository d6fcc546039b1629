import type { Client } from 'pg';
import { asError, BootstrapError } from '../../errors/index.js';
import {
  connect,
  disconnect,
  isNotYet,
  problemOf,
  processOf,
  withinPool,
  type ConnectionParameters,
} from '../../postgres/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Rule } from '../rule.js';

/** How many times two connections are set against each other: another client may take the session that would have shown it. */
const rounds = 3;
/** Milliseconds after which a statement counts as one that waits for the other connection. */
const patience = 2000;

/** What gives a pooler away, as evidence, and its mode. */
interface Proof {
  readonly mode: 'transaction' | 'statement';
  readonly evidence: string;
}

/**
 * A pooler that changes the session between transactions. Its own console is closed to ordinary users, so it is found by what it
 * does: while a second connection holds a transaction open, the first one comes back in another session, or has to wait.
 */
export const pooler: Rule = {
  name: 'pooler',
  reads: ['database'],
  find: async ({ connection, signal }) => {
    if (!connection) return [];
    const options = { applicationName: 'db-bootstrap/doctor', signal };
    const first = await connect(connection, options);
    // A pool that is too small for both shows only once somebody asks something.
    const told = (error: unknown): never => {
      throw new BootstrapError(problemOf(error, connection), { cause: error });
    };
    try {
      // A server tells a new connection its own session, a pooler a number that it made up.
      if (processOf(first) === (await withinPool(first, connection, sessionOf(first)).catch(told))) return [];
      const second = await connect(connection, options);
      try {
        await withinPool(second, connection, sessionOf(second)).catch(told);
        const proof = await provoke(first, second).catch(told);
        return proof ? [await diagnose(proof, connection, first)] : [];
      } finally {
        await disconnect(second);
      }
    } finally {
      await disconnect(first);
    }
  },
};

async function provoke(first: Client, second: Client): Promise<Proof | undefined> {
  for (let round = 0; round < rounds; round++) {
    const before = await sessionOf(first);
    try {
      await second.query('begin');
    } catch (error) {
      if (isNotYet(error)) throw error;
      const said = asError(error).message;
      return { mode: 'statement', evidence: `"begin" is refused: ${said}` };
    }
    try {
      await sessionOf(second);
      const asked = sessionOf(first);
      const after = await Promise.race([asked, later()]);
      if (after === undefined) {
        await second.query('rollback');
        await asked;
        const evidence = `while one connection held a transaction open, a statement of another waited for ${String(patience)} ms`;
        return { mode: 'transaction', evidence };
      }
      if (after !== before) {
        const evidence = `pg_backend_pid() was ${String(before)}, then ${String(after)}, on one connection`;
        return { mode: 'transaction', evidence };
      }
    } finally {
      await second.query('rollback');
    }
  }
  return undefined;
}

async function sessionOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

function later(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), patience).unref());
}

async function diagnose(
  { mode, evidence }: Proof,
  connection: ConnectionParameters,
  client: Client,
): Promise<Diagnosis> {
  const { rows } = await client.query<{ host: string | null; port: number | null; name: string }>(
    'select host(inet_server_addr()) as host, inet_server_port() as port, current_database() as name',
  );
  const { host, port, name = connection.database } = rows[0] ?? {};
  const login = `${encodeURIComponent(connection.user)}${connection.password === undefined ? '' : ':***'}`;
  const direct =
    host == null || port == null
      ? 'its own host and port (5432 where nobody changed it)'
      : `postgres://${login}@${host}:${String(port)}/${encodeURIComponent(name)}`;
  return {
    code: 'DBB4041',
    message: `the connection goes through a pooler in ${mode} mode, where tenants can mix`,
    subject: { host: connection.host, port: String(connection.port), mode },
    expected: 'a connection that stays with one session of the server',
    actual: `${connection.host}:${String(connection.port)} gives each ${mode} to a session of its choice`,
    evidence: [
      evidence,
      'the search_path, by which a tenant is chosen, and the lock that keeps other runs away belong to a session: the next client of that session has them',
    ],
    help: `connect to the server itself: ${direct}`,
    // Such a pooler refuses the transactions of other rules.
    ...(mode === 'statement' ? { explains: ['DBB4007' as const] } : {}),
  };
}
