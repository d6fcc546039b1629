import { setMaxListeners } from 'node:events';
import type { TaskDefinition } from '../../config/workflow.js';
import { BootstrapError, uncaughtProblem, type Problem, timeLimit } from '../errors/index.js';
import { endSurvivors, writeRunFile } from '../process/index.js';
import { runAttempts, type TaskOutcome } from './attempts.js';
import { concludeRun } from './conclude.js';
import { createContext, stateDirectoryOf } from './context.js';
import { aborted, outOfPatience } from './deadline.js';
import type { RunEventBody, TaskEnd } from './events.js';
import { forgetDownstream, remembering } from './forgetting.js';
import { withCauses } from './explain.js';
import { preflightOf } from './ask-kinds.js';
import { nothingMade } from './nothing-made.js';
import { Preflight } from './preflight.js';
import { reasonOf } from './reason.js';
import { schedule, type Ending } from './schedule.js';
import type { RunOptions, RunResult, ServiceUser } from './services.js';
import { faultOf, startEvent, survivorProblem } from './run-start.js';
import { Session } from './session.js';
import type { TaskLog } from './task-log.js';
import { unwritable } from './unwritable.js';
import { Voice } from './voice.js';
import { formatDuration } from '../text/index.js';

/** Milliseconds after which a server that is silent counts as one that does not answer yet. */
const moment = 1000;

/** Executes a workflow: emits every event of the run, and resolves when all is ended, written down and closed. Never rejects. */
export async function runWorkflow(options: RunOptions): Promise<RunResult> {
  return new Run(options).run();
}

class Run {
  readonly #options: RunOptions;
  readonly #voice: Voice;
  readonly #session: Session;
  readonly #preflight: Preflight;
  /** Ends what runs; every running task listens to it. */
  readonly #cancel = new AbortController();
  /** Starts nothing new. */
  readonly #halt = new AbortController();
  readonly #problems: Problem[] = [];
  readonly #ends = new Map<string, TaskEnd>();
  readonly #logs = new Map<string, { readonly log: TaskLog; readonly from: number }>();
  #removeRunFile = (): void => undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    setMaxListeners(0, this.#cancel.signal);
    this.#voice = new Voice(options);
    this.#session = new Session(options, (problem) => this.#voice.notice(problem));
    this.#preflight = new Preflight(
      options.services,
      { stop: (problem) => this.#stop(problem), notice: (problem) => this.#voice.notice(problem) },
      ({ signal }) =>
        this.#session.isAttached ? preflightOf({ ...options, emit: () => undefined }, signal) : undefined,
    );
  }

  async run(): Promise<RunResult> {
    const { workflow, interrupt, kill, fault, services, spent = 0 } = this.#options;
    const from = performance.now();
    const onInterrupt = (): void => this.#cancel.abort(new Error('the run was interrupted'));
    const onFault = (): void => {
      this.#stop(uncaughtProblem(fault?.reason) ?? faultOf(fault?.reason));
      this.#cancel.abort(new Error('an error that nobody caught ended the run'));
    };
    const onLost = (): void =>
      this.#stop({
        code: 'DBB4009',
        message: 'the lock was lost: its connection ended, so another run may have started',
        help: 'run it again: finished work is not repeated',
      });
    interrupt.addEventListener('abort', onInterrupt);
    fault?.addEventListener('abort', onFault);
    services.lock.lost.addEventListener('abort', onLost);
    if (interrupt.aborted) onInterrupt();
    const timer = this.#startTimer(workflow.timeout, spent);
    // A server that no longer answers can hold up what talks to it, but not a run that is to end.
    const over = outOfPatience(this.#cancel.signal, { grace: workflow.grace, kill });
    try {
      this.#announce();
      await Promise.race([this.#enter().then(() => this.#schedule()), over]);
    } catch (error) {
      this.#stop(faultOf(error));
    } finally {
      services.lock.lost.removeEventListener('abort', onLost);
    }
    // The last words to the ledger are within the run's timeout, too.
    const result = await this.#leave(performance.now() - from, over);
    clearTimeout(timer);
    interrupt.removeEventListener('abort', onInterrupt);
    fault?.removeEventListener('abort', onFault);
    return result;
  }

  #announce(): void {
    const { services } = this.#options;
    const user = { name: 'run', signal: this.#cancel.signal, log: this.#voice.logOf('run') };
    this.#voice.emit(startEvent(this.#options, () => services.database(user).display));
  }

  /** Ends what a crashed run left, leaves a trace of this one, and takes the lock where that is possible already. */
  async #enter(): Promise<void> {
    const { workflow, runId, services, kill } = this.#options;
    const stateDirectory = stateDirectoryOf(workflow);
    const answering = services.databaseAnswers(this.#whileUnknown());
    this.#session.approach(this.#cancel.signal);
    for (const survivor of await endSurvivors(stateDirectory, { grace: workflow.grace, kill })) {
      const problem = survivorProblem(survivor);
      if (survivor.ended === undefined) this.#stop(problem);
      else this.#voice.notice(problem);
    }
    const untraced = await writeRunFile(stateDirectory, runId).then(
      (remove) => void (this.#removeRunFile = remove),
      (error: unknown) =>
        unwritable(stateDirectory, error, 'a later run will not know what a crash of this one leaves behind'),
    );
    // A pooler may have given the lock's connection the only session: then the next one that is asked for tells it.
    if (workflow.database.kind === 'none' || (await answering) || this.#session.reached)
      await this.#openSession();
    // Where the lock is a file of that folder, this has ended the run already.
    if (untraced && !this.#halt.signal.aborted) this.#voice.notice(untraced);
  }

  /** How long the first question is asked: where a task waits for the database, with a deadline of its own, not as long as a login may take. */
  #whileUnknown(): AbortSignal {
    const waits = [...this.#options.workflow.tasks.values()].some(
      ({ enabled, kind }) => enabled && kind.readies === true,
    );
    return waits ? AbortSignal.any([this.#cancel.signal, timeLimit(moment)]) : this.#cancel.signal;
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
      nodes: [...workflow.tasks.values()].map((task) => ({ ...task, check: task.kind.check })),
      concurrency: workflow.concurrency,
      policy: workflow.onFailure,
      execute: (name) => this.#execute(this.#task(name)),
      settle: (name, ending, outcome) => this.#settle(this.#task(name), ending, outcome),
      cancel: this.#cancel.signal,
      halt: this.#halt.signal,
    });
    if (workflow.database.kind === 'none' || this.#halt.signal.aborted || this.#cancel.signal.aborted) return;
    const user = { name: 'run', signal: this.#cancel.signal, log: this.#voice.logOf('run') };
    const nothing = await nothingMade(workflow, this.#ends, this.#options.services.database(user));
    if (nothing) this.#stop(nothing);
  }

  async #execute(task: TaskDefinition): Promise<TaskOutcome> {
    const { services, kill, workflow, verbose = false } = this.#options;
    const log = this.#voice.logOf(task.name);
    this.#logs.set(task.name, { log, from: performance.now() });
    this.#voice.emit({ type: 'task.start', task: task.name, use: task.use });
    await this.#session.taskStarted(task.name);
    const emit = (event: RunEventBody): void => this.#voice.emit(event);
    const outcome = await runAttempts(task, {
      createContext: (number, signal) =>
        createContext({ ...this.#options, kill, emit }, task, { number, signal, log }),
      emit,
      mayChange: (signal) => this.#preflight.allows(task, { name: task.name, signal, log }),
      ...(task.kind.destructive
        ? { beforeWork: ({ signal }) => this.#beforeDeleting(task, { name: task.name, signal, log }) }
        : {}),
      cancel: this.#cancel.signal,
      patience: { grace: workflow.grace, kill },
      verbose,
    });
    log.close();
    // Dependents must not start before the lock is held. A task that waited in vain has asked already.
    const answers =
      task.kind.readies === true
        ? outcome.status === 'succeeded'
        : !this.#session.isOpen && (await services.databaseAnswers(this.#cancel.signal));
    if (answers) await this.#openSession();
    return task.kind.destructive && outcome.changed ? this.#afterDeleting(task, outcome) : outcome;
  }

  /** Rejects, and so keeps the task from its work, where the lock is not held or the ledger cannot be written. */
  async #beforeDeleting(task: TaskDefinition, user: ServiceUser): Promise<void> {
    const { workflow, services } = this.#options;
    await this.#session.open(this.#cancel.signal);
    await services.mayDelete?.(task.name, () => services.database(user));
    const forgotten = await forgetDownstream(task, workflow, services.ledger);
    if (forgotten.length > 0) user.log.info(`no longer counts as done: ${forgotten.join(', ')}`);
  }

  async #afterDeleting(task: TaskDefinition, outcome: TaskOutcome): Promise<TaskOutcome> {
    const { workflow, services } = this.#options;
    const notes = await remembering(task, workflow, services.ledger).catch((error: unknown) => [
      { ...faultOf(error), severity: 'warning' as const },
    ]);
    return { ...outcome, warnings: [...(outcome.warnings ?? []), ...notes] };
  }

  async #settle(task: TaskDefinition, ending: Ending, ended: TaskOutcome | undefined): Promise<void> {
    const entry = this.#logs.get(task.name);
    const ms = entry ? Math.round(performance.now() - entry.from) : 0;
    const outcome = ended && (await this.#explain(task, ended, ms));
    if (this.#ends.has(task.name)) return;
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
      ms,
      ...(path === undefined ? {} : { log: path }),
    };
    const clean = this.#voice.clean(end);
    this.#ends.set(task.name, clean);
    this.#voice.emit({ type: 'task.end', ...clean });
    await this.#session.taskEnded(clean);
  }

  #explain(task: TaskDefinition, outcome: TaskOutcome, ms: number): Promise<TaskOutcome> {
    const source = { ...this.#options, emit: (event: RunEventBody) => this.#voice.emit(event) };
    return withCauses(source, task, outcome, { startedAt: Date.now() - ms, cancel: this.#cancel.signal });
  }

  /** Writes the end, closes all, and tells it. A second interruption does not wait for any of it. */
  async #leave(ms: number, over: Promise<void>): Promise<RunResult> {
    const { workflow, services, interrupt, kill, resume } = this.#options;
    // After a fault of ours some tasks have no end yet: every task ends in exactly one state.
    for (const task of workflow.tasks.values()) {
      void this.#settle(task, { status: 'cancelled' }, undefined);
    }
    const tasks = [...workflow.tasks.keys()].flatMap((name) => this.#ends.get(name) ?? []);
    const conclude = (): ReturnType<typeof concludeRun> =>
      concludeRun(tasks, this.#problems, interrupt.aborted ? String(interrupt.reason) : undefined);
    const closing = (async (): Promise<void> => {
      const { status, exitCode } = conclude();
      await this.#session.end(status, exitCode, over);
      const released = this.#session.close();
      await services
        .close()
        .catch((error: unknown) => this.#voice.notice({ ...faultOf(error), severity: 'warning' }));
      await released;
    })();
    await Promise.race([closing, aborted(kill)]);
    this.#removeRunFile();
    // What nobody caught meanwhile counts as well.
    const { status, exitCode } = conclude();
    const problems = this.#problems.map((problem) => this.#voice.clean(problem));
    this.#voice.end({
      type: 'run.end',
      status,
      exitCode,
      ms: Math.round(ms),
      tasks,
      ...(problems.length > 0 ? { problems } : {}),
      ...(status === 'succeeded' ? {} : { resume: resume ?? 'db-bootstrap run' }),
    });
    return { status, exitCode, tasks, problems };
  }

  #startTimer(timeout: number | undefined, spent: number): NodeJS.Timeout | undefined {
    if (timeout === undefined) return undefined;
    return setTimeout(() => {
      this.#stop({
        code: 'DBB5016',
        message: `the run took longer than its timeout of ${formatDuration(timeout)}`,
        help: 'give it more time with "timeout" or --timeout, or run again: finished work is not repeated',
        facts: { timeout },
      });
      this.#cancel.abort(new Error("the run's timeout passed"));
    }, timeout - spent);
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
}
