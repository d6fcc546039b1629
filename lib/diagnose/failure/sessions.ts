import type { Cause } from './cause.js';
import type { Scene } from './scene.js';
import { tablesIn } from './statement.js';
import type { Symptom } from './symptom.js';
import { plainText } from '../../text/index.js';

/** A session of the server, as far as the role may see it. */
interface Session {
  readonly pid: number;
  readonly name: string;
  readonly user: string | null;
  readonly state: string | null;
  readonly seconds: number | null;
  readonly query: string;
  readonly relation?: string;
}

const columns = `a.pid, coalesce(a.application_name, '') as name, a.usename::text as "user", a.state,
  extract(epoch from now() - a.xact_start)::int as seconds, coalesce(a.query, '') as query`;

/** Who holds the lock that could not be had (55P03). */
export async function explainLock(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const [, row] = /on (?:row in )?relation "(.+?)"/.exec(symptom.message) ?? [];
  const tables = row === undefined ? tablesIn(symptom.statement ?? scene.command) : [row];
  const holders = await scene.database.query<Session>(
    `select distinct on (a.xact_start, a.pid) ${columns}, c.relname::text as relation
       from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
       join pg_catalog.pg_class c on c.oid = l.relation join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where l.granted and l.locktype = 'relation' and a.pid <> pg_backend_pid() and a.datname = current_database()
        and n.nspname !~ '^pg_' and c.relkind in ('r', 'p') and (cardinality($1::text[]) = 0 or c.relname = any($1))
      order by a.xact_start, a.pid limit 5`,
    [tables],
  );
  const [holder] = holders;
  const what = tables.length === 0 ? 'a lock' : `a lock on ${tables.map((each) => `"${each}"`).join(', ')}`;
  if (!holder) {
    return {
      code: 'DBB5060',
      message: `task "${scene.task.name}" did not get ${what} in time; whoever held it has gone meanwhile`,
      help: `run again, or let the engine try again: "tasks.${scene.task.name}.retry: { attempts: 3, on: [lock] }"`,
      facts: { tables },
    };
  }
  return {
    code: 'DBB5060',
    message: `${described(holder)} holds ${what === 'a lock' ? `a lock on "${holder.relation ?? ''}"` : what}, which task "${scene.task.name}" waited for`,
    notes: holders.map((each) => ({ label: 'holder', text: inFull(each) })),
    help: `let it end, or end it: select pg_terminate_backend(${holder.pid});`,
    facts: { tables, pid: holder.pid, application: holder.name },
  };
}

/** Who stood on the other side of a deadlock (40P01). */
export async function explainDeadlock(symptom: Symptom, scene: Scene): Promise<Cause> {
  const text = `${symptom.detail ?? ''}\n${symptom.output}`;
  const pids = [...new Set([...text.matchAll(/\b[Pp]rocess (\d+)/g)].map(([, pid]) => Number(pid)))];
  const sessions = await scene.database.query<Session>(
    `select ${columns} from pg_catalog.pg_stat_activity a where a.pid = any($1)`,
    [pids],
  );
  const { task } = scene;
  const others = sessions.filter(({ name }) => !name.endsWith(`/${task.name}`));
  const [other] = others;
  const otherTask = other === undefined ? undefined : /^db-bootstrap\/[^/]+\/(.+)$/.exec(other.name)?.[1];
  return {
    code: 'DBB5059',
    message: `task "${task.name}" and ${other === undefined ? 'another session' : otherTask === undefined ? described(other) : `task "${otherTask}"`} waited for each other's locks: the server ended one of them`,
    notes: others.map((each) => ({ label: 'other', text: inFull(each) })),
    help:
      otherTask === undefined
        ? `let the engine try again: "tasks.${task.name}.retry: { attempts: 3, on: ['40P01'] }"`
        : `let one wait for the other: "tasks.${task.name}.after: [${otherTask}]"`,
    facts: { pids: pids.map(String), ...(otherTask === undefined ? {} : { other: otherTask }) },
  };
}

function described({ pid, name }: Session): string {
  return name === '' ? `session ${pid}` : `session ${pid} ("${name}")`;
}

function inFull(session: Session): string {
  const query = plainText(session.query).replace(/\s+/g, ' ').trim();
  const parts = [
    described(session),
    session.user === null ? '' : `role "${session.user}"`,
    session.state ?? '',
    session.seconds === null ? '' : `in its transaction for ${session.seconds} s`,
    query === '' ? '' : `last statement: ${query.length > 160 ? `${query.slice(0, 159)}…` : query}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** Why there was no connection left (53300): the limits, and who has how many. */
export async function explainFull(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const [row] = await scene.database.query<{ max: number; reserved: number; used: number }>(
    `select current_setting('max_connections')::int as max, current_setting('superuser_reserved_connections')::int as reserved,
            (select count(*)::int from pg_catalog.pg_stat_activity where backend_type = 'client backend') as used`,
  );
  if (!row) return undefined;
  const top = await scene.database.query<{ name: string; count: number }>(
    `select coalesce(nullif(application_name, ''), 'without a name') || ', role ' || coalesce(usename::text, '?') as name, count(*)::int as count
       from pg_catalog.pg_stat_activity where backend_type = 'client backend' group by 1 order by 2 desc, 1 limit 5`,
  );
  const own = /^too many connections for (role|database) "(.+)"/.exec(symptom.message);
  const [, kind, name] = own ?? [];
  return {
    code: 'DBB4013',
    message:
      kind === undefined
        ? `the server had no connection left for task "${scene.task.name}": max_connections is ${row.max}, ${row.reserved} of them for superusers`
        : `${kind} "${name ?? ''}" had no connection left for task "${scene.task.name}": it has a limit of its own`,
    notes: [
      { label: 'in use now', text: String(row.used) },
      ...top.map(({ name: each, count }) => ({ label: 'sessions', text: `${count}: ${each}` })),
    ],
    help:
      kind === undefined
        ? 'lower "concurrency" in the config, end idle sessions, or raise max_connections'
        : `raise the limit: alter ${kind} "${name ?? ''}" connection limit -1`,
    facts: { maxConnections: row.max, used: row.used },
  };
}

/** Who ended the connection (57P01): the server that restarted, or somebody who ended the session. */
export async function explainEnded(_symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const [row] = await scene.database.query<{ started: string; restarted: boolean }>(
    `select to_char(pg_postmaster_start_time(), 'YYYY-MM-DD HH24:MI:SS TZ') as started,
            pg_postmaster_start_time() > to_timestamp($1::float8) as restarted`,
    [scene.startedAt / 1000],
  );
  if (!row) return undefined;
  return {
    code: 'DBB4007',
    message: row.restarted
      ? `the server was restarted while task "${scene.task.name}" ran`
      : `somebody ended the session of task "${scene.task.name}" (pg_terminate_backend, or a restart of a pooler)`,
    notes: [{ label: 'server since', text: row.started }],
    help: 'find out who did that, and run again: finished work is not repeated',
    facts: { restarted: row.restarted },
  };
}

/** An error that was swallowed inside a transaction (25P02): its statement had failed before. */
export function explainAborted(_symptom: Symptom, { task }: Scene): Cause {
  return {
    code: 'DBB5062',
    message: `an earlier statement of task "${task.name}" failed, and its error was swallowed: the transaction only refuses what follows`,
    notes: [
      {
        label: 'likely',
        text: 'code that catches database errors inside a transaction ("except" without a savepoint), or psql without ON_ERROR_STOP',
      },
    ],
    help: 'let the first error out, or put the statement that may fail into a savepoint (a "with transaction.atomic():" of its own)',
  };
}
