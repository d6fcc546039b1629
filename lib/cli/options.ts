import type { Command } from 'commander';

/** Options that say which config holds; every command that reads one has them. */
export interface ConfigOptions {
  readonly config?: string;
  readonly cwd?: string;
  readonly profile?: string;
  readonly set?: readonly string[];
  readonly color?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** Options that choose tasks. */
export interface SelectOptions {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly from?: readonly string[];
}

/** Options of commands that execute the workflow. */
export interface RunOptions extends ConfigOptions, SelectOptions {
  readonly concurrency?: string;
  readonly timeout?: string;
  readonly onFailure?: string;
  readonly waitLock?: string;
  readonly reporter?: string;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly resume?: boolean;
}

/** Adds `--config` and its like. Flags have no defaults of their own: those would override the file. */
export function addConfigOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the config file, instead of the one that is found')
    .option('--cwd <folder>', 'the folder to work in')
    .option('-p, --profile <name>', 'a profile of the config')
    .option('--set <key=value>', 'set one value of the config; may be repeated', collect)
    .option('-q, --quiet', 'print failures and the last line only')
    .option('-v, --verbose', "print the tasks' logs")
    .option('--color', 'colour, also where there is no terminal')
    .option('--no-color', 'no colour');
}

/** Adds `--only`, `--skip` and `--from`. */
export function addSelectOptions(command: Command): Command {
  return command
    .option('--only <task>', 'this task alone, without its needs; may be repeated', collectNames)
    .option('--skip <task>', 'without this task; may be repeated', collectNames)
    .option('--from <task>', 'this task and all that comes after it', collectNames);
}

/** Adds what `run` and `exec` have beside these. */
export function addRunOptions(command: Command): Command {
  return addSelectOptions(addConfigOptions(command))
    .option('--concurrency <n>', 'how many tasks may run at once')
    .option('--timeout <duration>', 'of the whole run: 90s, 10m')
    .option('--on-failure <policy>', 'stop, continue or warn: for tasks that declare none')
    .option('--wait-lock <duration>', 'wait this long for another run to end')
    .option('--reporter <name>', 'default, append-only, github, ndjson or silent')
    .option('--json', 'the same as --reporter ndjson')
    .option('--resume', 'do what the last run has left undone')
    .option('--force', 'ask Django even where its answers are kept')
    .option('-y, --yes', "do not ask for the database's name before a destructive task");
}

/** `--json` of `run` and `exec`, as the reporter that it stands for. */
export function withReporter(options: RunOptions): RunOptions {
  return options.json === true ? { ...options, reporter: 'ndjson' } : options;
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** Names of an option that may be repeated, or hold several with commas between them. */
export function collectNames(value: string, previous: readonly string[] | undefined): readonly string[] {
  const names = value
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  // A value that names nothing, such as an empty variable of a script, is a name that no task has: without it, nothing would be chosen.
  return [...(previous ?? []), ...(names.length > 0 ? names : [''])];
}
