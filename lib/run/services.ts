import type { TaskContext, TaskDatabase, TaskHost, TaskLedger, TaskLogger } from '../../config/define.js';
import type { TaskDefinition, Workflow } from '../../config/workflow.js';
import type { Problem } from '../errors/index.js';
import type { RunEventBody, RunStatus, TaskEnd, TaskStatus } from './events.js';

/** Who asks for a service: its calls end with the signal and speak to the log. */
export interface ServiceUser {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly log: TaskLogger;
  /** Whether others wrote the SQL: then it runs with the search_path of the role. */
  readonly others?: boolean;
}

/** A task that has failed for good, and what whoever explains it may ask. */
export interface FailedTask {
  readonly task: TaskDefinition;
  readonly workflow: Workflow;
  /** As the task had it, with a signal that ends the questions and a log that nobody reads. */
  readonly context: TaskContext<unknown>;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** One run at a time on a database. */
export interface RunLock {
  /** Opens what it needs already, beside what the run asks first; what fails is told when it is acquired. */
  approach?(signal: AbortSignal): void;
  /** Whether what `approach` began has had an answer of the database. */
  readonly reached?: boolean;
  /** Throws DBB4008 where another run holds it. */
  acquire(signal: AbortSignal): Promise<void>;
  /** Aborted when the lock's connection was lost. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** What the ledger keeps about a run. */
export interface RunRecord {
  readonly id: string;
  readonly version: string;
  readonly pid: number;
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly file?: string;
  readonly profile?: string;
  readonly tasks: readonly string[];
}

/** The statuses of tasks of which nothing is left to do. */
export const endedWell: readonly TaskStatus[] = ['succeeded', 'up-to-date', 'skipped'];

/** How far the run before this one came. */
export interface LastRun {
  readonly id: string;
  /** Tasks that ended well, or were left out. */
  readonly done: ReadonlySet<string>;
}

/** What was done, kept with the database. Nothing but `local` and `lastRun` is used before `attach` has resolved. */
export interface Ledger {
  /** The newest run that it tells of; undefined where it tells of none. */
  lastRun(): Promise<LastRun | undefined>;
  /** Makes the ledger ready; resolves with notices, such as that it fell back to a file. */
  attach(): Promise<readonly Problem[]>;
  startRun(run: RunRecord): Promise<void>;
  taskStarted(name: string): Promise<void>;
  taskEnded(end: TaskEnd): Promise<void>;
  endRun(status: RunStatus, exitCode: number): Promise<void>;
  forTask(name: string): TaskLedger;
  /**
   * Forgets, in one step, what tasks remember about the database, and resolves with the names of those that had something to forget.
   * What is unfinished (see `isUnfinished`) stays known.
   */
  forget(tasks: readonly string[]): Promise<readonly string[]>;
  local(name: string): TaskLedger;
}

/** All that a run needs from outside; the command wires it together. */
export interface RunServices {
  /** Lazy: its properties throw DBB4005 where no database is configured. */
  database(task: ServiceUser): TaskDatabase;
  host(task: ServiceUser & { readonly env: Readonly<Record<string, string>> }): TaskHost;
  readonly lock: RunLock;
  readonly ledger: Ledger;
  /** Told once, when the lock is held and the ledger is ready. */
  attached?(): void;
  /** Told when a task has ended; what needs it starts once this has resolved. */
  taskEnded?(end: TaskEnd): Promise<void> | void;
  /** Finds the causes of a failure: the same problems, with the cause as headline where one was found. */
  explain?(problems: readonly Problem[], failed: FailedTask): Promise<readonly Problem[]>;
  /**
   * Looks for faults before a task changes anything: in project, server and config, as far as that task may rest on them. Asked for
   * every such task; an error keeps it, and all others that change something, from starting.
   */
  preflight?(task: TaskDefinition, user: ServiceUser): Promise<readonly Problem[]>;
  /** Asked right before a destructive task works: throws DBB8001 where the guards refuse what the server says it is. */
  mayDelete?(task: string, session: () => TaskDatabase): Promise<void>;
  /** Whether the database answers now; decides when the lock is taken. False once the signal is aborted. */
  databaseAnswers(signal: AbortSignal): Promise<boolean>;
  /** Ends the sessions on the server whose application_name this is: what children of a cancelled task left there. */
  endSessions(applicationName: string): Promise<void>;
  close(): Promise<void>;
}

/** One execution of a workflow. */
export interface RunOptions {
  readonly runId: string;
  /** Of db-bootstrap. */
  readonly version: string;
  readonly workflow: Workflow;
  emit(event: RunEventBody): void;
  /** First Ctrl-C or SIGTERM; the abort reason is the signal's name. */
  readonly interrupt: AbortSignal;
  /** The second: everything ends at once. */
  readonly kill: AbortSignal;
  /** An error that nobody caught, which is its reason: the run ends as soon as its tasks have. */
  readonly fault?: AbortSignal;
  readonly services: RunServices;
  /** Milliseconds of the run's timeout that are over before it starts: what the command did first. */
  readonly spent?: number;
  /** The command that takes the run up again; "db-bootstrap run" when absent. */
  readonly resume?: string;
  /** Failures that nobody explained carry their stack as output. */
  readonly verbose?: boolean;
}

/** How a run ended. */
export interface RunResult {
  readonly status: RunStatus;
  readonly exitCode: number;
  readonly tasks: readonly TaskEnd[];
  /** Faults of the run as a whole. */
  readonly problems: readonly Problem[];
}
