import { connect, type Socket } from 'node:net';

/** Milliseconds from a statement's start, or from the server's last answer, to the next liveness probe. */
const usualPause = 10_000;

/** The number of consecutive unanswered probes after which the server counts as gone: a busy machine may lose one. */
const probes = 3;

/** Where a server listens; a host that begins with a slash is the folder of its Unix socket. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Distinguishes a long statement from a server that is frozen or cut off. While statements wait, it probes the server every ten seconds
 * over a separate connection: it sends SSLRequest, which a server answers before any login. So statements need no time limit, and none
 * waits longer than about 40 s for a server that does not answer.
 */
export class Liveness {
  readonly #address: Address;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #unanswered = 0;

  readonly #pause: number;

  constructor(address: Address, pause = usualPause) {
    this.#address = address;
    this.#pause = pause;
  }

  /** Calls `lost` once if the server stops answering. The returned function ends the watch. */
  watch(lost: () => void): () => void {
    this.#waiting.add(lost);
    this.#wait();
    return () => {
      this.#waiting.delete(lost);
      if (this.#waiting.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#unanswered = 0;
    };
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => void this.#ask(), this.#unanswered === 0 ? this.#pause : 0).unref();
  }

  async #ask(): Promise<void> {
    const timer = this.#timer;
    const answers = await isAlive(this.#address, this.#pause);
    if (this.#timer !== timer) return;
    this.#timer = undefined;
    this.#unanswered = answers ? 0 : this.#unanswered + 1;
    if (this.#unanswered < probes) this.#wait();
    else for (const lost of [...this.#waiting]) lost();
  }
}

/** Whether the server's machine answers. A refused connection counts as an answer: open connections report that failure themselves. */
function isAlive({ host, port }: Address, patience: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = host.startsWith('/')
      ? connect(`${host}/.s.PGSQL.${String(port)}`)
      : connect({ host, port });
    const end = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.unref().setTimeout(patience, () => end(false));
    socket
      .on('error', ({ code }: NodeJS.ErrnoException) => end(code !== 'ETIMEDOUT'))
      .on('close', () => end(true));
    socket.once('data', () => end(true));
    // SSLRequest: eight bytes long, with its number.
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
  });
}
