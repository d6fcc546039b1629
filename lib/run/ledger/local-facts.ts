import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Json, TaskLedger } from '../../../config/define.js';
import { BootstrapError } from '../../errors/index.js';

type Facts = Record<string, Record<string, Json>>;

/** What tasks remember, in one JSON file; written whole, or not at all. */
export class LocalFacts {
  readonly #file: string;
  readonly #readOnly: boolean;
  #facts: Facts | undefined;

  constructor(file: string, readOnly: boolean) {
    this.#file = file;
    this.#readOnly = readOnly;
  }

  /** The part of one task. */
  forTask(task: string): TaskLedger {
    const part = (): Record<string, Json> => this.#read()[task] ?? {};
    return {
      get: (key) => attempt(() => part()[key]),
      entries: () => attempt(() => new Map(Object.entries(part()))),
      set: (key, value) =>
        attempt(() => this.#write({ ...this.#read(), [task]: { ...part(), [key]: value } })),
      delete: (key) =>
        attempt(() => {
          const left = Object.fromEntries(Object.entries(part()).filter(([name]) => name !== key));
          this.#write({ ...this.#read(), [task]: left });
        }),
    };
  }

  #read(): Facts {
    this.#facts ??= readFacts(this.#file);
    return this.#facts;
  }

  #write(facts: Facts): void {
    if (this.#readOnly) return;
    this.#facts = facts;
    mkdirSync(dirname(this.#file), { recursive: true });
    const next = `${this.#file}.${String(process.pid)}`;
    try {
      const handle = openSync(next, 'w', 0o600);
      writeSync(handle, `${JSON.stringify(facts, null, 2)}\n`);
      fsyncSync(handle);
      closeSync(handle);
      renameSync(next, this.#file);
    } catch (error) {
      rmSync(next, { force: true });
      throw new BootstrapError(
        {
          code: 'DBB4030',
          message: `the file ledger could not be written: ${(error as Error).message}`,
          place: { file: this.#file },
          help: 'make room on the disk, and the folder writable',
        },
        { cause: error },
      );
    }
  }
}

function readFacts(file: string): Facts {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw unreadable(file, error);
  }
  try {
    const facts: unknown = JSON.parse(text);
    if (facts !== null && typeof facts === 'object' && !Array.isArray(facts)) return facts as Facts;
    throw new Error('it holds no object');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): BootstrapError {
  return new BootstrapError(
    {
      code: 'DBB4030',
      message: `the file ledger cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      place: { file },
      help: 'delete the file: what it remembers is then done again',
    },
    { cause: error },
  );
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
