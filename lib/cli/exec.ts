import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { BootstrapError } from '../errors/index.js';
import { load } from './load.js';
import { withReporter, type RunOptions } from './options.js';
import { execute } from './run.js';

/**
 * `db-bootstrap exec -- COMMAND`: runs the workflow, then the command in the environment that tasks have, only if the database
 * is ready. The report goes to standard error: standard output is the command's. Resolves with the command's exit code.
 */
export async function execCommand(words: readonly string[], options: RunOptions): Promise<number> {
  const [command = '', ...args] = words;
  const loaded = await load(withReporter(options), process.stderr);
  const result = await execute(loaded, options);
  if (result.status !== 'succeeded') return result.exitCode;
  return start(command, args, { cwd: loaded.io.cwd, env: result.env });
}

async function start(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<number> {
  const child = spawn(command, args, { ...options, stdio: 'inherit' });
  // A terminal sends Ctrl-C to the child as well; it decides how to end, and we end with it.
  const ignore = (): void => undefined;
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on('SIGINT', ignore);
  process.on('SIGTERM', pass);
  process.on('SIGHUP', pass);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) => reject(notStarted(command, error)));
      child.on('exit', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
  } finally {
    process.removeListener('SIGINT', ignore);
    process.removeListener('SIGTERM', pass);
    process.removeListener('SIGHUP', pass);
  }
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
