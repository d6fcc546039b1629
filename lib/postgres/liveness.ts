import { connect, type Socket } from 'node:net';

/** Milliseconds between a statement's begin, or the last answer of the server, and the next question whether it is still there. */
const usualPause = 10_000;

/** How many questions in a row stay without an answer until the server counts as gone: one may be lost where all are busy. */
const questions = 3;

/** Where a server listens; a host that begins with a slash is the folder of its Unix socket. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Tells a statement that takes long from a server that is frozen or cut off: as long as statements wait, the server is asked every ten
 * seconds, over a connection of its own, whether it speaks TLS, which it answers before any login. So no statement needs a bound on its
 * time, and none waits longer than about 40 s for a server that says nothing.
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

  /** Calls `lost` once, where the server is gone before the function that this returns was called. */
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
    if (this.#unanswered < questions) this.#wait();
    else for (const lost of [...this.#waiting]) lost();
  }
}

/** Whether anything comes back: an answer, or a refusal of the connection, which the connections in use learn by themselves. */
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
