import { existsSync, lstatSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { BootstrapError } from '../../errors/index.js';
import { makeStateDirectory, readStateFile, writeStateFile } from '../../process/index.js';
import { mending } from '../unwritable.js';

/** When the file has become old, in bytes: some thousand runs. */
const largest = 1 << 20;

/** What happened to a run: that it began, how a task of it ended, or how it ended itself. */
export type HistoryEntry = Readonly<Record<string, unknown>> & { readonly run: string };

/** A line of JSON per entry. What is old is one file more, `.old`, so that both together stay small. */
export class History {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** All entries, the oldest first; what cannot be read as one, as a line that a full disk cut off, is left out. */
  entries(): readonly HistoryEntry[] {
    return [`${this.#file}.old`, this.#file].flatMap((file) => {
      if (!existsSync(file)) return [];
      return this.#read(file)
        .split('\n')
        .flatMap((line): HistoryEntry[] => {
          try {
            return [JSON.parse(line) as HistoryEntry];
          } catch {
            return [];
          }
        });
    });
  }

  /** Adds an entry, synchronously; throws DBB4030 where it cannot be written. */
  add(entry: object): void {
    try {
      makeStateDirectory(dirname(this.#file));
      // Renamed and never rewritten: another run that shares the folder may be adding a line at this moment.
      if ((lstatSync(this.#file, { throwIfNoEntry: false })?.size ?? 0) > largest)
        renameSync(this.#file, `${this.#file}.old`);
      writeStateFile(this.#file, `${JSON.stringify(entry)}\n`, 'append');
    } catch (error) {
      throw this.#fault('written', error);
    }
  }

  #read(file: string): string {
    try {
      return readStateFile(file);
    } catch (error) {
      throw this.#fault('read', error);
    }
  }

  #fault(what: 'read' | 'written', error: unknown): BootstrapError {
    return new BootstrapError(
      {
        code: 'DBB4030',
        message: `the history of runs could not be ${what}: ${(error as Error).message}`,
        place: { file: this.#file },
        help: mending(error, dirname(this.#file)),
      },
      { cause: error },
    );
  }
}
