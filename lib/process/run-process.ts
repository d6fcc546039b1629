import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { asError, BootstrapError } from '../errors/index.js';
import { Capture } from './capture.js';
import { endGroup, signalGroup } from './end-group.js';

/** How to run one child process. */
export interface ProcessOptions {
  readonly command: string;
  readonly args?: readonly string[];
  /** Run `command` by this shell ("/bin/sh" when true); `args` are then its positional parameters. */
  readonly shell?: boolean | string;
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Text, bytes or a file that becomes standard input; empty input when absent. */
  readonly input?: string | Uint8Array | { readonly file: string };
  /** Aborted: SIGTERM to the group, SIGKILL after the grace. */
  readonly signal?: AbortSignal;
  /** Aborted: SIGKILL to the group at once. */
  readonly kill?: AbortSignal;
  /** Between SIGTERM and SIGKILL, in milliseconds. */
  readonly grace: number;
  onOutput?(stream: 'stdout' | 'stderr', text: string): void;
  /** How much of each stream is kept in memory, in characters; 1 Mi when absent. */
  readonly keep?: number;
}

/** How a child ended. A non-zero exit is a result, not an exception. */
export interface ProcessResult {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams in the order of arrival. */
  readonly output: string;
  /** It was ended because `signal` or `kill` was aborted. */
  readonly cancelled: boolean;
}

/** Runs a child in a process group of its own and resolves when it has ended. Rejects with DBB5002 where it cannot be started. */
export async function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  const { signal, kill } = options;
  const kept = { stdout: capture(options), stderr: capture(options), output: capture(options) };
  const result = (
    exitCode: number | undefined,
    ended: string | undefined,
    cancelled: boolean,
  ): ProcessResult => ({
    exitCode,
    signal: ended,
    stdout: kept.stdout.text(),
    stderr: kept.stderr.text(),
    output: kept.output.text(),
    cancelled,
  });
  if (signal?.aborted || kill?.aborted) return result(undefined, undefined, true);
  const child = await start(options);
  const group = child.pid ?? 0;

  let heard = performance.now();
  let listening = true;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      if (!listening) return;
      heard = performance.now();
      kept[name].add(text);
      kept.output.add(text);
      options.onOutput?.(name, text);
    });
  }

  let ending: Promise<unknown> | undefined;
  const end = (): void => {
    ending ??= endGroup(group, { grace: options.grace, kill });
  };
  const killNow = (): void => {
    // In the same tick: our own process may be about to exit.
    signalGroup(group, 'SIGKILL');
    end();
  };
  signal?.addEventListener('abort', end, { once: true });
  kill?.addEventListener('abort', killNow, { once: true });
  try {
    if (signal?.aborted || kill?.aborted) end();
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const [exitCode, ended] = await exitOf(child);
    const cancelled = ending !== undefined;
    // What the leader left behind in its group goes with it when it was cancelled.
    await ending;
    await drained(closed, () => heard);
    listening = false;
    for (const stream of [child.stdout, child.stderr]) letGo(stream);
    return result(exitCode ?? undefined, ended ?? undefined, cancelled);
  } finally {
    signal?.removeEventListener('abort', end);
    kill?.removeEventListener('abort', killNow);
  }
}

function capture(options: ProcessOptions): Capture {
  return new Capture(options.keep ?? 1 << 20);
}

async function start(options: ProcessOptions): Promise<ChildProcess> {
  const { command, args = [], shell, cwd, env, input } = options;
  const program = shell === true ? '/bin/sh' : shell || command;
  const argv = shell ? ['-c', command, program, ...args] : args;
  if (!isDirectory(cwd)) throw startFailure(command, `its working directory "${cwd}" does not exist`);
  const file = typeof input === 'object' && 'file' in input ? openInput(command, input.file) : undefined;
  try {
    const stdin = file ?? (input === undefined ? 'ignore' : 'pipe');
    const child = spawn(program, argv, { cwd, env, detached: true, stdio: [stdin, 'pipe', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    // A failing kill is no failure of the child.
    child.on('error', () => undefined);
    // A child that does not read its input to the end is its own business.
    child.stdin?.on('error', () => undefined);
    if (typeof input === 'string' || input instanceof Uint8Array) child.stdin?.end(input);
    return child;
  } catch (error) {
    throw startFailure(program, reasonOf(error), error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function openInput(command: string, path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw startFailure(command, `its input "${path}" cannot be read (${codeOf(error)})`, error);
  }
}

function startFailure(command: string, reason: string, cause?: unknown): BootstrapError {
  return new BootstrapError(
    {
      code: 'DBB5002',
      message: `"${command}" could not be started: ${reason}`,
      facts: { command, reason: codeOf(cause) },
    },
    { cause },
  );
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'no such program was found';
  if (code === 'EACCES') return 'it is not executable';
  if (code === 'E2BIG') return 'its arguments and environment are too large';
  return asError(error).message;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

function exitOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve([child.exitCode, child.signalCode]);
    else child.once('exit', (code, signal) => resolve([code, signal]));
  });
}

const quiet = 100;
const longest = 1000;

/** Resolves when the output has ended, or, where somebody in the background keeps the pipes open, soon after it fell silent. */
async function drained(closed: Promise<void>, heard: () => number): Promise<void> {
  let ended = false;
  void closed.then(() => (ended = true));
  const from = performance.now();
  while (!ended) {
    const started = performance.now();
    await Promise.race([closed, pause(quiet)]);
    const now = performance.now();
    if (heard() < started || now - from > longest) return;
  }
}

/** A timer and then one round of input: on a busy machine the timer alone may fire before what is already in the pipe was read. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(() => setImmediate(() => setImmediate(resolve)), ms));
}

/** Reads on without keeping us alive: closing the pipe would kill a daemon at its next line. */
function letGo(stream: Readable | null): void {
  stream?.resume();
  if (stream instanceof Socket) stream.unref();
}
