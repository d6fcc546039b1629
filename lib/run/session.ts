import { hostname } from 'node:os';
import { BootstrapError, type Problem } from '../errors/index.js';
import type { RunStatus, TaskEnd } from './events.js';
import { problemsOf } from './failure.js';
import type { RunOptions } from './services.js';

/** The lock and the ledger of one run: opened together, once the database answers. */
export class Session {
  readonly #options: RunOptions;
  readonly #notice: (problem: Problem) => void;
  readonly #startedAt = Date.now();
  #opening: Promise<void> | undefined;
  /** The lock, or what it needs. */
  #holds = false;
  #attached = false;
  #complained = false;
  #waiting: (() => Promise<void>)[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(options: RunOptions, notice: (problem: Problem) => void) {
    this.#options = options;
    this.#notice = notice;
  }

  /** Whether the lock is held, or being taken. */
  get isOpen(): boolean {
    return this.#opening !== undefined;
  }

  /** Whether the ledger can be read. */
  get isAttached(): boolean {
    return this.#attached;
  }

  /** Begins what `open` needs first, for as long as nobody knows yet whether the database answers. */
  approach(signal: AbortSignal): void {
    const { lock } = this.#options.services;
    if (!lock.approach) return;
    lock.approach(signal);
    this.#holds = true;
  }

  /** Whether the database has answered the lock's connection, whatever became of the others. */
  get reached(): boolean {
    return this.#options.services.lock.reached === true;
  }

  /** Takes the lock, makes the ledger ready, and writes down what happened so far. Rejects with DBB4008, or what the ledger threw. */
  open(signal: AbortSignal): Promise<void> {
    this.#opening ??= this.#open(signal);
    return this.#opening;
  }

  taskStarted(name: string): Promise<void> {
    return this.#record(() => this.#options.services.ledger.taskStarted(name));
  }

  async taskEnded(end: TaskEnd): Promise<void> {
    await this.#options.services.taskEnded?.(end);
    return this.#record(() => this.#options.services.ledger.taskEnded(end));
  }

  /** Writes the end of the run, unless there has been enough waiting for a database that does not answer. */
  async end(status: RunStatus, exitCode: number, enough: Promise<void>): Promise<void> {
    const { ledger } = this.#options.services;
    if (!this.#attached) return;
    const written = this.#record(() => ledger.endRun(status, exitCode)).then(() => true);
    if (!(await Promise.race([written, enough.then(() => false)])))
      this.#complain(new BootstrapError({ code: 'DBB4007', message: 'the database does not answer' }));
  }

  /** Lets the lock go. */
  async close(): Promise<void> {
    const { lock } = this.#options.services;
    if (this.#holds) await lock.release().catch((error: unknown) => this.#complain(error));
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { services, workflow, runId, version } = this.#options;
    await services.lock.acquire(signal);
    this.#holds = true;
    for (const problem of await services.ledger.attach()) this.#notice(problem);
    this.#attached = true;
    services.attached?.();
    const run = {
      id: runId,
      version,
      pid: process.pid,
      host: hostname(),
      startedAt: this.#startedAt,
      ...(workflow.file === undefined ? {} : { file: workflow.file }),
      ...(workflow.profile === undefined ? {} : { profile: workflow.profile }),
      tasks: [...workflow.tasks.keys()],
    };
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const write of [() => services.ledger.startRun(run), ...waiting]) void this.#record(write);
    await this.#writing;
  }

  /** One write after the other, in the order of what happened; before the ledger is there, they wait for it. */
  #record(write: () => Promise<void>): Promise<void> {
    if (!this.#attached) {
      this.#waiting.push(write);
      return Promise.resolve();
    }
    this.#writing = this.#writing.then(write).catch((error: unknown) => this.#complain(error));
    return this.#writing;
  }

  // The work is done and true whether or not it could be written down, so this is a warning; once is enough.
  #complain(error: unknown): void {
    if (this.#complained) return;
    this.#complained = true;
    const [first] = problemsOf(error, 'ledger', false);
    if (first.code === 'DBB4030') {
      this.#notice({ ...first, severity: 'warning' });
      return;
    }
    if (first.facts?.sqlstate === '25006') {
      this.#notice({
        code: 'DBB4030',
        severity: 'warning',
        message: 'the database is read-only: its ledger does not record this run',
        help: 'set "ledger: file", where it is meant to be so',
      });
      return;
    }
    this.#notice({
      code: 'DBB4030',
      severity: 'warning',
      message: `the ledger could not be written: ${first.message}`,
      ...(first.facts ? { facts: first.facts } : {}),
    });
  }
}
