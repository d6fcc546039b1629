import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { BootstrapError, uncaughtProblem } from '../errors/index.js';
import { outlivingFaults } from './faults.js';
import { load } from './load.js';
import { withReporter, type RunOptions } from './options.js';
import { execute } from './run.js';

/**
 * `db-bootstrap exec -- COMMAND`: runs the workflow, then the command in the environment that tasks have, only if the database
 * is ready. The report goes to standard error: standard output is the command's. Resolves with the command's exit code.
 */
export async function execCommand(words: readonly string[], options: RunOptions): Promise<number> {
  const [command = '', ...args] = words;
  // As an empty variable of a script leaves it; the database would be made ready for nothing.
  if (command === '') {
    throw new BootstrapError({
      code: 'DBB1008',
      message: 'the command "exec" needs an argument: the command is an empty text',
      help: 'give the program and its arguments as separate words after "--"',
    });
  }
  const loaded = await load(withReporter(options), process.stderr);
  const result = await execute(loaded, options);
  if (result.status !== 'succeeded') return result.exitCode;
  const { grace } = loaded.workflow;
  return outlivingFaults((fault) =>
    start(command, args, { cwd: loaded.io.cwd, env: result.env, grace, fault }),
  );
}

async function start(
  command: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly grace: number;
    readonly fault: AbortSignal;
  },
): Promise<number> {
  const { cwd, env, grace, fault } = options;
  const child = spawn(command, args, { cwd, env, stdio: 'inherit' });
  // A terminal sends Ctrl-C to the child as well; it decides how to end, and we end with it.
  const ignore = (): void => undefined;
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  let patience: NodeJS.Timeout | undefined;
  // A command that is told to have failed must not go on behind it.
  const end = (): void => {
    child.kill('SIGTERM');
    patience = setTimeout(() => child.kill('SIGKILL'), grace);
  };
  fault.addEventListener('abort', end);
  process.on('SIGINT', ignore);
  process.on('SIGTERM', pass);
  process.on('SIGHUP', pass);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) => reject(notStarted(command, error)));
      child.on('exit', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
    if (fault.aborted) throw faultOf(fault.reason);
    return exitCode;
  } finally {
    clearTimeout(patience);
    process.removeListener('SIGINT', ignore);
    process.removeListener('SIGTERM', pass);
    process.removeListener('SIGHUP', pass);
  }
}

function faultOf(error: unknown): unknown {
  const problem = uncaughtProblem(error);
  return problem ? new BootstrapError(problem) : error;
}

function notStarted(command: string, error: NodeJS.ErrnoException): BootstrapError {
  const reason =
    error.code === 'ENOENT'
      ? 'there is no such program'
      : error.code === 'EACCES'
        ? 'it may not be executed'
        : error.message;
  return new BootstrapError(
    {
      code: 'DBB5017',
      message: `the database is ready, but "${command}" could not be started: ${reason}`,
      help: 'give the program and its arguments as separate words after "--"',
    },
    { cause: error },
  );
}
