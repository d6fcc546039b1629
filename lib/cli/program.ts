import { Command } from 'commander';
import type * as CommandOptions from './options.js';

/** A command that was chosen: resolves with the exit code. */
export type Action = () => Promise<number>;

/**
 * The command line as commander sees it. An action only notes what was chosen; nothing but commander is loaded until
 * it runs, so that `--help` costs what Node costs.
 */
export async function createProgram(
  args: readonly string[],
  choose: (action: Action) => void,
): Promise<Command> {
  const { addConfigOptions, addRunOptions, addSelectOptions, collectNames } = isHelpAlone(args)
    ? noOptions
    : await import('./options.js');
  const program = new Command('db-bootstrap')
    .description(
      "Brings an application's PostgreSQL database from nothing, or from any earlier state, to verified ready.",
    )
    .option('-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .configureHelp({ subcommandTerm })
    .addHelpText('after', firstSteps)
    .enablePositionalOptions()
    .showHelpAfterError(false);

  addRunOptions(program.command('run', { isDefault: true }))
    .description('run the workflow (the default)')
    .option('--dry-run', 'the same as the command "plan"')
    .allowExcessArguments(true)
    .action((options: Record<string, unknown>, command: Command) => {
      choose(async () => {
        const [word] = command.args;
        if (word !== undefined) throw (await import('./help.js')).unknownCommand(word, program, args);
        return (await import('./run.js')).runCommand(options);
      });
    });

  addRunOptions(program.command('exec'))
    .description('run the workflow, then a command in the same environment, only if the database is ready')
    .argument('<command...>', 'the command and its arguments, after "--"')
    .passThroughOptions()
    .action((words: string[], options: Record<string, unknown>) => {
      choose(async () => (await import('./exec.js')).execCommand(words, options));
    });

  addSelectOptions(addConfigOptions(program.command('plan')))
    .description('what would run, what would be skipped, what is up to date, and why; changes nothing')
    .option('--json', 'as one JSON document')
    .option('--exit-code', 'exit 3 when work is pending')
    .option('--resume', 'what "run --resume" would do')
    .option('--force', 'ask Django even where its answers are kept')
    .action((options: Record<string, unknown>) => {
      choose(async () => (await import('./plan.js')).planCommand(options));
    });

  addSelectOptions(addConfigOptions(program.command('check')))
    .description('run only the checks; changes nothing without --fix')
    .option('--json', 'as one JSON document')
    .option('--fix', 'repair what is safe to repair, then check again')
    .option('-y, --yes', 'with --fix: delete what it would ask about')
    .action((options: Record<string, unknown>) => {
      choose(async () => (await import('./check.js')).checkCommand(options));
    });

  addConfigOptions(program.command('repair'))
    .description('accept scripts that have changed since they were applied, without running them')
    .argument('[tasks...]', 'the tasks whose scripts are meant; without one, all')
    .option('--json', 'as one JSON document')
    .action((tasks: string[], options: Record<string, unknown>) => {
      choose(async () => (await import('./repair.js')).repairCommand(tasks, options));
    });

  addConfigOptions(program.command('doctor'))
    .description('what is wrong with config, project, server and CI files, and the repair; changes nothing')
    .option('--json', 'as one JSON document')
    .option('--workflow <file>', 'look at this CI workflow file alone')
    .action((options: Record<string, unknown>) => {
      choose(async () => (await import('./doctor.js')).doctorCommand(options));
    });

  addConfigOptions(program.command('status'))
    .description('where every tenant stands: up to date, or behind by which migrations')
    .option('--tenant <glob>', 'only tenants whose schema has such a name')
    .option('--json', 'as one JSON document')
    .option('--exit-code', 'exit 3 when a tenant is behind')
    .action((options: Record<string, unknown>) => {
      choose(async () => (await import('./status.js')).statusCommand(options));
    });

  addSelectOptions(addConfigOptions(program.command('prove')))
    .description(
      'run the workflow twice on a database made for it, and name each task that is not idempotent',
    )
    .option('--database <url>', 'an empty database to use in its place')
    .option('--keep', 'keep the database that was made')
    .option(
      '--again <task>',
      'execute this task twice, whatever its ledger says; may be repeated',
      collectNames,
    )
    .option('--json', 'as one JSON document')
    .action((options: Record<string, unknown>) => {
      choose(async () => (await import('./prove.js')).proveCommand(options));
    });

  addConfigOptions(program.command('record'))
    .description("what a tenant's pending migrations execute, undone afterwards: a dry run to read")
    .option('--schema <name>', "the tenant's schema")
    .option('--sql', 'the statements, as a script')
    .option('--json', 'as one JSON document')
    .action((options: Record<string, unknown>) => {
      choose(async () => (await import('./record.js')).recordCommand(options));
    });

  addSelectOptions(addConfigOptions(program.command('graph')))
    .description('draw the tasks and their dependencies')
    .option('--format <format>', 'text, mermaid, dot or json')
    .action((options: Record<string, unknown>) => {
      choose(async () => (await import('./graph.js')).graphCommand(options));
    });

  addConfigOptions(program.command('config'))
    .description('print the config as it resolves')
    .option('--explain', 'each value with where it came from')
    .option('--json', 'as JSON')
    .option('--schema', "the JSON Schema of configs, the project's plugins included")
    .action((options: Record<string, unknown>) => {
      choose(async () => (await import('./config.js')).configCommand(options));
    });

  program
    .command('init')
    .description('look at the repository and write a commented .bootstraprc.yaml')
    .option('--cwd <folder>', 'the folder to work in')
    .option('--from <file>', 'a GitHub Actions workflow, whose database steps become tasks')
    .action((options: Record<string, unknown>) => {
      choose(async () => {
        const [{ initRepository }, { openIo }] = await Promise.all([
          import('./init/index.js'),
          import('./load.js'),
        ]);
        const { from } = options;
        return initRepository({ ...openIo(options), from: typeof from === 'string' ? from : undefined });
      });
    });

  program
    .command('explain')
    .description('what an error code means, and what to do; without a code, all codes')
    .argument('[code]', 'such as DBB6012')
    .option('--color', 'colour, also where there is no terminal')
    .option('--no-color', 'no colour')
    .action((code: string | undefined, options: Record<string, unknown>) => {
      choose(async () => {
        const [{ explainCommand }, { openIo }] = await Promise.all([
          import('./explain.js'),
          import('./load.js'),
        ]);
        return explainCommand(code, openIo(options));
      });
    });

  const db = addConfigOptions(program.command('db'));
  db.description('the embedded server: start, stop, url or psql')
    .argument('<action>', 'start it, stop it, print its url, or open psql on it')
    .argument('[arguments...]', 'for psql: all that stands after it')
    // psql has a -c and a -p of its own.
    .passThroughOptions(firstOperand(db, args) === 'psql')
    .action((action: string, words: string[], options: Record<string, unknown>) => {
      choose(async () => (await import('./db.js')).dbCommand(action, words, options));
    });

  program
    .command('help')
    .description('print the help of a command')
    .argument('[command]', 'such as run')
    .action((name: string | undefined) => {
      choose(async () => (await import('./help.js')).helpCommand(program, name));
    });

  program.on('option:version', () => {
    choose(async () => (await import('./version.js')).versionCommand());
  });
  return program;
}

/** The first word after a command's name that is neither an option nor the value of one. */
function firstOperand(command: Command, args: readonly string[]): string | undefined {
  for (let index = args.indexOf(command.name()) + 1; index > 0 && index < args.length; index++) {
    const word = args[index] ?? '';
    if (!word.startsWith('-')) return word;
    const option = command.options.find(({ short, long }) => word === short || word === long);
    if (option?.required === true) index++;
  }
  return undefined;
}

// Written out: commander would show "[options]" only where the options are loaded.
function subcommandTerm(command: Command): string {
  const words = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...words].join(' ');
}

const firstSteps = `
First steps:
  db-bootstrap init           write a config for this project
  db-bootstrap plan           see what would be done
  db-bootstrap                do it; a second time it changes nothing
  db-bootstrap run --help     the options of a command

Exit codes:
  0 ready, 1 a task failed, 2 usage or config, 3 a check failed or work is
  pending, 4 another run holds the lock, 5 a guard refused, 70 a fault of
  db-bootstrap, 124 timeout, 130 or 143 interrupted`;

// The list of commands needs none of their options: 70 of them cost a tenth of what `--help` may take.
const noOptions: Pick<
  typeof CommandOptions,
  'addConfigOptions' | 'addSelectOptions' | 'addRunOptions' | 'collectNames'
> = {
  collectNames: () => [],
  addConfigOptions: (command) => command,
  addSelectOptions: (command) => command,
  addRunOptions: (command) => command,
};

function isHelpAlone(args: readonly string[]): boolean {
  return (
    args.length === 1 &&
    (args[0] === '--help' || args[0] === '-h' || args[0] === '--version' || args[0] === '-V')
  );
}
