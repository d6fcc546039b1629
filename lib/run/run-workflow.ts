import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { TaskDefinition } from '../../config/workflow.js';
import { BootstrapError, redactor, type Problem } from '../errors/index.js';
import { endSurvivors, writeRunFile } from '../process/index.js';
import { runAttempts, type TaskOutcome } from './attempts.js';
import { concludeRun } from './conclude.js';
import { createContext, stateDirectoryOf } from './context.js';
import { aborted, outOfPatience } from './deadline.js';
import { formatDuration } from './duration.js';
import type { RunEventBody, TaskEnd } from './events.js';
import { cleanProblem } from './failure.js';
import { reasonOf } from './reason.js';
import { schedule, type Ending } from './schedule.js';
import type { RunOptions, RunResult } from './services.js';
import { faultOf, startEvent, survivorProblem, unwritable } from './run-start.js';
import { Session } from './session.js';
import { TaskLog } from './task-log.js';

/** Executes a workflow: emits every event of the run, and resolves when all is ended, written down and closed. Never rejects. */
export async function runWorkflow(options: RunOptions): Promise<RunResult> {
  return new Run(options).run();
}

class Run {
  readonly #options: RunOptions;
  readonly #redact: (text: string) => string;
  readonly #session: Session;
  /** Ends what runs; every running task listens to it. */
  readonly #cancel = new AbortController();
  /** Starts nothing new. */
  readonly #halt = new AbortController();
  readonly #problems: Problem[] = [];
  readonly #ends = new Map<string, TaskEnd>();
  readonly #logs = new Map<string, { readonly log: TaskLog; readonly from: number }>();
  #logsComplained = false;
  #over = false;
  #removeRunFile = (): void => undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    setMaxListeners(0, this.#cancel.signal);
    this.#redact = redactor(options.workflow.secrets);
    this.#session = new Session(options, (problem) => this.#notice(problem));
  }

  async run(): Promise<RunResult> {
    const { workflow, interrupt, kill, services } = this.#options;
    const from = performance.now();
    const onInterrupt = (): void => this.#cancel.abort(new Error('the run was interrupted'));
    const onLost = (): void =>
      this.#stop({
        code: 'DBB4009',
        message: 'the lock was lost: its connection ended, so another run may have started',
        help: 'run it again: what is done is not done twice',
      });
    interrupt.addEventListener('abort', onInterrupt);
    services.lock.lost.addEventListener('abort', onLost);
    if (interrupt.aborted) onInterrupt();
    const timer = this.#startTimer(workflow.timeout);
    try {
      this.#announce();
      // A server that no longer answers can hold up what talks to it, but not a person who has asked twice.
      await Promise.race([this.#enter().then(() => this.#schedule()), outOfPatience(kill)]);
    } catch (error) {
      this.#stop(faultOf(error));
    } finally {
      clearTimeout(timer);
      services.lock.lost.removeEventListener('abort', onLost);
    }
    const result = await this.#leave(performance.now() - from);
    interrupt.removeEventListener('abort', onInterrupt);
    return result;
  }

  #announce(): void {
    const { services } = this.#options;
    const user = { name: 'run', signal: this.#cancel.signal, log: this.#logOf('run') };
    this.#emit(startEvent(this.#options, () => services.database(user).display));
  }

  /** Ends what a crashed run left, leaves a trace of this one, and takes the lock where that is possible already. */
  async #enter(): Promise<void> {
    const { workflow, runId, services, kill } = this.#options;
    const stateDirectory = stateDirectoryOf(workflow);
    for (const survivor of await endSurvivors(stateDirectory, { grace: workflow.grace, kill })) {
      const problem = survivorProblem(survivor);
      if (survivor.ended === undefined) this.#stop(problem);
      else this.#notice(problem);
    }
    try {
      this.#removeRunFile = await writeRunFile(stateDirectory, runId);
    } catch (error) {
      this.#notice(unwritable(stateDirectory, error));
    }
    if (workflow.database.kind === 'none' || (await services.databaseAnswers())) await this.#openSession();
  }

  /** Where the lock or the ledger cannot be had, nothing new starts. */
  async #openSession(): Promise<void> {
    try {
      await this.#session.open(this.#cancel.signal);
    } catch (error) {
      if (this.#cancel.signal.aborted || this.#halt.signal.aborted) return;
      this.#stop(...(error instanceof BootstrapError ? error.problems : [faultOf(error)]));
    }
  }

  async #schedule(): Promise<void> {
    const { workflow } = this.#options;
    await schedule<TaskOutcome>({
      nodes: [...workflow.tasks.values()],
      concurrency: workflow.concurrency,
      policy: workflow.onFailure,
      execute: (name) => this.#execute(this.#task(name)),
      settle: (name, ending, outcome) => this.#settle(this.#task(name), ending, outcome),
      cancel: this.#cancel.signal,
      halt: this.#halt.signal,
    });
  }

  async #execute(task: TaskDefinition): Promise<TaskOutcome> {
    const { services, kill, workflow, verbose = false } = this.#options;
    const log = this.#logOf(task.name);
    this.#logs.set(task.name, { log, from: performance.now() });
    this.#emit({ type: 'task.start', task: task.name, use: task.use });
    await this.#session.taskStarted(task.name);
    const emit = (event: RunEventBody): void => this.#emit(event);
    const outcome = await runAttempts(task, {
      createContext: (number, signal) =>
        createContext({ ...this.#options, kill, emit }, task, { number, signal, log }),
      emit,
      cancel: this.#cancel.signal,
      patience: { grace: workflow.grace, kill },
      verbose,
    });
    log.close();
    // Dependents must not start before the lock is held.
    const answers = outcome.status === 'succeeded' && (task.kind.readies ?? false);
    if (answers || (!this.#session.isOpen && (await services.databaseAnswers()))) await this.#openSession();
    return outcome;
  }

  async #settle(task: TaskDefinition, ending: Ending, outcome: TaskOutcome | undefined): Promise<void> {
    if (this.#ends.has(task.name)) return;
    const entry = this.#logs.get(task.name);
    const path = entry?.log.path;
    const end: TaskEnd = {
      name: task.name,
      use: task.use,
      check: task.kind.check ?? false,
      changed: false,
      attempts: 0,
      reason: reasonOf(task, ending, this.#cancel.signal),
      ...outcome,
      ...ending,
      ms: entry ? Math.round(performance.now() - entry.from) : 0,
      ...(path === undefined ? {} : { log: path }),
    };
    const clean = this.#clean(end);
    this.#ends.set(task.name, clean);
    this.#emit({ type: 'task.end', ...clean });
    await this.#session.taskEnded(clean);
  }

  /** Writes the end, closes all, and tells it. A second interruption does not wait for any of it. */
  async #leave(ms: number): Promise<RunResult> {
    const { workflow, services, interrupt, kill, resume } = this.#options;
    // After a fault of ours some tasks have no end yet: every task ends in exactly one state.
    for (const task of workflow.tasks.values()) {
      void this.#settle(task, { status: 'cancelled' }, undefined);
    }
    const tasks = [...workflow.tasks.keys()].flatMap((name) => this.#ends.get(name) ?? []);
    const { status, exitCode } = concludeRun(
      tasks,
      this.#problems,
      interrupt.aborted ? String(interrupt.reason) : undefined,
    );
    const closing = (async (): Promise<void> => {
      await this.#session.close(status, exitCode);
      await services
        .close()
        .catch((error: unknown) => this.#notice({ ...faultOf(error), severity: 'warning' }));
    })();
    await Promise.race([closing, aborted(kill)]);
    this.#removeRunFile();
    const problems = this.#problems.map((problem) => cleanProblem(problem, this.#redact));
    const end: RunEventBody = {
      type: 'run.end',
      status,
      exitCode,
      ms: Math.round(ms),
      tasks,
      ...(problems.length > 0 ? { problems } : {}),
      ...(status === 'succeeded' ? {} : { resume: resume ?? 'db-bootstrap run' }),
    };
    this.#emit(end);
    // Nothing may come after the last event, whatever was left alone.
    this.#over = true;
    return { status, exitCode, tasks, problems };
  }

  #startTimer(timeout: number | undefined): NodeJS.Timeout | undefined {
    if (timeout === undefined) return undefined;
    return setTimeout(() => {
      this.#stop({
        code: 'DBB5016',
        message: `the run took longer than its timeout of ${formatDuration(timeout)}`,
        facts: { timeout },
      });
      this.#cancel.abort(new Error("the run's timeout passed"));
    }, timeout);
  }

  #stop(...problems: readonly Problem[]): void {
    this.#problems.push(...problems);
    this.#halt.abort();
  }

  #task(name: string): TaskDefinition {
    const task = this.#options.workflow.tasks.get(name);
    if (!task) throw new Error(`no task is named "${name}"`);
    return task;
  }

  #logOf(name: string): TaskLog {
    const { workflow, runId } = this.#options;
    return new TaskLog({
      task: name,
      folder: join(stateDirectoryOf(workflow), 'logs', runId),
      emit: (event) => this.#emit(event),
      redact: this.#redact,
      unwritable: (path, error) => {
        if (!this.#logsComplained) this.#notice(unwritable(path, error));
        this.#logsComplained = true;
      },
    });
  }

  #notice(problem: Problem): void {
    this.#emit({ type: 'notice', problem });
  }

  #clean<Value>(value: Value): Value {
    return cleanProblem(value as Value & Problem, this.#redact);
  }

  #emit(event: RunEventBody): void {
    if (this.#over) return;
    this.#options.emit(event.type === 'task.log' ? event : this.#clean(event));
  }
}
