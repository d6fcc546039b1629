import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { RunEvent } from '../../lib/run/events.js';

const bin = resolve('dist/bin/db-bootstrap.js');

/** How the command ended, and all that it printed. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command as a child process (built beforehand), in an environment without anything of a database but what is given. */
export class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;

  constructor(
    args: readonly string[],
    options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly node?: string },
  ) {
    this.child = spawn(options.node ?? process.execPath, [bin, ...args], {
      cwd: options.cwd,
      env: { ...plainEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = endOf(this.child);
  }

  /** Resolves at the first event that matches; needs `--reporter ndjson`. Undefined where the command ended before. */
  event(matches: (event: RunEvent) => boolean): Promise<RunEvent | undefined> {
    return new Promise((done) => {
      if (this.child.stdout === null) {
        done(undefined);
        return;
      }
      const lines = createInterface({ input: this.child.stdout });
      lines.on('line', (line) => {
        const event = JSON.parse(line) as RunEvent;
        if (matches(event)) done(event);
      });
      lines.on('close', () => done(undefined));
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** Runs the command to its end. */
export function bootstrap(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Ended> {
  return new Command(args, options).ended;
}

/** The same for a person: on a terminal, where each answer is typed once its text has appeared. All that was shown is its stdout. */
export function onTerminal(
  args: readonly string[],
  answers: readonly (readonly [appears: string, typed: string])[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Ended> {
  const order = JSON.stringify({ command: [process.execPath, bin, ...args], answers });
  const child = spawn('python3', [resolve('test/support/on_terminal.py'), order], {
    cwd: options.cwd,
    env: { ...plainEnvironment(), TERM: 'xterm', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return endOf(child);
}

/** The events of an ndjson report. */
export function eventsOf(stdout: string): RunEvent[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RunEvent);
}

/** The last event of an ndjson report, which tells how every task ended. */
export function runEnd(stdout: string): Extract<RunEvent, { type: 'run.end' }> {
  const last = eventsOf(stdout).at(-1);
  if (last?.type !== 'run.end') throw new Error(`no run.end in:\n${stdout}`);
  return last;
}

/** A copy of an example in a folder of its own; `python` is the virtual environment that takes the place of its `.venv`. */
export function copyExample(name: string, python?: string): { readonly folder: string; remove(): void } {
  const parent = mkdtempSync(join(tmpdir(), 'dbb-e2e-'));
  const folder = join(parent, 'project');
  const skipped = new Set(['.venv', '.db-bootstrap', '__pycache__']);
  cpSync(join('examples', name), folder, { recursive: true, filter: (path) => !skipped.has(basename(path)) });
  if (python !== undefined) symlinkSync(python, join(folder, '.venv'));
  return { folder, remove: () => rmSync(parent, { recursive: true, force: true }) };
}

function endOf(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((done) => {
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
}

function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^(?:PG|DB_BOOTSTRAP_|GITHUB_)|^(?:DATABASE_URL|CI|FORCE_COLOR|NO_COLOR|VIRTUAL_ENV|DJANGO_SETTINGS_MODULE)$/.test(
          name,
        ),
    ),
  );
}
