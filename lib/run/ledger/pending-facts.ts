import type { Json, TaskLedger } from '../../../config/define.js';
import type { Ledger } from '../services.js';

/** Where facts are kept. */
export type FactsPlace = Pick<Ledger, 'forTask' | 'forget'>;

/** Facts whose place is known only once the database answers: until then nothing is remembered, and what is written waits. */
export class PendingFacts implements FactsPlace {
  #place: FactsPlace | undefined;
  #waiting: (() => Promise<void>)[] = [];

  /** The part of one task, now and later. */
  forTask(task: string): TaskLedger {
    const write = async (work: (place: TaskLedger) => Promise<void>): Promise<void> => {
      if (this.#place) await work(this.#place.forTask(task));
      else this.#waiting.push(() => write(work));
    };
    return {
      get: async (key) => this.#place?.forTask(task).get(key),
      entries: async () => (await this.#place?.forTask(task).entries()) ?? new Map<string, Json>(),
      set: (key, value, client) => write((place) => place.set(key, value, client)),
      delete: (key) => write((place) => place.delete(key)),
    };
  }

  async forget(tasks: readonly string[]): Promise<readonly string[]> {
    return (await this.#place?.forget(tasks)) ?? [];
  }

  /** From now on facts stand there; what waited is written. */
  async settle(place: FactsPlace): Promise<void> {
    this.#place = place;
    for (const write of this.#waiting.splice(0)) await write();
  }
}
