import type { HostServiceOptions } from './host-service.js';
import { LoadedProject, type HostUser } from './loaded-project.js';
import type { OnEvent } from './requests.js';

/** A host beside the run's own: a process that starts at the first request, and again where it has ended or has grown too much. */
export class PeerHost {
  readonly #options: HostServiceOptions;
  readonly #user: HostUser;
  #project: Promise<LoadedProject> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: HostServiceOptions, user: HostUser) {
    this.#options = options;
    this.#user = user;
  }

  /** One request after the other; nothing is answered from what is kept. */
  request(method: string, params: Readonly<Record<string, unknown>>, onEvent: OnEvent): Promise<unknown> {
    const answer = this.#queue.then(async () =>
      (await this.#open()).request(method, params, this.#user, onEvent),
    );
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#project?.catch(() => undefined))?.close();
  }

  async #open(): Promise<LoadedProject> {
    const last = await this.#project?.catch(() => undefined);
    if (last?.usable === true) return last;
    await last?.close();
    // Whoever closed meanwhile has not seen the process that would start now.
    if (this.#closed) throw new Error('the host is closed');
    this.#project = LoadedProject.open(this.#options, this.#user.env);
    return this.#project;
  }
}
