import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { BootstrapError, type Problem } from '../errors/index.js';
import { connect, type ConnectionParameters } from '../postgres/index.js';
import type { RunLock } from './services.js';

/** What both locks need to know. */
export interface LockOptions {
  readonly runId: string;
  /** Milliseconds to wait for another run to end; 0 refuses at once. */
  readonly wait: number;
}

// An advisory lock is of one database; these two numbers stand for "a run of db-bootstrap" there.
const lockKey = [0x64_62_62, 1] as const;
const poll = 250;

/** One run at a time on a database: a session advisory lock on a connection of its own, which ends with the process whatever happens. */
export function databaseLock(parameters: ConnectionParameters, options: LockOptions): RunLock {
  const lost = new AbortController();
  let client: Client | undefined;
  let released = false;
  return {
    lost: lost.signal,
    async acquire(signal) {
      client = await connect(parameters, { applicationName: lockName(options.runId) });
      const until = Date.now() + options.wait;
      try {
        while (!(await tryLock(client))) {
          if (Date.now() >= until) throw new BootstrapError(await heldBy(client, parameters));
          await sleep(poll, undefined, { signal });
        }
      } catch (error) {
        await client.end().catch(() => undefined);
        throw error;
      }
      client.on('end', () => {
        if (!released) lost.abort(new Error("the lock's connection ended"));
      });
    },
    async release() {
      released = true;
      await client?.end().catch(() => undefined);
    },
  };
}

async function tryLock(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1, $2) as locked', [
    ...lockKey,
  ]);
  return rows[0]?.locked === true;
}

/** The holder's connection tells who it is, so no ledger is needed to name it; 63 bytes are all that PostgreSQL keeps. */
function lockName(runId: string): string {
  return `dbb:${runId}:${String(process.pid)}@${hostname()}`.slice(0, 63);
}

async function heldBy(client: Client, { display }: ConnectionParameters): Promise<Problem> {
  const { rows } = await client.query<{ name: string; since: string }>(
    `select a.application_name as name, to_char(a.backend_start at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS "UTC"') as since
     from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.classid = $1 and l.objid = $2 and l.objsubid = 2
       and l.database = (select oid from pg_database where datname = current_database())`,
    [...lockKey],
  );
  const [, run = 'unknown', pid = '?', host = '?'] =
    /^dbb:([^:]+):(\d+)@(.*)$/.exec(rows[0]?.name ?? '') ?? [];
  const since = rows[0]?.since ?? 'a moment ago';
  return {
    code: 'DBB4008',
    message: `another run works on this database: run ${run} on host ${host}, pid ${pid}, since ${since}`,
    notes: [
      { label: 'database', text: display },
      { label: 'not done', text: 'nothing was started' },
    ],
    help: 'wait for it to end, or pass --wait-lock 60s',
    facts: { run, host, pid: Number(pid), since },
  };
}
