import type { Writable } from 'node:stream';

/** The ways to show a run. */
export const reporterNames = ['default', 'append-only', 'github', 'ndjson', 'silent'] as const;

export type ReporterName = (typeof reporterNames)[number];

/** Where and how a reporter writes. */
export interface ReporterOptions {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly color: boolean;
  /** Log lines of tasks, and every tenant. */
  readonly verbose: boolean;
  /** Only failures and the final sentence. */
  readonly quiet: boolean;
  /** Width of the terminal; absent: that of `stdout`, else 80. */
  readonly columns?: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Values that may stand in no output. */
  readonly secrets: readonly string[];
}
