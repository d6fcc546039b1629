import type { CommanderError } from 'commander';
import { tellFault } from './faults.js';
import { divertOthers, output } from './output.js';
import { createProgram, type Action } from './program.js';

/** Whether something that was printed is lost. */
let unwritten = false;

/** What the options say of how a failure is shown; nothing before they are read. */
let asked: () => { readonly color?: boolean; readonly verbose?: boolean } = () => ({});

/** The whole command: parses the arguments, runs what they chose, and resolves with the exit code. Never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  const ended = guardProcess();
  try {
    return (await perform(args)) || (unwritten ? 1 : 0);
  } finally {
    ended();
  }
}

async function perform(args: readonly string[]): Promise<number> {
  let chosen: Action | undefined;
  const program = await createProgram(args, (action) => {
    chosen ??= action;
  });
  // Of all commands only the one that was chosen has any; what stands behind "exec --" is another program's.
  asked = () =>
    Object.assign({}, ...program.commands.map((command) => command.opts())) as ReturnType<typeof asked>;
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: () => undefined,
      getOutHelpWidth: () => (output.isTTY ? output.columns : 80),
    });
  }
  try {
    program.parse(args, { from: 'user' });
    return chosen ? await chosen() : 0;
  } catch (error) {
    if (isCommanderError(error)) {
      if (error.exitCode === 0) return 0;
      const { BootstrapError } = await import('../errors/index.js');
      const { usageProblem } = await import('./usage.js');
      return await reportFailure(new BootstrapError(usageProblem(error, program, args)));
    }
    return await reportFailure(error);
  }
}

async function reportFailure(thrown: unknown): Promise<number> {
  const { failureText } = await import('./failure.js');
  const { BootstrapError, exitCodeOf, shortageProblem } = await import('../errors/index.js');
  const { wantsColor } = await import('./io.js');
  const shortage = shortageProblem(thrown);
  const error = shortage ? new BootstrapError(shortage, { cause: thrown }) : thrown;
  const { color: flag, verbose = false } = asked();
  const color = wantsColor({ flag, env: process.env, terminal: process.stderr.isTTY });
  process.stderr.write(`${failureText(error, { verbose, color })}\n`);
  return exitCodeOf(error);
}

async function reportFault(error: unknown): Promise<number> {
  const { BootstrapError, uncaughtProblem } = await import('../errors/index.js');
  const problem = uncaughtProblem(error);
  return reportFailure(problem ? new BootstrapError(problem) : error);
}

/** Reports a failure whose report failed: under a limit of open files, its modules cannot be loaded. Returns the exit code. */
function reportPlainly(error: unknown): number {
  const text = error instanceof Error ? error.message : String(error);
  const isShortage = /\bE[MN]FILE\b/.test(text);
  process.stderr.write(
    isShortage
      ? `error[DBB5022]: the limit of open files of this process is reached (${text})\n  help: raise the limit, as with "ulimit -n 1024"\n`
      : `error[DBB9001]: ${text}\n`,
  );
  return isShortage ? 1 : 70;
}

/**
 * What no command may do: end in silence because something that it loaded called process.exit, show a stack because the reader of
 * its output went away, or let anyone else write into its output. The function it returns says that the command has ended by itself.
 */
function guardProcess(): () => void {
  for (const stream of [output, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Who closed the pipe has read enough; a full disk, however, loses what was reported.
      if (error.code === 'EPIPE') return;
      const told = unwritten;
      unwritten = true;
      // It counts as a failure where nothing else failed, also after the end.
      process.exitCode ||= 1;
      if (stream === output && !told) process.stderr.write(unwritable(error));
    });
  }
  // While a config loads or a run is at work, others may not call it.
  const exit = process.exit.bind(process);
  const tooEarly = (code: number): void => {
    process.stderr.write(
      'error[DBB9001]: the process was ended before the command was done\n' +
        '  help: look for process.exit in the config, in what it imports, and in its plugins\n',
    );
    if (code === 0 || code === 13) process.exitCode = 70;
  };
  const fault = (error: unknown): void => {
    if (tellFault(error)) return;
    process.removeListener('exit', tooEarly);
    void reportFault(error).then(exit, () => exit(reportPlainly(error)));
  };
  divertOthers();
  process.on('exit', tooEarly);
  process.on('uncaughtException', fault);
  process.on('unhandledRejection', fault);
  return () => {
    process.removeListener('exit', tooEarly);
    endAfterAll(exit);
  };
}

function unwritable({ code, message }: NodeJS.ErrnoException): string {
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  const cause = full ? 'there is no room where standard output goes' : 'standard output cannot be written';
  return (
    `error[DBB1012]: ${cause} (${code ?? message}), so the rest of it is lost\n` +
    `  help: ${full ? 'make room there, or ' : ''}send the output somewhere else\n`
  );
}

/** Milliseconds that what a config or a plugin has left open is given after the end of the command. */
const moment = 1000;

/** Ends the process soon: a timer or a connection that somebody has left open would keep it for ever. */
function endAfterAll(exit: () => void): void {
  const end = (): void => {
    if (output.writableLength + process.stderr.writableLength > 0) endAfterAll(exit);
    else exit();
  };
  setTimeout(end, moment).unref();
}

function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}
