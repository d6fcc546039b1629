import { join } from 'node:path';
import { BootstrapError } from '../../errors/index.js';
import type { DatabaseClient } from '../../postgres/index.js';
import type { Ledger } from '../services.js';
import { History } from './history.js';
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
  return {
    attach: async () => {
      const name = database ? `ledger-${await identityOf(database)}.json` : 'ledger.json';
      const file = new LocalFacts(join(stateDirectory, name), readOnly);
      await facts.settle(file);
      return [];
    },
    startRun: async (record) => {
      run = record.id;
      await note({ event: 'start', host: record.host, pid: record.pid, version: record.version });
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
