import type * as z from 'zod/mini';
import type { Facts, Place, Problem } from '../lib/errors/index.js';

/** A JSON value: what ledgers and events hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A tenant that the config wants. */
export interface TenantSpec {
  /** Schema name, at most 63 bytes; also the tenant's key. */
  readonly schema: string;
  /** The primary domain; more may stand in `domains`. */
  readonly domain?: string;
  readonly domains?: readonly string[];
  /** Field values of the tenant model, by field name. */
  readonly fields?: Readonly<Record<string, Json>>;
  /** Field values of the domain model, by field name. */
  readonly domainFields?: Readonly<Record<string, Json>>;
}

/** What a task would do now. `reason` is one phrase: "3 migrations are pending", "all 2 tenants exist". */
export interface Plan {
  readonly action: 'run' | 'up-to-date' | 'skip';
  readonly reason: string;
  readonly details?: Json;
}

/** One thing that a check found wrong. */
export interface Finding extends Problem {
  readonly subject: Readonly<Record<string, string>>;
  /** `check --fix` repairs it: at once where that is safe, or only after a person has agreed, where something is deleted. */
  readonly repair?: 'safe' | 'confirmed';
}

/** One thing that the repair of a check did. */
export interface Repair {
  /** One phrase: 'sequence "a_id_seq" of schema "acme" set from 3 to 57'. */
  readonly message: string;
  readonly subject: Readonly<Record<string, string>>;
}

/** What a task did. `changed` is true only if something outside the ledger is different now. */
export interface TaskResult {
  readonly changed: boolean;
  /** One phrase for the end block: "12 migrations applied to 3 tenants". */
  readonly summary: string;
  readonly details?: Json;
  /** Findings of a check; an error-level finding fails it. */
  readonly findings?: readonly Finding[];
  /** Warnings that stay visible in the end block although the task succeeded. */
  readonly warnings?: readonly Problem[];
}

/** A connection that runs statements; cancelled together with its task. */
export interface TaskClient {
  /** Rows of one statement. Failures are BootstrapErrors with SQLSTATE, statement and position. */
  query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

/** The database of the workflow. Reading any property where none is configured throws DBB4005. */
export interface TaskDatabase extends TaskClient {
  /** The whole URL, password included: for children and drivers, never for messages. */
  readonly url: string;
  /** The URL with the password masked, for people. */
  readonly display: string;
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password: string | undefined;
  /** Whether a session is open already. */
  readonly connected: boolean;
  /**
   * Runs `work` on a connection of its own, closed afterwards: to another database of the server where one is named, and given up
   * after `connectTimeout` milliseconds where the server does not answer.
   */
  withClient<T>(
    work: (client: TaskClient) => Promise<T>,
    options?: { readonly database?: string; readonly connectTimeout?: number },
  ): Promise<T>;
  /** The same inside one transaction: committed when `work` resolves, rolled back when it rejects. */
  transaction<T>(work: (client: TaskClient) => Promise<T>): Promise<T>;
}

/** The Python process that has the project's Django loaded; started at the first request. */
export interface TaskHost {
  /**
   * Sends one request and resolves with its result. `onEvent` receives what the host reports meanwhile.
   * Failures are BootstrapErrors (DBB6nnn). The task's signal cancels the running statement.
   */
  request<Result = unknown>(
    method: string,
    params?: Readonly<Record<string, unknown>>,
    onEvent?: (event: Readonly<Record<string, unknown>>) => void,
  ): Promise<Result>;
  /**
   * Runs `work` with so many hosts that work side by side, the first of which is this one. The others are processes that start at their
   * first request and end with `work`; each answers one request at a time.
   */
  withPeers<Result>(count: number, work: (hosts: readonly TaskHost[]) => Promise<Result>): Promise<Result>;
  /** What an earlier run has remembered by this name, as long as nothing that Django would read has changed since; it starts no host. */
  recall(name: string): Promise<unknown>;
  /** Keeps a JSON value for later runs, if this one ends well. */
  remember(name: string, value: object): Promise<void>;
}

/**
 * The ledger's view of one task: small JSON values by key, kept from run to run, until a destructive task before this one works: then
 * all that is kept with the database is forgotten, but values with the `state` "running", which tell of work that never ended.
 */
export interface TaskLedger {
  get(key: string): Promise<Json | undefined>;
  /** With `client`, the write is part of that client's transaction (where the ledger is in the same database). */
  set(key: string, value: Json, client?: TaskClient): Promise<void>;
  delete(key: string): Promise<void>;
  entries(): Promise<ReadonlyMap<string, Json>>;
}

/** Lines for the task's log; shown when the task fails or with --verbose. */
export interface TaskLogger {
  /** A line of the task's own. */
  info(text: string): void;
  warn(text: string): void;
  /** Raw output of a child, by stream; split into lines by the engine. */
  output(stream: 'stdout' | 'stderr', text: string): void;
  /** How far a long task is: drawn as one row. */
  progress(done: number, total: number, failed: number): void;
}

/** How a tenant ended inside a task. */
export interface TenantEnd {
  readonly schema: string;
  readonly status: 'created' | 'changed' | 'unchanged' | 'migrated' | 'up-to-date' | 'failed' | 'not-tried';
  readonly ms?: number;
  readonly reason?: string;
  readonly problem?: Problem;
}

/** How to start a child process of a task. */
export interface ExecOptions {
  readonly args?: readonly string[];
  /** Run `command` by this shell ("/bin/sh" when true) instead of starting it as a program. */
  readonly shell?: boolean | string;
  readonly cwd?: string;
  /** Added to `ctx.env`. `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Text, bytes or a file that becomes standard input; empty input when absent. */
  readonly input?: string | Uint8Array | { readonly file: string };
  /** False keeps the output out of the task's log. */
  readonly log?: boolean;
}

/** How a child ended; a non-zero exit is a result here, not an exception. */
export interface ExecResult {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams in the order of arrival. */
  readonly output: string;
}

/** All that a task can reach. */
export interface TaskContext<Options> {
  /** The task's name in the workflow. */
  readonly task: string;
  readonly options: Options;
  /** Absolute path of the folder of the config; relative paths start here. */
  readonly root: string;
  /** Absolute path of `.db-bootstrap` under the root: files of our own. */
  readonly stateDirectory: string;
  /** The whole environment of children: the process's own, env files, config, database variables and the task's own. */
  readonly env: Readonly<Record<string, string>>;
  /** What the task's own `env` adds; part of `env` already. Lets a kind tell the config's will from what the environment happens to hold. */
  readonly taskEnv?: Readonly<Record<string, string>>;
  /** True in continuous integration (CI set and not "false"). */
  readonly ci: boolean;
  readonly runId: string;
  /** 1 for the first try. */
  readonly attempt: number;
  readonly concurrency: number;
  readonly database: TaskDatabase;
  readonly host: TaskHost;
  readonly tenants: readonly TenantSpec[];
  readonly log: TaskLogger;
  /** Kept with the database: facts about what was done to it. */
  readonly ledger: TaskLedger;
  /** Kept in files beside the config: facts about files of this checkout. */
  readonly localLedger: TaskLedger;
  /** Aborted when the task times out or the run is interrupted. */
  readonly signal: AbortSignal;
  /** Starts a child in a process group of its own, logged, and ended with the task (SIGTERM, then SIGKILL after the grace). */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
  /** Reports one tenant. */
  tenantEnd(end: TenantEnd): void;
  /** Where the config says what stands at a key path ("tenants[0].fields.name"); undefined where no file does. */
  readonly placeOf: (keyPath: string) => Place | undefined;
  /** The error to throw for a failure. */
  fail(problem: Problem, cause?: unknown): Error;
}

/** What a task kind is: its options as a zod schema, what it would do, and what it does. */
export interface TaskKind<Options = unknown> {
  /** The name after `use:`. */
  readonly kind: string;
  /** One sentence for the schema and the docs. */
  readonly description: string;
  readonly options: z.core.$ZodType<Options>;
  /** It changes nothing and answers pass or fail. */
  readonly check?: boolean;
  /** The database answers once it has succeeded. */
  readonly readies?: boolean;
  /** It deletes: the guards decide before anything starts, and tasks behind it forget what they did right before it works. */
  readonly destructive?: boolean;
  /** It asks the Django host, whose process may start while the tasks before it run. */
  readonly host?: boolean;
  /** It reads or changes the database (default true): false for kinds that run without one. */
  readonly database?: boolean;
  /** What it would do now; changes nothing. Where absent, the task always runs. */
  plan?(context: TaskContext<Options>): Promise<Plan>;
  run(context: TaskContext<Options>): Promise<TaskResult>;
  /** What must keep the whole run from changing anything: asked once, before the first change. It reads the ledger and files, and is quick. */
  preflight?(context: TaskContext<Options>): Promise<readonly Problem[]>;
  /** For `repair`: records scripts that have changed as applied, without running them. A second call changes nothing. */
  accept?(context: TaskContext<Options>): Promise<readonly Repair[]>;
  /**
   * Of a check: repairs what `run` finds and what is safe to repair, in a transaction; what deletes only where `confirmed`. A second
   * call changes nothing.
   */
  fix?(context: TaskContext<Options>, options: { readonly confirmed: boolean }): Promise<readonly Repair[]>;
}

/** Declares a task kind, with the options typed by their schema. */
export function defineTask<Schema extends z.core.$ZodType>(
  definition: Omit<TaskKind<z.output<Schema>>, 'options'> & { readonly options: Schema },
): TaskKind<z.output<Schema>> {
  return definition as TaskKind<z.output<Schema>>;
}

export { described, identifier, nonEmpty } from './validators.js';
export type { Facts, Problem };
