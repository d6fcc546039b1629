import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseClient } from './database.js';
import { quoteLiteral } from './identifiers.js';

/** A session that an earlier run left on the server. */
export interface SurvivingBackend {
  readonly pid: number;
  readonly run: string;
  readonly query: string;
}

/** What the run of a command that only reads ends in. Such a command takes no lock: its sessions may be alive while the lock is held. */
export const readerSuffix = '-reads';

/** The statement that finds the sessions in this database that other runs of db-bootstrap than this one left behind. */
export function survivorsOf(runId: string): string {
  return `select pid, split_part(application_name, '/', 2) as run, left(query, 200) as query from pg_stat_activity
    where datname = current_database() and application_name like 'db-bootstrap/%'
      and split_part(application_name, '/', 2) <> ${quoteLiteral(runId)}
      and not split_part(application_name, '/', 2) like '%${readerSuffix}' and pid <> pg_backend_pid()`;
}

/**
 * Ends the sessions in this database that other runs of db-bootstrap left behind. To be called only while the lock is held: then
 * no other run is alive. They get `grace` milliseconds to end by themselves. `found` are those that were there since. Resolves with
 * those that were there.
 */
export async function terminateSurvivors(
  database: DatabaseClient,
  options: {
    readonly runId: string;
    readonly grace: number;
    readonly found?: readonly SurvivingBackend[];
  },
): Promise<readonly SurvivingBackend[]> {
  const find = (): Promise<readonly SurvivingBackend[]> =>
    database.query<SurvivingBackend>(survivorsOf(options.runId));
  const survivors = options.found ?? (await find());
  const until = Date.now() + options.grace;
  let left = survivors;
  while (left.length > 0 && Date.now() < until) {
    await sleep(50);
    left = await find();
  }
  if (left.length > 0) {
    await database.query('select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [
      left.map(({ pid }) => pid),
    ]);
    // A backend in the middle of a write may take a moment; one that never ends is the server's affair, and the lock is ours.
    for (let tries = 0; tries < 200 && (await find()).length > 0; tries++) await sleep(25);
  }
  return survivors;
}

/** Ends the sessions of an application name, cancelled tasks' children's; resolves when the server has been told. */
export async function endSessions(database: DatabaseClient, applicationName: string): Promise<void> {
  await database.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = $1 and pid <> pg_backend_pid()',
    [applicationName],
  );
}
