import type { CommanderError } from 'commander';
import { createProgram, type Action } from './program.js';

/** The whole command: parses the arguments, runs what they chose, and resolves with the exit code. Never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  let chosen: Action | undefined;
  const program = await createProgram(args, (action) => {
    chosen ??= action;
  });
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  }
  try {
    program.parse(args, { from: 'user' });
    return chosen ? await chosen() : 0;
  } catch (error) {
    if (isCommanderError(error)) {
      if (error.exitCode === 0) return 0;
      const { BootstrapError } = await import('../errors/index.js');
      const { usageProblem } = await import('./usage.js');
      return await reportFailure(new BootstrapError(await usageProblem(error, program, args)), args);
    }
    return await reportFailure(error, args);
  }
}

async function reportFailure(error: unknown, args: readonly string[]): Promise<number> {
  const { failureText } = await import('./failure.js');
  const { exitCodeOf } = await import('../errors/index.js');
  process.stderr.write(
    `${failureText(error, { verbose: args.includes('--verbose') || args.includes('-v'), color: process.stderr.isTTY && !args.includes('--no-color') && !process.env.NO_COLOR })}\n`,
  );
  return exitCodeOf(error);
}

function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}
