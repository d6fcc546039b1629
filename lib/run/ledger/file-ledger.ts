import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeStateDirectory } from '../../process/index.js';
import type { Ledger } from '../services.js';
import { LocalFacts } from './local-facts.js';

/** Where a ledger of files is, and whether it may be written. */
export interface FileLedgerOptions {
  readonly stateDirectory: string;
  /** For plans: reads what is there, writes nothing. */
  readonly readOnly: boolean;
}

/** The ledger under `.db-bootstrap/`: facts in ledger.json, a line per event in history.ndjson. */
export function fileLedger({ stateDirectory, readOnly }: FileLedgerOptions): Ledger {
  const facts = new LocalFacts(join(stateDirectory, 'ledger.json'), readOnly);
  const local = new LocalFacts(join(stateDirectory, 'local.json'), readOnly);
  let run = '';
  const note = (entry: object): Promise<void> => {
    if (!readOnly) {
      makeStateDirectory(stateDirectory);
      appendFileSync(
        join(stateDirectory, 'history.ndjson'),
        `${JSON.stringify({ run, at: new Date().toISOString(), ...entry })}\n`,
      );
    }
    return Promise.resolve();
  };
  return {
    attach: () => Promise.resolve([]),
    startRun: async (record) => {
      run = record.id;
      await note({ event: 'start', host: record.host, pid: record.pid, version: record.version });
    },
    taskStarted: () => Promise.resolve(),
    taskEnded: async ({ name, status, changed, ms, reason }) =>
      note({ event: 'task', name, status, changed, ms, reason }),
    endRun: async (status, exitCode) => note({ event: 'end', status, exitCode }),
    forTask: (name) => facts.forTask(name),
    local: (name) => local.forTask(name),
  };
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
    local: (name) => local.forTask(name),
  };
}
