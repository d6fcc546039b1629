import type { Place } from '../lib/errors/index.js';
import type { Json, TaskKind, TenantSpec } from './define.js';
import type { Path, Source } from './source.js';

/** When a failed attempt is tried again. Times are milliseconds. */
export interface RetryPolicy {
  /** Counts the first attempt; 1 means no retry. */
  readonly attempts: number;
  readonly delay: number;
  readonly factor: number;
  readonly maxDelay: number;
  readonly jitter: boolean;
  /**
   * Which failures are worth another try: SQLSTATEs ("40P01"), classes of them ("08"), error codes ("DBB4001"),
   * or the words "connection", "lock", "timeout", "exit". Absent: any failure that another attempt can fix.
   */
  readonly on?: readonly string[];
}

/** `stop`: no new tasks start; `continue`: only dependents are blocked; `warn`: counted as a warning, dependents go on. */
export type FailurePolicy = 'stop' | 'continue' | 'warn';

/** A failure that the config declares harmless. */
export interface Tolerance {
  readonly sqlstate?: string;
  readonly code?: string;
  /** With `code`: the object of the finding, or its table and it ("plants_plant.name"); `*` for any characters. */
  readonly object?: string;
  readonly reason: string;
}

/** A question that decides, right before a task, whether it runs. */
export type Condition =
  | { readonly command: string }
  | { readonly sql: string }
  | { readonly env: string; readonly equals?: string }
  | { readonly exists: string };

/** A task of the workflow, all of it resolved. */
export interface TaskDefinition {
  readonly name: string;
  readonly use: string;
  readonly kind: TaskKind;
  /** Whether a plugin brings the kind. */
  readonly plugin?: true;
  readonly needs: readonly string[];
  readonly after: readonly string[];
  readonly enabled: boolean;
  /** Why it is not enabled: "disabled in the config", "--skip". */
  readonly disabledReason?: string;
  readonly if?: Condition;
  readonly retry: RetryPolicy;
  /** Per attempt, in milliseconds; the condition counts. */
  readonly timeout?: number;
  /** Absent where the task declares none: then the run's policy holds. */
  readonly onFailure?: FailurePolicy;
  readonly tolerate: readonly Tolerance[];
  readonly env: Readonly<Record<string, string>>;
  /** The kind's own options, parsed by its schema. */
  readonly options: unknown;
}

/** Where the database comes from. */
export type DatabaseSetting =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'embedded'; readonly port?: number; readonly name: string }
  | { readonly kind: 'none' };

/** Where a value came from, for `config --explain`. */
export interface Origin {
  /** "preset django-tenants", ".bootstraprc.yaml", "profile ci", "DB_BOOTSTRAP_CONCURRENCY", "--set", "default". */
  readonly layer: string;
  readonly place?: Place;
}

export type LedgerSetting =
  | { readonly kind: 'database'; readonly schema: string }
  | { readonly kind: 'file' }
  | { readonly kind: 'off' };

/** How to find and load the Django project. */
export interface DjangoSetting {
  /** Absolute path of the folder that holds manage.py. */
  readonly directory: string;
  /** The interpreter as configured: a path or a command. */
  readonly python?: string;
  readonly settings?: string;
}

/** Which databases a destructive task may touch. */
export interface Guards {
  readonly allowDestructive: boolean;
  /** Patterns (globs) of database names; absent: the rule about "test", "ci" and "dev". */
  readonly databases?: readonly string[];
  /** Host names beside loopback. */
  readonly hosts: readonly string[];
}

export type ReporterName = 'default' | 'append-only' | 'github' | 'ndjson' | 'silent';

/** A config, resolved and validated: all that a run needs to know. */
export interface Workflow {
  /** Absolute path of the folder of the config file (or the working directory without one). */
  readonly root: string;
  /** As a person would type it; undefined without a config file. */
  readonly file?: string;
  readonly profile?: string;
  readonly database: DatabaseSetting;
  /** Environment of children: the process's own, env files, and `env`, in that order of growing precedence except that env files never override the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly django: DjangoSetting;
  readonly tenants: readonly TenantSpec[];
  readonly tasks: ReadonlyMap<string, TaskDefinition>;
  readonly concurrency: number;
  /** Of the whole run, in milliseconds. */
  readonly timeout?: number;
  /** Between SIGTERM and SIGKILL, in milliseconds. */
  readonly grace: number;
  readonly onFailure: FailurePolicy;
  readonly guards: Guards;
  readonly ledger: LedgerSetting;
  readonly reporter?: ReporterName;
  /** The merged config before parsing, secrets included: for `config --json` after redaction. */
  readonly raw: Json;
  /** By dotted key path. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** What the merged config was merged from, weakest first. */
  readonly layers: readonly Source[];
  /** Where the value at a path was written: in the config, or, where it is a variable, where that was set. */
  readonly placeOfValue: (path: Path) => Place;
  /** Where a variable of the environment was set; its own name where the process has it. */
  readonly placeOfVariable: (name: string) => Place;
  /** Values that may stand in no output. */
  readonly secrets: readonly string[];
}
