import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex, Readable, Writable } from 'node:stream';
import { asError, BootstrapError, packageRoot } from '../errors/index.js';
import { endGroup, signalGroup } from '../process/index.js';
import { interpreterFault, tooOld } from './interpreter-fault.js';
import { LastLines } from './last-lines.js';
import type { Places } from './project-answers.js';
import { protocolVersion, type HostError } from './protocol.js';

/** How the host is started. */
export interface HostProcessOptions {
  readonly python: string;
  /** What led to the interpreter. */
  readonly from: string;
  readonly settings: string;
  /** Whether they are those whatever manage.py says. */
  readonly settled: boolean;
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Between asking it to end and killing it, in milliseconds. */
  readonly grace: number;
  onOutput(stream: 'stdout' | 'stderr', text: string): void;
  /** Called before anything of the project is loaded. */
  onGreeting?(places: Places): void;
}

/** What came back for one request. */
export type Answer = { readonly result: unknown } | { readonly error: HostError };

interface Pending {
  readonly id: number;
  onEvent(event: Readonly<Record<string, unknown>>): void;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** The Python process: started at once, in a group of its own, and asked one thing at a time. */
export class HostProcess {
  readonly #options: HostProcessOptions;
  readonly #child: ChildProcess;
  readonly #requests: Writable;
  readonly #greeted: Promise<void>;
  readonly #ended: Promise<void>;
  readonly #stderr = new LastLines(20);
  #pending: Pending | undefined;
  #doing = 'starting';
  #memory = 0;
  #secrets: readonly string[] | undefined;
  #next = 1;
  #failure: BootstrapError | undefined;

  constructor(options: HostProcessOptions) {
    this.#options = options;
    const { python, settings, settled, directory, env } = options;
    const program = join(packageRoot(), 'python/db_bootstrap_host/__main__.py');
    this.#child = spawn(python, [program], {
      cwd: directory,
      env: { ...env, [settled ? 'DJANGO_SETTINGS_MODULE' : 'DB_BOOTSTRAP_SETTINGS']: settings },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    const [, stdout, stderr, requests, answers] = this.#child.stdio as [
      null,
      Readable,
      Readable,
      Duplex,
      Readable,
    ];
    this.#requests = requests;
    // Writing to a host that is gone fails here as well; its end is what counts. Its side of the pipe has to be read to its end, or
    // the child never counts as closed.
    requests.on('error', () => undefined).resume();
    for (const [name, stream] of [
      ['stdout', stdout],
      ['stderr', stderr],
    ] as const) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        if (name === 'stderr') this.#stderr.add(text);
        options.onOutput(name, text);
      });
    }
    let greet: () => void = () => undefined;
    this.#greeted = new Promise((resolve, reject) => {
      greet = resolve;
      this.#pending = { id: 0, onEvent: () => undefined, resolve: () => undefined, reject };
    });
    // Nobody may be asking yet: the failure is told to whoever asks first.
    this.#greeted.catch(() => undefined);
    createInterface(answers).on('line', (line) => this.#hear(line, greet));
    this.#ended = this.#watchEnd();
  }

  /** False once it has ended, or was found to be of no use. */
  get usable(): boolean {
    return this.#failure === undefined;
  }

  /** The most bytes that it had in use until it last answered. */
  get memory(): number {
    return this.#memory;
  }

  /** Passwords of all databases in the settings; undefined before it has answered. */
  get secrets(): readonly string[] | undefined {
    return this.#secrets;
  }

  /** Sends one request; the caller sees to it that the last one is answered. Rejects where the host ends before the answer. */
  async request(
    method: string,
    params: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    onEvent: (event: Readonly<Record<string, unknown>>) => void,
  ): Promise<Answer> {
    await this.#greeted;
    if (this.#failure) throw this.#failure;
    if (signal.aborted) return { error: { kind: 'cancelled', message: 'cancelled before it began' } };
    const id = this.#next++;
    this.#doing = phraseOf(method, params);
    let patience: NodeJS.Timeout | undefined;
    const cancelled = (): boolean => signal.aborted;
    const cancel = (): void => {
      this.#send({ id: 0, method: 'cancel', params: { id } });
      patience = setTimeout(() => signalGroup(this.#child.pid ?? 0, 'SIGKILL'), this.#options.grace);
    };
    try {
      const answer = await new Promise<Answer>((resolve, reject) => {
        this.#pending = { id, onEvent, resolve, reject };
        this.#send({ id, method, params });
        signal.addEventListener('abort', cancel, { once: true });
      });
      // What it printed before it answered is in the pipes already: read that first.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      return answer;
    } catch (error) {
      if (!cancelled()) throw error;
      return { error: { kind: 'cancelled', message: 'the host did not answer in time and was ended' } };
    } finally {
      clearTimeout(patience);
      signal.removeEventListener('abort', cancel);
      this.#doing = 'idle';
    }
  }

  /** Ends it; resolves when nobody of its group is left. */
  async close(): Promise<void> {
    this.#failure ??= this.#death('it was closed');
    const { pid } = this.#child;
    if (pid === undefined) return;
    this.#requests.end();
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), this.#options.grace);
    await this.#ended;
    clearTimeout(timer);
    await endGroup(pid, { grace: this.#options.grace });
  }

  #send(message: unknown): void {
    this.#requests.write(JSON.stringify(message) + '\n');
  }

  #hear(line: string, greet: () => void): void {
    const message = parse(line);
    if (message === undefined) {
      this.#refuse(misspoken('a line that is not an answer'));
      return;
    }
    const pending = this.#pending;
    if (pending === undefined) return;
    if (pending.id === 0) {
      const { protocol, python } = message;
      const old = typeof python === 'string' ? tooOld(python, this.#options) : undefined;
      if (old) this.#refuse(old);
      else if (protocol === protocolVersion) {
        this.#options.onGreeting?.(message.places as Places);
        greet();
      } else this.#refuse(misspoken(`version ${String(protocol)} of the protocol`));
    } else if (message.id === pending.id) {
      if (message.event !== undefined) pending.onEvent(message.event as Record<string, unknown>);
      else {
        this.#pending = undefined;
        if (typeof message.memory === 'number') this.#memory = message.memory;
        if (Array.isArray(message.secrets)) this.#secrets = message.secrets as string[];
        pending.resolve(message as unknown as Answer);
      }
    }
  }

  #refuse(failure: BootstrapError): void {
    this.#failure = failure;
    this.#pending?.reject(failure);
    signalGroup(this.#child.pid ?? 0, 'SIGKILL');
  }

  async #watchEnd(): Promise<void> {
    let how: string;
    // Listened for from now on: where all pipes are at their end already, it comes in the same moment as the exit.
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    try {
      const [code, signal] = (await once(this.#child, 'exit')) as [number | null, NodeJS.Signals | null];
      how = signal === null ? `it ended with ${code}` : `killed by ${signal}`;
      // The last words may still be in the pipe; a child of its own may keep the pipe open for ever.
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 200).unref())]);
    } catch (error) {
      how = `it could not be started: ${asError(error).message}`;
    }
    // Nothing but Python greets: before that, what was started may be no Python at all.
    if (this.#pending?.id === 0) this.#failure ??= await interpreterFault(this.#options);
    this.#failure ??= this.#death(how);
    this.#pending?.reject(this.#failure);
    this.#pending = undefined;
  }

  #death(how: string): BootstrapError {
    const output = this.#stderr.text();
    return (
      spoiledStart(output, this.#options.env) ??
      new BootstrapError({
        code: 'DBB6009',
        message: `the host died: ${how} while ${this.#doing}`,
        help: 'run again; finished tenants are not repeated',
        ...(output === '' ? {} : { output }),
      })
    );
  }
}

/** Python itself could not begin, which only its environment can bring about where its version could be asked. */
function spoiledStart(output: string, env: HostProcessOptions['env']): BootstrapError | undefined {
  const fatal = /^Fatal Python error: (.*)$/m.exec(output)?.[1];
  const named = /PYTHON[A-Z0-9]+/.exec(fatal ?? '');
  const variables = named
    ? [...named]
    : ['PYTHONHOME', 'PYTHONPATH', 'PYTHONIOENCODING'].filter((name) => env[name]);
  if (fatal === undefined || variables.length === 0) return undefined;
  return new BootstrapError({
    code: 'DBB6009',
    message: `the host died: Python cannot start in this environment: ${fatal}`,
    place: { file: variables.join(', ') },
    help: `correct or unset ${variables.join(' and ')}`,
    output,
  });
}

function misspoken(spoken: string): BootstrapError {
  return new BootstrapError({
    code: 'DBB6010',
    message: `the host spoke ${spoken}, and db-bootstrap speaks version ${protocolVersion}`,
    help: 'install db-bootstrap anew',
  });
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function phraseOf(method: string, params: Readonly<Record<string, unknown>>): string {
  const { schema } = params;
  if (method === 'migrate')
    return `migrating ${typeof schema === 'string' ? `schema "${schema}"` : 'the database'}`;
  return `answering "${method}"`;
}
