import type { Command, CommanderError } from 'commander';
import type { Problem } from '../errors/index.js';
import { nearest } from '../text/index.js';

/** Turns commander's complaint into ours: a code, what was written, the nearest valid name. */
export function usageProblem(error: CommanderError, program: Command, args: readonly string[]): Problem {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  const command =
    program.commands.find((each) => args.includes(each.name())) ?? program.commands[0] ?? program;
  const helpCommand = `db-bootstrap ${command.name()} --help`;
  switch (error.code) {
    case 'commander.unknownOption': {
      const near = nearest(quoted, [
        ...command.options.flatMap((option) => option.long ?? []),
        '--help',
        '--version',
      ]);
      return {
        code: 'DBB1001',
        message: `there is no option "${quoted}" for the command "${command.name()}"`,
        help: near ? `did you mean "${near}"?` : `run "${helpCommand}"`,
      };
    }
    case 'commander.optionMissingArgument':
      return {
        code: 'DBB1003',
        message: `the option "${quoted}" needs a value`,
        help: `run "${helpCommand}"`,
      };
    case 'commander.missingArgument':
      return {
        code: 'DBB1008',
        message: `the command "${command.name()}" needs an argument: ${quoted}`,
        help: `run "${helpCommand}"`,
      };
    case 'commander.excessArguments':
      return {
        code: 'DBB1003',
        message: `the command "${command.name()}" takes no such arguments: ${command.args.slice(command.registeredArguments.length).join(' ')}`,
        help: `run "${helpCommand}"`,
      };
    default:
      return {
        code: 'DBB1003',
        message: error.message.replace(/^error: /, ''),
        help: `run "${helpCommand}"`,
      };
  }
}
