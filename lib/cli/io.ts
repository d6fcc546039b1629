import type { Writable } from 'node:stream';
import { output } from './output.js';

/** What a command may touch of its process: streams, environment, terminal. Commands are plain functions of this and their options. */
export interface Io {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute path of the working directory. */
  readonly cwd: string;
  /** Whether a person sits at the stream that is reported on. */
  readonly terminal: boolean;
  readonly color: boolean;
  readonly columns: number;
}

/** The command's own process, with `--cwd` and `--no-color` applied; `report` is the stream that its output goes to. */
export function processIo(
  options: { readonly cwd: string; readonly color: boolean | undefined },
  report: NodeJS.WriteStream = output,
): Io {
  return {
    stdout: report,
    stderr: process.stderr,
    env: process.env,
    cwd: options.cwd,
    terminal: report.isTTY,
    color: options.color ?? wantsColor(process.env, report.isTTY),
    columns: report.isTTY ? report.columns : 80,
  };
}

/** Whether to colour: NO_COLOR forbids, FORCE_COLOR demands, else only a terminal that is not dumb. */
export function wantsColor(env: NodeJS.ProcessEnv, terminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0';
  return terminal && env.TERM !== 'dumb';
}

/** Writes a text and a line end. */
export function print(stream: Writable, text: string): void {
  stream.write(`${text}\n`);
}
