import type { TaskDefinition } from '../../config/workflow.js';
import type { Problem } from '../errors/index.js';
import { isError } from './failure.js';
import type { RunServices, ServiceUser } from './services.js';

/** What a run asks before each task that will change something; a fault is told once, whichever tasks it keeps from starting. */
export class Preflight {
  readonly #services: RunServices;
  readonly #listener: { stop(problem: Problem): void; notice(problem: Problem): void };
  readonly #told = new Set<Problem>();

  constructor(
    services: RunServices,
    listener: { stop(problem: Problem): void; notice(problem: Problem): void },
  ) {
    this.#services = services;
    this.#listener = listener;
  }

  /** Whether a task may change something: not where an error was found that it may rest on. */
  async allows(task: TaskDefinition, user: ServiceUser): Promise<boolean> {
    const found = (await this.#services.preflight?.(task, user)) ?? [];
    for (const problem of found) {
      if (this.#told.has(problem)) continue;
      this.#told.add(problem);
      if (isError(problem)) this.#listener.stop(problem);
      else this.#listener.notice(problem);
    }
    return !found.some(isError);
  }
}
