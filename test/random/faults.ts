import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import type { Command, Ended } from '../support/command.js';
import { FreezingServer } from '../support/freezing-server.js';
import { query, type OwnServer } from '../support/postgres.js';
import { survivorsOf } from '../support/survivors.js';
import type { Copies } from './copies.js';
import { Gate, waitingAtTheGate } from './gate.js';
import { tenantEndsOf } from './misreported.js';

/** What a fault has to do with. */
export interface Scene {
  readonly copies: Copies;
  /** The server, where the fault has one of its own. */
  readonly server: OwnServer | undefined;
  /** Between 0 and 1: where in the course of the work, or how much of something. */
  readonly share: number;
  /** Chooses among what there is. */
  readonly choice: number;
  /** What Django's own migrating of the fleet did in the tenants: commands, and rows of its own tables. */
  readonly steps: number;
}

interface Outcome {
  readonly ended: Ended;
  /** Whether the server may have done work after all that the command gave up. */
  readonly mayFinishLater?: boolean;
  /** What was not told as the fault has it. */
  readonly misreported?: readonly string[];
}

/** Something that goes wrong while a fleet is migrated. */
export interface Fault {
  /** Lines for the configuration of a server of its own. */
  readonly server?: readonly string[];
  /** What is done to both copies before they are migrated, and whose tenant's catalog is of its own kind then. */
  drift?(scene: Scene): Promise<{ readonly statement: string; readonly schema: string } | undefined>;
  /** Runs the command and does what is wrong meanwhile. */
  run(scene: Scene): Promise<Outcome>;
}

/** The arguments of a run that migrates the tenants. */
export const migrating = ['--only', 'wait,tenant-migrations', '--reporter', 'ndjson'] as const;

/** By name. */
export const faults: Readonly<Record<string, Fault>> = {
  'a command that is killed': {
    run: (scene) =>
      atAStep(scene, (command, runId) => {
        const children = survivorsOf(runId);
        command.kill('SIGKILL');
        // Alone, or with all that it started.
        if (scene.choice % 2 === 0) killAll(children);
      }),
  },
  'a command that is told to end': {
    run: (scene) =>
      atAStep(scene, async (command) => {
        command.kill('SIGTERM');
        // What is let go before that may be done after all, and nobody would be told.
        await command.ended;
      }),
  },
  'a command that is interrupted': {
    run: (scene) =>
      atAStep(scene, async (command) => {
        command.kill('SIGINT');
        await command.ended;
      }),
  },
  'a host that is killed': {
    run: (scene) =>
      atAStep(scene, (_, runId) => {
        killAll(survivorsOf(runId).filter(({ line }) => line.includes('db_bootstrap_host')));
      }),
  },
  'a server that crashes': {
    server: [],
    run: async (scene) => {
      // A sequence of a copied database has noted in the log only what it was when it was copied, and would go back behind its rows.
      await query(scene.copies.ours, 'checkpoint');
      return atAStep(scene, async () => {
        await scene.server?.halt('immediate');
        await scene.server?.start();
      });
    },
  },
  'a session that is ended': {
    run: (scene) =>
      atAStep(scene, async () => {
        await query(scene.copies.ours, waitingAtTheGate('pg_terminate_backend(pid)'));
      }),
  },
  'a server that freezes': {
    server: [],
    run: (scene) =>
      givenUp(scene, async (command) => {
        const [postmaster] = await query<{ pid: number }>(
          scene.copies.ours,
          `select split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int as pid`,
        );
        const processes = withChildren(postmaster?.pid ?? 0);
        signalAll(processes, 'SIGSTOP');
        await command.ended;
        signalAll(processes, 'SIGCONT');
      }),
  },
  'a session that stops answering': {
    run: (scene) =>
      givenUp(scene, async (command) => {
        const held = await query<{ pid: number }>(scene.copies.ours, waitingAtTheGate('pid'));
        const processes = held.map(({ pid }) => pid);
        signalAll(processes, 'SIGSTOP');
        await command.ended;
        signalAll(processes, 'SIGCONT');
      }),
  },
  'a network that drops packets': {
    run: async (scene) => {
      const way = await FreezingServer.start(scene.copies.ours);
      const silence = async (command: Command): Promise<void> => {
        way.freeze();
        await command.ended;
        way.close();
      };
      return givenUp(scene, silence, ['--set', `database=${way.url}`]).finally(way.close);
    },
  },
  'a tenant that others hold': {
    run: async (scene) => {
      const { table, mode, always } = await heldTable(scene);
      const ended = await whileOthers(
        scene.copies.ours,
        `begin; lock table ${table} in ${mode} mode`,
        () =>
          scene.copies.bootstrap(...migrating, '--set', 'tasks.tenant-migrations.lockTimeout=200ms').ended,
      );
      const misreported = tenantEndsOf(ended).flatMap(({ schema, status, problem }) => {
        const isHeld = schema === chosenTenant(scene);
        const wanted = !isHeld ? ['migrated'] : always ? ['failed'] : ['failed', 'migrated'];
        if (!wanted.includes(status)) return [`"${schema}" is told as ${status} while ${table} is held`];
        const sqlstate = problem?.facts?.sqlstate ?? '';
        return status === 'failed' && sqlstate !== '55P03' ? [`"${schema}" failed with ${sqlstate}`] : [];
      });
      return { ended, misreported };
    },
  },
  'a tenant that was changed by hand': {
    drift,
    run: async ({ copies }) => ({ ended: await copies.bootstrap(...migrating).ended }),
  },
  'a lock table that is full': {
    server: ['max_connections = 20', 'max_locks_per_transaction = 10', 'autovacuum = off'],
    run: async ({ copies, share }) => ({
      // All that there are, but some: enough for the ledger, which a run makes before it comes to a tenant.
      ended: await whileOthers(
        copies.ours,
        fillLocks(Math.round(60 + share * 200)),
        () => copies.bootstrap(...migrating).ended,
      ),
    }),
  },
};

/** Milliseconds: when a run has to give up, how long its processes then have, and what a busy machine may take on top. */
const limits = { timeout: 6000, grace: 2000, slack: 12_000 };

/** Makes the server silent at a step: the run has to end by its timeout. */
async function givenUp(
  scene: Scene,
  silence: (command: Command) => Promise<void>,
  more: readonly string[] = [],
): Promise<Outcome> {
  const { timeout, grace, slack } = limits;
  const started = performance.now();
  let ms = 0;
  const { ended } = await atAStep(
    scene,
    async (command) => {
      void command.ended.then(() => (ms = performance.now() - started));
      await silence(command);
    },
    ['--timeout', `${String(timeout)}ms`, '--set', `grace=${String(grace)}ms`, ...more],
  );
  const late = ms > timeout + grace + slack;
  return {
    ended,
    mayFinishLater: true,
    misreported: late ? [`the run ended after ${String(Math.round(ms))} ms`] : [],
  };
}

/** A process and all that descend from it; none if it ended meanwhile, as an autovacuum worker does. */
function withChildren(pid: number): number[] {
  const file = `/proc/${String(pid)}/task/${String(pid)}/children`;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  const children = text.split(' ').filter((word) => word !== '');
  return [pid, ...children.map(Number).flatMap(withChildren)];
}

/** Does something while the command waits at a step of its work, if it comes to it. */
async function atAStep(
  { copies, share, steps }: Scene,
  act: (command: Command, runId: string) => Promise<void> | void,
  more: readonly string[] = [],
): Promise<Outcome> {
  const gate = await Gate.open(copies.ours, copies.schemas, Math.max(1, Math.ceil(share * steps)));
  const command = copies.bootstrap(...migrating, ...more);
  const start = command.event(({ type }) => type === 'run.start');
  if (await gate.reached(command.ended)) await act(command, (await start)?.run ?? '');
  await gate.letGo();
  const ended = await command.ended;
  await gate.remove();
  return { ended };
}

function killAll(processes: readonly { readonly pid: number }[]): void {
  signalAll(
    processes.map(({ pid }) => pid),
    'SIGKILL',
  );
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Tenants that have tables. */
function grown({ copies }: Scene): readonly string[] {
  return copies.tenants.filter(({ migrations }) => migrations > 0).map(({ schema }) => schema);
}

function chosen<Item>(items: readonly Item[], choice: number): Item | undefined {
  return items[choice % items.length];
}

function chosenTenant(scene: Scene): string {
  return chosen(grown(scene), scene.choice) ?? '';
}

interface Held {
  readonly table: string;
  readonly mode: string;
  /** Whether each of its migrations needs the table. */
  readonly always: boolean;
}

/** Its records, which may be read but not added to; or all of another table. */
async function heldTable(scene: Scene): Promise<Held> {
  const rows = await query<Held>(
    scene.copies.ours,
    `select format('%I.%I', schemaname, tablename) as table, tablename = 'django_migrations' as always,
            case tablename when 'django_migrations' then 'exclusive' else 'access exclusive' end as mode
       from pg_tables where schemaname = $1
        and (tablename in ('django_migrations', 'django_content_type') or tablename !~ '^(auth|django)_') order by 1`,
    [chosenTenant(scene)],
  );
  const held = chosen(rows, Math.floor(scene.share * 1000));
  if (!held) throw new Error(`"${chosenTenant(scene)}" has no tables`);
  return held;
}

async function whileOthers(url: string, statement: string, work: () => Promise<Ended>): Promise<Ended> {
  const other = new Client(url);
  await other.connect();
  try {
    await other.query(statement);
    return await work();
  } finally {
    await other.end();
  }
}

/** Takes locks until there is no room for more, and leaves so many free. */
function fillLocks(free: number): string {
  return `do $$
declare taken int := 0;
begin
  loop
    begin
      perform pg_advisory_lock(taken + 1);
    exception when out_of_memory then
      exit;
    end;
    taken := taken + 1;
  end loop;
  for number in 1 .. least(taken, ${String(free)}) loop
    perform pg_advisory_unlock(number);
  end loop;
end $$`;
}

/** One of the changes that people make to the tables of a tenant's apps. */
async function drift(scene: Scene): Promise<{ statement: string; schema: string } | undefined> {
  const schema = chosenTenant(scene);
  const rows = await query<{ kind: string; statement: string }>(scene.copies.theirs, driftStatement, [
    schema,
  ]);
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  const kind = chosen(kinds, scene.choice);
  const row = chosen(
    rows.filter((each) => each.kind === kind),
    Math.floor(scene.share * 1000),
  );
  return row && { statement: row.statement, schema };
}

const driftStatement = `
with t as (
  select c.oid, format('%I.%I', n.nspname, c.relname) as name, n.nspname, c.relname
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = $1 and c.relkind = 'r' and c.relname !~ '^(django|auth)_'
), c as (
  select t.name, o.conname, o.contype from t join pg_constraint o on o.conrelid = t.oid
), i as (
  select format('%I.%I', t.nspname, x.relname) as name from t join pg_index i on i.indrelid = t.oid
    join pg_class x on x.oid = i.indexrelid
   where not exists (select from pg_constraint o where o.conindid = i.indexrelid)
), a as (
  select t.name, a.attname, format_type(a.atttypid, null) as type, a.attnotnull from t join pg_attribute a on a.attrelid = t.oid
   where a.attnum > 0 and not a.attisdropped and a.attname <> 'id'
)
select 'drop index' as kind, 'drop index ' || name as statement from i
union all select 'rename index', format('alter index %s rename to by_hand', name) from i
union all select 'add index', format('create index on %s (id)', name) from t
union all select 'add column', format('alter table %s add column by_hand text', name) from t
union all select 'drop column', format('alter table %s drop column %I', name, attname) from a
union all select 'drop table', format('drop table %s cascade', name) from t
union all select 'default', format('alter table %s alter column %I set default 5', name, attname) from a where type in ('integer', 'bigint')
union all select 'default', format('alter table %s alter column %I set default ''x''', name, attname) from a where type in ('text', 'character varying')
union all select 'drop not null', format('alter table %s alter column %I drop not null', name, attname) from a where attnotnull
union all select 'type', format('alter table %s alter column %I type text', name, attname) from a where type = 'character varying'
union all select 'comment', format('comment on column %s.%I is ''by hand''', name, attname) from a
union all select 'rename constraint', format('alter table %s rename constraint %I to by_hand', name, conname) from c
union all select 'drop constraint', format('alter table %s drop constraint %I cascade', name, conname) from c where contype <> 'p'
order by 1, 2`;
