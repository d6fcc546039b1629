import type { Command } from 'commander';
import { BootstrapError } from '../errors/index.js';
import { nearest } from '../text/index.js';

/** `help [COMMAND]`: what `--help` of the command, or of the whole, prints. */
export function helpCommand(program: Command, name: string | undefined): Promise<number> {
  const command = name === undefined ? program : program.commands.find((each) => each.name() === name);
  if (command === undefined) throw unknownCommand(name ?? '', program);
  command.outputHelp();
  return Promise.resolve(0);
}

/** The error for a command that does not exist, with the nearest that does. */
export function unknownCommand(
  written: string,
  program: Command,
  args: readonly string[] = [],
): BootstrapError {
  if (args[0] !== written && program.commands.some((each) => each.name() === written)) {
    return new BootstrapError({
      code: 'DBB1002',
      message: `the command "${written}" stands behind options, where the command "run" begins`,
      help: `put it first: "db-bootstrap ${written} …"`,
    });
  }
  const near = nearest(
    written,
    program.commands.map((each) => each.name()),
  );
  return new BootstrapError({
    code: 'DBB1002',
    message: `there is no command "${written}"`,
    help: near === undefined ? 'run "db-bootstrap --help"' : `did you mean "db-bootstrap ${near}"?`,
  });
}
