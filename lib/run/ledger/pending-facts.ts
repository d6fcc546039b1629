import type { Json, TaskLedger } from '../../../config/define.js';

/** Facts whose place is known only once the database answers: until then nothing is remembered, and what is written waits. */
export class PendingFacts {
  #place: ((task: string) => TaskLedger) | undefined;
  #waiting: (() => Promise<void>)[] = [];

  /** The part of one task, now and later. */
  forTask(task: string): TaskLedger {
    const write = async (work: (place: TaskLedger) => Promise<void>): Promise<void> => {
      if (this.#place) await work(this.#place(task));
      else this.#waiting.push(() => write(work));
    };
    return {
      get: async (key) => this.#place?.(task).get(key),
      entries: async () => (await this.#place?.(task).entries()) ?? new Map<string, Json>(),
      set: (key, value, client) => write((place) => place.set(key, value, client)),
      delete: (key) => write((place) => place.delete(key)),
    };
  }

  /** From now on facts stand there; what waited is written. */
  async settle(place: (task: string) => TaskLedger): Promise<void> {
    this.#place = place;
    for (const write of this.#waiting.splice(0)) await write();
  }
}
