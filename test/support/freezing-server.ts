import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The way to a server, which can be frozen: what is connected then gets no answer, and who comes later is taken and told nothing. */
export class FreezingServer {
  readonly #sockets = new Set<Socket>();
  #frozen = false;
  #knock: () => void = () => undefined;

  private constructor(
    readonly url: string,
    readonly close: () => void,
  ) {}

  /** Opens the way to the server of a URL; without one it is frozen from the start. */
  static async start(to?: string): Promise<FreezingServer> {
    const url = new URL(to ?? 'postgres://a:b@127.0.0.1/c');
    const target = { host: url.hostname, port: Number(url.port) };
    const listener = createServer((socket) => way.#take(socket, target));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    url.port = String((listener.address() as AddressInfo).port);
    const way = new FreezingServer(url.href, () => {
      listener.close();
      for (const socket of way.#sockets) socket.destroy();
    });
    if (to === undefined) way.freeze();
    return way;
  }

  /** Resolves at the next connection. */
  knocked(): Promise<void> {
    return new Promise((resolve) => (this.#knock = resolve));
  }

  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  #take(socket: Socket, target: { readonly host: string; readonly port: number }): void {
    this.#keep(socket);
    this.#knock();
    if (this.#frozen) return;
    const server = connect(target);
    this.#keep(server);
    socket.pipe(server).pipe(socket);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
  }
}
