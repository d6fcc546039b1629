import type { Problem } from '../errors/index.js';

/** How a task ended. */
export type TaskStatus =
  'succeeded' | 'up-to-date' | 'skipped' | 'failed' | 'blocked' | 'cancelled' | 'warned';

/** How a run ended. */
export type RunStatus = 'succeeded' | 'failed' | 'cancelled';

/** One task in `run.end`. `ms` is wall time of all attempts together. */
export interface TaskEnd {
  readonly name: string;
  readonly use: string;
  readonly status: TaskStatus;
  readonly changed: boolean;
  readonly attempts: number;
  readonly ms: number;
  /** One phrase: the summary, why it was skipped, who blocked it, what was tolerated. */
  readonly reason: string;
  readonly check: boolean;
  /** The task whose failure blocked this one. */
  readonly blockedBy?: string;
  /** The tolerated failure's key (an SQLSTATE or a code) and the config's reason. */
  readonly tolerated?: { readonly key: string; readonly reason: string };
  readonly problems?: readonly Problem[];
  readonly warnings?: readonly Problem[];
  /** Path of the task's whole log, where it wrote any. */
  readonly log?: string;
}

interface Base {
  readonly v: 1;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly run: string;
}

/** All that a run says, in order. Reporters see nothing else. */
export type RunEvent = Base &
  (
    | {
        readonly type: 'run.start';
        readonly version: string;
        readonly file?: string;
        readonly profile?: string;
        /** Masked URL. */
        readonly database?: string;
        readonly concurrency: number;
        readonly tasks: readonly {
          readonly name: string;
          readonly use: string;
          readonly needs: readonly string[];
          readonly after: readonly string[];
          readonly enabled: boolean;
          readonly check: boolean;
        }[];
      }
    | { readonly type: 'notice'; readonly problem: Problem }
    | { readonly type: 'task.start'; readonly task: string; readonly use: string }
    | { readonly type: 'attempt.start'; readonly task: string; readonly attempt: number }
    | {
        readonly type: 'attempt.fail';
        readonly task: string;
        readonly attempt: number;
        readonly attempts: number;
        readonly problems: readonly Problem[];
        /** Milliseconds until the next attempt; absent when there is none. */
        readonly retryIn?: number;
      }
    | {
        readonly type: 'task.log';
        readonly task: string;
        readonly stream: 'info' | 'warn' | 'stdout' | 'stderr';
        readonly line: string;
      }
    | {
        readonly type: 'task.progress';
        readonly task: string;
        readonly done: number;
        readonly total: number;
        readonly failed: number;
      }
    | {
        readonly type: 'tenant.end';
        readonly task: string;
        readonly schema: string;
        readonly status: string;
        readonly ms?: number;
        readonly reason?: string;
        readonly problem?: Problem;
      }
    | ({ readonly type: 'task.end' } & TaskEnd)
    | {
        readonly type: 'run.end';
        readonly status: RunStatus;
        readonly exitCode: number;
        readonly ms: number;
        readonly tasks: readonly TaskEnd[];
        /** Faults of the run as a whole: a lost lock, the timeout. */
        readonly problems?: readonly Problem[];
        /** The command that takes the run up again. */
        readonly resume?: string;
      }
  );

/** Receives every event of a run, in order. */
export interface Reporter {
  report(event: RunEvent): void;
  /** Resolves when all that was reported has been written. */
  close(): Promise<void>;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An event before the engine stamps it. */
export type RunEventBody = DistributiveOmit<RunEvent, 'v' | 'at' | 'run'>;
