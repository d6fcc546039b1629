import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, QueryResultRow } from 'pg';
import { BootstrapError, type Problem } from '../errors/index.js';
import {
  connect,
  disconnect,
  hasEnded,
  isPooled,
  problemOf,
  safePath,
  survivorsOf,
  terminateSurvivors,
  withinPool,
  type ConnectionParameters,
  type SurvivingBackend,
} from '../postgres/index.js';
import type { RunLock } from './services.js';

/** What both locks need to know. */
export interface LockOptions {
  readonly runId: string;
  /** Milliseconds to wait for another run to end; 0 refuses at once. */
  readonly wait: number;
  /** Milliseconds that sessions which a crashed run left in the database have to end by themselves; they are left alone where it is absent. */
  readonly grace?: number;
}

// An advisory lock is of one database; these two numbers stand for "a run of db-bootstrap" there.
const lockKey = [0x64_62_62, 1] as const;
const poll = 250;

/** One run at a time on a database: a session advisory lock on a connection of its own, which ends with the process whatever happens. */
export function databaseLock(parameters: ConnectionParameters, options: LockOptions): RunLock {
  const lost = new AbortController();
  let client: Client | undefined;
  const released = new AbortController();
  let early: Promise<Client | undefined> | undefined;
  let reached = false;
  const askOf =
    (connection: Client): Ask =>
    (text, values) =>
      connection.query<QueryResultRow>(text, values && [...values]).then(
        (result) => [result].flat().flatMap(({ rows }) => rows),
        (error: unknown) => {
          throw new BootstrapError(problemOf(error, parameters), { cause: error });
        },
      );
  const open = async (signal: AbortSignal): Promise<Client> => {
    const connection = await connect(parameters, { applicationName: lockName(options.runId), signal });
    const giveUp = (): void => void disconnect(connection);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      signal.throwIfAborted();
      // It is silent for as long as the run lasts, and a server of PostgreSQL 14 or newer may end sessions for that.
      const asked = askOf(connection)(
        `${safePath(connection)}; select set_config(name, '0', false) from (values ('idle_session_timeout')) as s (name) where current_setting(name, true) is not null`,
      );
      await withinPool(connection, parameters, asked);
      reached = true;
      return connection;
    } catch (error) {
      await disconnect(connection);
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  };
  /** The connection that was opened early, once; undefined where that came to nothing. */
  const opened = async (): Promise<Client | undefined> => {
    const connection = await early;
    early = undefined;
    return connection && !hasEnded(connection) ? connection : undefined;
  };
  return {
    lost: lost.signal,
    approach(signal) {
      early ??= open(AbortSignal.any([signal, released.signal])).catch(() => undefined);
    },
    get reached() {
      return reached;
    },
    async acquire(signal) {
      const takeOn = async (connection: Client): Promise<Client> => {
        const giveUp = (): void => void disconnect(connection);
        signal.addEventListener('abort', giveUp, { once: true });
        try {
          signal.throwIfAborted();
          const pooled = isPooled(connection);
          await take(askOf(connection), { ...options, signal, display: parameters.display, pooled });
          return connection;
        } catch (error) {
          await disconnect(connection);
          signal.throwIfAborted();
          throw error;
        } finally {
          signal.removeEventListener('abort', giveUp);
        }
      };
      const connection = await opened();
      const taken = connection && takeOn(connection).catch(unlessLost);
      client = (await taken) ?? (await takeOn(await open(signal)));
      client.on('end', () => {
        if (!released.signal.aborted) lost.abort(new Error("the lock's connection ended"));
      });
    },
    async release() {
      // One that is still on its way is not waited for.
      released.abort();
      const connection = client ?? (await opened());
      if (connection) await disconnect(connection);
    },
  };
}

/** Undefined for a failure that another connection may not have. */
function unlessLost(error: unknown): undefined {
  if (!(error instanceof BootstrapError) || error.code === 'DBB4008') throw error;
}

/** Statements on the lock's connection, several in one text where there are no values; failures are BootstrapErrors. */
type Ask = (text: string, values?: readonly unknown[]) => Promise<QueryResultRow[]>;

async function take(
  ask: Ask,
  options: LockOptions & { readonly signal: AbortSignal; readonly display: string; readonly pooled: boolean },
): Promise<void> {
  // A pooler keeps its session, and a lock of that, when we are gone. A transaction ends with us, and keeps the session until then.
  if (options.pooled)
    await ask(
      `begin; set local search_path = pg_catalog; select set_config('idle_in_transaction_session_timeout', '0', true)`,
    );
  const scope = options.pooled ? '_xact' : '';
  const until = Date.now() + options.wait;
  for (;;) {
    const [row, ...found] = await ask(
      `select pg_try_advisory${scope}_lock(${lockKey.join(', ')}) as locked; ${survivorsOf(options.runId)}`,
    );
    if (row?.locked === true) return endSurvivors(ask, options, found as unknown as SurvivingBackend[]);
    if (Date.now() >= until) {
      const problem = await heldBy(ask, options.display);
      if (problem) throw new BootstrapError(problem);
      // The holder ended between the two questions: try once more.
    } else await sleep(Math.min(poll, until - Date.now()), undefined, { signal: options.signal });
  }
}

/** Only while the lock is held is every other session of ours one that a crashed run left behind. */
async function endSurvivors(
  ask: Ask,
  { runId, grace }: LockOptions,
  found: readonly SurvivingBackend[],
): Promise<void> {
  if (grace === undefined || found.length === 0) return;
  const query = <Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]> =>
    ask(text, values) as Promise<Row[]>;
  await terminateSurvivors({ query }, { runId, grace, found });
}

/** The holder's connection tells who it is, so no ledger is needed to name it; 63 bytes are all that PostgreSQL keeps. */
function lockName(runId: string): string {
  return `dbb:${runId}:${String(process.pid)}@${hostname()}`.slice(0, 63);
}

async function heldBy(ask: Ask, display: string): Promise<Problem | undefined> {
  const [row] = await ask(
    `select a.application_name as name, a.pid,
            to_char(a.backend_start at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS "UTC"') as since
     from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.classid = $1 and l.objid = $2 and l.objsubid = 2
       and l.database = (select oid from pg_database where datname = current_database())`,
    lockKey,
  );
  if (!row) return undefined;
  const held = row as { name: string; pid: number; since: string | null };
  const common = {
    code: 'DBB4008',
    notes: [
      { label: 'database', text: display },
      { label: 'not done', text: 'nothing was started' },
    ],
  } as const;
  const [, run = '', pid = '', host = ''] = /^dbb:([^:]+):(\d+)@(.*)$/.exec(held.name) ?? [];
  if (run === '') {
    return {
      ...common,
      message: `a session that is not a db-bootstrap run holds its lock: "${held.name}", backend ${String(held.pid)}`,
      help: 'find out what that session is, and end it',
      facts: { backend: held.pid },
    };
  }
  // A role that may not see others' sessions is not told when they began; a run's id begins with the time.
  const since =
    held.since ?? run.replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d).*$/, '$1-$2-$3 $4:$5:$6 UTC');
  return {
    ...common,
    message: `another run works on this database: run ${run} on host ${host}, pid ${pid}, since ${since}`,
    help: 'wait for it to end, or pass --wait-lock 60s',
    facts: { run, host, pid: Number(pid), since },
  };
}
