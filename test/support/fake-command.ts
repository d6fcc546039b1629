import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * Commands that do what a test says, when it says so. Each connects back to the test over a unix socket when it starts; the test
 * waits for that with `next(name)` and then tells it to print, to start a child of its own, or to exit. So orders need no sleeps.
 */
export class FakeCommands {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dbb-fake-'));
  readonly #script = join(this.#folder, 'fake.cjs');
  readonly #socket = join(this.#folder, 'socket');
  readonly #arrived = new Map<string, FakeProcess[]>();
  readonly #awaited = new Map<string, ((process: FakeProcess) => void)[]>();
  readonly #all: FakeProcess[] = [];
  #server: Server | undefined;

  static async start(): Promise<FakeCommands> {
    const commands = new FakeCommands();
    await commands.#listen();
    return commands;
  }

  /** The program and its arguments, for spawn. */
  program(name: string): { command: string; args: string[] } {
    return { command: process.execPath, args: [this.#script, this.#socket, name] };
  }

  /** The same as one line for a shell. */
  line(name: string): string {
    const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
    const { command, args } = this.program(name);
    return [command, ...args].map(quote).join(' ');
  }

  /** The next process of this name: one that has connected already, or one that will. */
  next(name: string): Promise<FakeProcess> {
    const here = this.#arrived.get(name)?.shift();
    if (here) return Promise.resolve(here);
    return new Promise((resolve) => this.#awaited.set(name, [...(this.#awaited.get(name) ?? []), resolve]));
  }

  /** Ends every process that still lives, and removes the socket. */
  close(): void {
    for (const each of this.#all) if (!each.hasEnded) each.kill('SIGKILL');
    this.#server?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #listen(): Promise<void> {
    writeFileSync(this.#script, script);
    const server = createServer((socket) => {
      const arriving = new FakeProcess(socket, () => {
        this.#all.push(arriving);
        const waiter = this.#awaited.get(arriving.name)?.shift();
        if (waiter) waiter(arriving);
        else this.#arrived.set(arriving.name, [...(this.#arrived.get(arriving.name) ?? []), arriving]);
      });
    });
    this.#server = server;
    return new Promise((resolve) => server.listen(this.#socket, () => resolve()));
  }
}

/** One process of a fake command, in the hands of the test. */
export class FakeProcess {
  name = '';
  pid = 0;
  env: Readonly<Record<string, string>> = {};
  /** The signals that it was told to survive and has received. */
  readonly signals: string[] = [];
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  hasEnded = false;
  readonly #socket: Socket;
  readonly #waiting: { type: string; resolve: () => void }[] = [];

  constructor(socket: Socket, ready: () => void) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    this.ended = new Promise((resolve) =>
      socket.once('close', () => {
        this.hasEnded = true;
        resolve();
      }),
    );
    createInterface({ input: socket }).on('line', (line) => {
      const message = JSON.parse(line) as Message;
      if (message.type === 'hello') {
        this.name = message.name;
        this.pid = message.pid;
        this.env = message.env;
        ready();
        return;
      }
      if (message.type === 'signal') this.signals.push(message.signal);
      const index = this.#waiting.findIndex((each) => each.type === message.type);
      if (index >= 0) this.#waiting.splice(index, 1)[0]?.resolve();
    });
  }

  /** Prints, and resolves when the text was handed over. */
  print(text: string, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    return this.#ask({ do: 'print', text, stream }, 'done');
  }

  /** From now on the process survives a signal and only notes it. */
  survive(signal: NodeJS.Signals): Promise<void> {
    return this.#ask({ do: 'survive', signal }, 'done');
  }

  /** Resolves at the next signal that it survives. */
  signalled(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ type: 'signal', resolve }));
  }

  /** Starts another fake command as its child, with the same standard output. */
  spawn(name: string): Promise<void> {
    return this.#ask({ do: 'spawn', name }, 'done');
  }

  /** Exits, and resolves when it is gone. */
  exit(code = 0): Promise<void> {
    this.#socket.write(`${JSON.stringify({ do: 'exit', code })}\n`);
    return this.ended;
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  #ask(message: object, answer: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ type: answer, resolve });
      this.#socket.write(`${JSON.stringify(message)}\n`);
    });
  }
}

type Message =
  | { type: 'hello'; name: string; pid: number; env: Record<string, string> }
  | { type: 'signal'; signal: string }
  | { type: 'done' };

const script = String.raw`
const [, script, path, name] = process.argv;
const socket = require('node:net').connect(path);
const tell = (message) => socket.write(JSON.stringify(message) + '\n');
const orders = {
  print: ({ text, stream }) => process[stream].write(text, () => tell({ type: 'done' })),
  survive: ({ signal }) => { process.on(signal, () => tell({ type: 'signal', signal })); tell({ type: 'done' }); },
  spawn: (order) => {
    require('node:child_process')
      .spawn(process.execPath, [script, path, order.name], { stdio: 'inherit' })
      .once('spawn', () => tell({ type: 'done' }));
  },
  exit: ({ code }) => process.exit(code),
};
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
socket.on('connect', () => tell({ type: 'hello', name, pid: process.pid, env: process.env }));
// Without the test there is nobody to say when to end.
socket.on('close', () => process.exit(98));
socket.on('error', () => process.exit(99));
require('node:readline').createInterface({ input: socket }).on('line', (line) => {
  const order = JSON.parse(line);
  orders[order.do](order);
});
`;
