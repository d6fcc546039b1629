import type { Writable } from 'node:stream';
import { output } from './output.js';
import { harmless } from '../text/index.js';

/** What a command may touch of its process: streams, environment, terminal. Commands are plain functions of this and their options. */
export interface Io {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute path of the working directory. */
  readonly cwd: string;
  /** Whether a person sits at the stream that is reported on. */
  readonly terminal: boolean;
  /** Whether to colour what goes to `stdout`. */
  readonly color: boolean;
  /** The same for `stderr`: by the same rules, but it may be a terminal where the other is none. */
  readonly errorColor: boolean;
  readonly columns: number;
}

/** The command's own process, with `--cwd` and `--no-color` applied; `report` is the stream that its output goes to. */
export function processIo(
  options: { readonly cwd: string; readonly color: boolean | undefined },
  report: NodeJS.WriteStream = output,
): Io {
  const { color: flag } = options;
  const { env, stderr } = process;
  return {
    stdout: report,
    stderr,
    env,
    cwd: options.cwd,
    terminal: report.isTTY,
    color: wantsColor({ flag, env, terminal: report.isTTY }),
    errorColor: wantsColor({ flag, env, terminal: stderr.isTTY }),
    columns: report.isTTY ? report.columns : 80,
  };
}

/**
 * Whether to colour: the last of `--color` and `--no-color` decides, then NO_COLOR forbids, then FORCE_COLOR demands (0 and false
 * forbid), else only a terminal that is not dumb. A variable that is empty says nothing.
 */
export function wantsColor({
  flag,
  env,
  terminal,
}: {
  readonly flag: boolean | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: boolean;
}): boolean {
  if (flag !== undefined) return flag;
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return !/^(?:0|false)$/i.test(env.FORCE_COLOR);
  return terminal && env.TERM !== 'dumb';
}

/** Writes a text and a line end; nothing in it but our own colours reaches a terminal or a CI system as more than text. */
export function print(stream: Writable, text: string): void {
  stream.write(`${harmless(text)}\n`);
}
