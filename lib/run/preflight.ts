import type { TaskDefinition } from '../../config/workflow.js';
import type { Problem } from '../errors/index.js';
import { isError } from './failure.js';
import type { RunServices, ServiceUser } from './services.js';

/** What a run asks before each task that will change something; a fault is told once, whichever tasks it keeps from starting. */
export class Preflight {
  readonly #services: RunServices;
  readonly #listener: { stop(problem: Problem): void; notice(problem: Problem): void };
  readonly #ask: (user: ServiceUser) => Promise<readonly Problem[]> | undefined;
  readonly #told = new Set<Problem>();
  #asked: Promise<readonly Problem[]> | undefined;

  /** `ask` asks the kinds of all tasks once the ledger can be read, and is asked again until then. */
  constructor(
    services: RunServices,
    listener: { stop(problem: Problem): void; notice(problem: Problem): void },
    ask: (user: ServiceUser) => Promise<readonly Problem[]> | undefined,
  ) {
    this.#services = services;
    this.#listener = listener;
    this.#ask = ask;
  }

  /** Whether a task may change something: not where an error was found that it may rest on. */
  async allows(task: TaskDefinition, user: ServiceUser): Promise<boolean> {
    this.#asked ??= this.#ask(user);
    const [ofRules = [], ofKinds = []] = await Promise.all([
      this.#services.preflight?.(task, user),
      this.#asked,
    ]);
    const found = [...ofRules, ...ofKinds];
    for (const problem of found) {
      if (this.#told.has(problem)) continue;
      this.#told.add(problem);
      if (isError(problem)) this.#listener.stop(problem);
      else this.#listener.notice(problem);
    }
    return !found.some(isError);
  }
}
