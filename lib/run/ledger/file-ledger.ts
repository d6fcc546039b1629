import { join } from 'node:path';
import { BootstrapError } from '../../errors/index.js';
import type { DatabaseClient } from '../../postgres/index.js';
import { endedWell, type Ledger } from '../services.js';
import { History, type HistoryEntry } from './history.js';
import { LocalFacts } from './local-facts.js';
import { PendingFacts } from './pending-facts.js';

/** Where a ledger of files is, and whether it may be written. */
export interface FileLedgerOptions {
  readonly stateDirectory: string;
  /** For plans: reads what is there, writes nothing. */
  readonly readOnly: boolean;
}

/**
 * The ledger under `.db-bootstrap/`: facts in a file per database (ledger.json where there is none), a line per event in
 * history.ndjson. What was done to one database says nothing about another, nor about a new one of the same name.
 */
export function fileLedger(
  { stateDirectory, readOnly }: FileLedgerOptions,
  database?: DatabaseClient,
): Ledger {
  const facts = new PendingFacts();
  const local = new LocalFacts(join(stateDirectory, 'local.json'), readOnly);
  let run = '';
  const history = new History(join(stateDirectory, 'history.ndjson'));
  const note = (entry: object): Promise<void> =>
    new Promise((resolve) => {
      if (!readOnly) history.add({ run, at: new Date().toISOString(), ...entry });
      resolve();
    });
  const fileName = async (): Promise<string> =>
    database ? `ledger-${await identityOf(database)}.json` : 'ledger.json';
  let ledger = '';
  return {
    lastRun: async () => {
      const name = await fileName();
      const entries = history.entries();
      const last = entries.findLast((entry) => entry.event === 'start' && entry.ledger === name)?.run;
      if (last === undefined) return undefined;
      const done = entries.filter((entry) => entry.run === last && isDone(entry));
      return { id: last, done: new Set(done.map((entry) => String(entry.name))) };
    },
    attach: async () => {
      ledger = await fileName();
      await facts.settle(new LocalFacts(join(stateDirectory, ledger), readOnly, database));
      return [];
    },
    startRun: async (record) => {
      run = record.id;
      await note({ event: 'start', ledger, host: record.host, pid: record.pid, version: record.version });
    },
    taskStarted: () => Promise.resolve(),
    taskEnded: async ({ name, status, changed, ms, reason }) =>
      note({ event: 'task', name, status, changed, ms, reason }),
    endRun: async (status, exitCode) => note({ event: 'end', status, exitCode }),
    forTask: (name) => facts.forTask(name),
    forget: (tasks) => facts.forget(tasks),
    local: (name) => local.forTask(name),
  };
}

function isDone({ event, status }: HistoryEntry): boolean {
  return event === 'task' && endedWell.some((each) => each === status);
}

/** What tells a database from every other: the cluster that initdb made, and the database's number in it, which is never given twice. */
async function identityOf(database: DatabaseClient): Promise<string> {
  const [row] = await database.query<{ oid: number }>(
    'select oid from pg_database where datname = current_database()',
  );
  const cluster = await database
    .query<{ name: string }>('select system_identifier::text as name from pg_control_system()')
    .catch((error: unknown) => {
      // A provider may keep that function to itself.
      if (error instanceof BootstrapError && error.problems[0].facts?.sqlstate === '42501') return [];
      throw error;
    });
  return `${cluster[0]?.name ?? 'unknown'}-${String(row?.oid)}`;
}

/** No ledger: nothing is remembered about the database, so everything is looked at anew. Facts of files are still kept. */
export function noLedger({ stateDirectory, readOnly }: FileLedgerOptions): Ledger {
  const local = new LocalFacts(join(stateDirectory, 'local.json'), readOnly);
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    lastRun: () => Promise.resolve(undefined),
    attach: () => Promise.resolve([]),
    startRun: nothing,
    taskStarted: nothing,
    taskEnded: nothing,
    endRun: nothing,
    forTask: () => ({
      get: () => Promise.resolve(undefined),
      set: nothing,
      delete: nothing,
      entries: () => Promise.resolve(new Map()),
    }),
    forget: () => Promise.resolve([]),
    local: (name) => local.forTask(name),
  };
}
