import { BootstrapError, redactedValue, redactor } from '../errors/index.js';
import { findInterpreter } from './find-interpreter.js';
import { findSettings, namesSettings } from './find-settings.js';
import { problemOfHost, type HostFacts } from './host-problem.js';
import { HostProcess } from './host-process.js';
import type { HostServiceOptions } from './host-service.js';
import { proveDatabase, type ProvableDatabase } from './prove-database.js';
import type { DjangoConnection, Places } from './project-answers.js';
import type { OnEvent } from './requests.js';

/** Who asks: requests end with the signal, and what the project prints meanwhile goes to the log. */
export interface HostUser {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly log: { output(stream: 'stdout' | 'stderr', text: string): void };
  readonly env: Readonly<Record<string, string>>;
  readonly database: ProvableDatabase;
}

type Params = Readonly<Record<string, unknown>>;

/** Methods whose answer holds for as long as the files do. */
const lasting = new Set([
  'inspect',
  'preflight',
  'otherSettings',
  'expectedTables',
  'tableMigrations',
  'autodetect',
]);

/** How much it may grow beyond what it took when it first answered, in bytes, before another takes its place. */
const growthLimit = 128 * 1024 * 1024;

/** How much of what is printed while nobody asks is kept, in characters. */
const unclaimedLimit = 64 * 1024;

/** One process with the project loaded, what it has answered for good, and the proof that its database is ours. */
export class LoadedProject {
  readonly #process: HostProcess;
  readonly #facts: Omit<HostFacts, 'task' | 'method'>;
  readonly #answers = new Map<string, unknown>();
  #proven = false;
  #redact: ((text: string) => string) | undefined;
  #memoryAtFirst = 0;
  #user: HostUser | undefined;
  #unclaimed: ['stdout' | 'stderr', string][] = [];

  private constructor(
    options: HostServiceOptions,
    env: Readonly<Record<string, string>>,
    facts: { readonly python: string; readonly from: string; readonly settings: string },
    onGreeting: (places: Places) => void,
  ) {
    const { python, settings } = facts;
    this.#facts = {
      python,
      settings,
      folders: { directory: options.django.directory, root: options.root },
    };
    this.#process = new HostProcess({
      ...facts,
      settled: namesSettings({ settings: options.django.settings, env }),
      directory: options.django.directory,
      env,
      grace: options.grace,
      onGreeting,
      onOutput: (stream, text) => this.#print(stream, text),
    });
  }

  /** Finds interpreter and settings, and starts the process without waiting for it. `onGreeting` is called before it loads anything. */
  static async open(
    options: HostServiceOptions,
    env: Readonly<Record<string, string>>,
    onGreeting: (places: Places) => void = () => undefined,
  ): Promise<LoadedProject> {
    const { django, root } = options;
    const { directory } = django;
    const settings = findSettings({ settings: django.settings, directory, env });
    const { path, from } = await findInterpreter({ python: django.python, directory, root, env });
    return new LoadedProject(options, env, { python: path, from, settings }, onGreeting);
  }

  get alive(): boolean {
    return this.#process.usable;
  }

  /** False once its process has ended, or has grown so much that a new one should take its place. */
  get usable(): boolean {
    return this.alive && this.#process.memory - this.#memoryAtFirst <= growthLimit;
  }

  /** One request to its end; the caller asks one thing at a time. */
  async request(method: string, params: Params, user: HostUser, onEvent: OnEvent): Promise<unknown> {
    const key = lasting.has(method) && params.write !== true ? JSON.stringify([method, params]) : undefined;
    if (key !== undefined && this.#answers.has(key)) return this.#answers.get(key);
    this.#user = user;
    try {
      if (this.#mask) this.#release();
      if (!this.#proven && method !== 'connection' && key === undefined) {
        const connection = (await this.#ask('connection', {}, user)) as DjangoConnection;
        await proveDatabase(user.database, connection);
        this.#proven = true;
      }
      if (method === 'autodetect' && params.write === true) this.#answers.clear();
      const result = await this.#ask(method, params, user, onEvent);
      if (key !== undefined) this.#answers.set(key, result);
      return result;
    } finally {
      this.#release();
      this.#user = undefined;
    }
  }

  /** Loads the project now. What it prints is kept for whoever asks first; a failure is told to them as well. */
  async warm(): Promise<void> {
    const answer = await this.#process
      .request('inspect', {}, new AbortController().signal, () => undefined)
      .catch(() => undefined);
    if (answer && 'result' in answer) this.#answers.set(JSON.stringify(['inspect', {}]), answer.result);
  }

  close(): Promise<void> {
    return this.#process.close();
  }

  async #ask(method: string, params: Params, user: HostUser, onEvent?: OnEvent): Promise<unknown> {
    const answer = await this.#process.request(method, params, user.signal, onEvent ?? (() => undefined));
    this.#memoryAtFirst ||= this.#process.memory;
    this.#release();
    if ('result' in answer) return answer.result;
    const error = this.#mask ? redactedValue(answer.error, this.#mask) : answer.error;
    throw new BootstrapError(problemOfHost(error, { task: user.name, method, ...this.#facts }));
  }

  /** Masks the passwords of all databases in the settings; undefined before the project has loaded. */
  get #mask(): ((text: string) => string) | undefined {
    return (this.#redact ??= this.#process.secrets && redactor(this.#process.secrets));
  }

  #print(stream: 'stdout' | 'stderr', text: string): void {
    if (this.#user && this.#mask) this.#user.log.output(stream, this.#mask(text));
    else if (this.#user || this.#unclaimed.reduce((sum, [, kept]) => sum + kept.length, 0) < unclaimedLimit)
      this.#unclaimed.push([stream, text]);
  }

  /** Logs the output that the project printed before the first request, or before the passwords to mask were known. */
  #release(): void {
    for (const [stream, text] of this.#user ? this.#unclaimed.splice(0) : [])
      this.#user?.log.output(stream, this.#mask?.(text) ?? text);
  }
}
