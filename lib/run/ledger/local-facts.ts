import { closeSync, fsyncSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Json, TaskLedger } from '../../../config/define.js';
import { asError, BootstrapError } from '../../errors/index.js';
import type { DatabaseClient } from '../../postgres/index.js';
import { makeStateDirectory, openStateFile, readStateFile } from '../../process/index.js';
import type { FactsPlace } from './pending-facts.js';
import { inTransaction, settled } from './uncommitted.js';
import { isUnfinished } from './unfinished.js';
import { mending } from '../unwritable.js';

type Facts = Map<string, Map<string, Json>>;

/**
 * What tasks remember, in one JSON file; written whole, or not at all. It is read again before each write, because runs on other
 * databases may share the folder.
 */
export class LocalFacts implements FactsPlace {
  readonly #file: string;
  readonly #readOnly: boolean;
  readonly #database: DatabaseClient | undefined;

  /** With `database`, facts can be part of its transactions. */
  constructor(file: string, readOnly: boolean, database?: DatabaseClient) {
    this.#file = file;
    this.#readOnly = readOnly;
    this.#database = database;
  }

  /** The part of one task. */
  forTask(task: string): TaskLedger {
    const part = (): Promise<Map<string, Json>> =>
      settled(readFacts(this.#file).get(task) ?? new Map<string, Json>(), this.#database);
    return {
      get: async (key) => (await part()).get(key),
      entries: part,
      set: async (key, value, client) => {
        const before = (await part()).get(key);
        const written = client && this.#database ? await inTransaction(client, value, before) : value;
        await attempt(() => this.#change(task, (facts) => facts.set(key, written)));
      },
      delete: async (key) => attempt(() => this.#change(task, (facts) => facts.delete(key))),
    };
  }

  /** Forgets all of these tasks' facts but what is unfinished; the names of those that had any. */
  async forget(tasks: readonly string[]): Promise<readonly string[]> {
    return attempt(() => {
      if (this.#readOnly) return [];
      const facts = readFacts(this.#file);
      const forgotten = tasks.filter((task) => {
        const part = facts.get(task) ?? new Map<string, Json>();
        const kept = new Map([...part].filter(([, value]) => isUnfinished(value)));
        facts.set(task, kept);
        return kept.size < part.size;
      });
      if (forgotten.length > 0) writeFacts(this.#file, facts);
      return forgotten;
    });
  }

  #change(task: string, change: (part: Map<string, Json>) => void): void {
    if (this.#readOnly) return;
    const facts = readFacts(this.#file);
    const part = facts.get(task) ?? new Map<string, Json>();
    change(part);
    writeFacts(this.#file, facts.set(task, part));
  }
}

function writeFacts(file: string, facts: Facts): void {
  const next = `${file}.${String(process.pid)}`;
  const plain = Object.fromEntries([...facts].map(([task, part]) => [task, Object.fromEntries(part)]));
  try {
    makeStateDirectory(dirname(file));
    const handle = openStateFile(next, 'write', 0o600);
    try {
      writeFileSync(handle, `${JSON.stringify(plain, null, 2)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw new BootstrapError(
      {
        code: 'DBB4030',
        message: `the file ledger could not be written: ${(error as Error).message}`,
        place: { file },
        help: mending(error, dirname(file)),
      },
      { cause: error },
    );
  }
}

function readFacts(file: string): Facts {
  let text: string;
  try {
    text = readStateFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw unreadable(file, error);
  }
  try {
    return new Map(entriesOf(JSON.parse(text)).map(([task, part]) => [task, new Map(entriesOf(part))]));
  } catch (error) {
    throw unreadable(file, error);
  }
}

function entriesOf(value: unknown): [string, Json][] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Error('it does not hold what a ledger holds');
  }
  return Object.entries(value as Record<string, Json>);
}

function unreadable(file: string, error: unknown): BootstrapError {
  return new BootstrapError(
    {
      code: 'DBB4030',
      message: `the file ledger cannot be read: ${asError(error).message}`,
      place: { file },
      help:
        error instanceof Error && 'syscall' in error
          ? mending(error, dirname(file))
          : 'delete the file: the next run repeats the work that it recorded',
    },
    { cause: error },
  );
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
