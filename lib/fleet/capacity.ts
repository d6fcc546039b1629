import type { DatabaseClient } from '../postgres/index.js';

/** How much of the fleet can be worked on at once. */
export interface Capacity {
  /** Connections that replay at a time. */
  readonly connections: number;
  /** Locks that each of them may hold at a time. */
  readonly locks: number;
}

/** Beside those that replay: the run's lock, its ledger, and Django. */
const others = 3;

/**
 * As many connections as are asked for, unless the server has fewer to give; and for each its part of half the lock table, so that
 * those who use the database find room in it.
 */
export async function capacityOf(database: DatabaseClient, wanted: number): Promise<Capacity> {
  const [row] = await database.query<{ connections: number; used: number; locks: number }>(
    `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as connections,
            (select count(*)::int from pg_catalog.pg_stat_activity
              where datid is not null and coalesce(application_name, '') not like 'db-bootstrap/%') as used,
            current_setting('max_locks_per_transaction')::int
              * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) as locks`,
  );
  const { connections: most = 1, used = 0, locks = 0 } = row ?? {};
  const connections = Math.max(1, Math.min(wanted, most - used - others));
  return { connections, locks: Math.floor(locks / 2 / connections) };
}
