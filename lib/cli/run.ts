import type { TaskDatabase } from '../../config/define.js';
import { BootstrapError } from '../errors/index.js';
import { chooseReporter, createReporter } from '../report/index.js';
import { removeOldRuns, stateDirectoryOf, type RunEventBody, type RunResult } from '../run/index.js';
import { checkGuards, deletionGuard } from './guards.js';
import { load, type Loaded } from './load.js';
import { withReporter, type RunOptions } from './options.js';
import { createPreflight } from './preflight.js';
import { resumedRun } from './resume.js';
import { newRunId } from './run-id.js';
import { runToEnd } from './run-to-end.js';
import { openSession } from './session.js';
import { silent } from './silent-log.js';
import { catchSignals } from './signals.js';
import { longestDuration, parseDuration } from '../text/index.js';

/** `db-bootstrap run`: executes the workflow; resolves with the exit code. */
export async function runCommand(options: RunOptions & { readonly dryRun?: boolean }): Promise<number> {
  if (options.dryRun === true) return (await import('./plan.js')).planCommand(options);
  return (await execute(await load(withReporter(options)), options)).exitCode;
}

/** One execution of a loaded workflow; resolves when everything of it has ended. */
export async function execute(
  { io, workflow: configured }: Loaded,
  options: RunOptions,
): Promise<RunResult & { readonly env: Readonly<Record<string, string>> }> {
  const runId = newRunId();
  const waitLock = durationOption('--wait-lock', options.waitLock) ?? 0;
  const signals = catchSignals();
  const { database } = configured;
  const guarded = { io, workflow: configured, yes: options.yes === true, interrupt: signals.interrupt };
  try {
    // Opening the session would start this server, and nothing may start before the guards have answered.
    const embedded =
      database.kind === 'embedded' ? { database: database.name, host: 'localhost' } : undefined;
    await checkGuards({ ...guarded, database: embedded });
    const session = await openSession({
      io,
      workflow: configured,
      runId,
      waitLock,
      readOnly: false,
      force: options.force === true,
    });
    const { connection, services } = session;
    if (!embedded) {
      const server = (signal: AbortSignal): TaskDatabase =>
        services.database({ name: 'guards', signal, log: silent });
      await checkGuards({ ...guarded, database: connection, server });
    }
    const { workflow, lock } =
      options.resume === true
        ? await resumedRun(configured, session, signals.interrupt)
        : { workflow: configured, lock: services.lock };
    const name = chooseReporter({ config: workflow.reporter, env: io.env, isTTY: io.terminal });
    const reporter = await createReporter(name, {
      stdout: io.stdout,
      stderr: io.stderr,
      color: name === 'silent' ? io.errorColor : io.color,
      verbose: options.verbose === true,
      quiet: options.quiet === true,
      columns: io.columns,
      env: io.env,
      secrets: [...workflow.secrets, ...session.secrets],
    });
    const emit = (event: RunEventBody): void =>
      reporter.report({ v: 1, at: Date.now(), run: runId, ...event });
    const result = await runToEnd({
      runId,
      workflow: { ...workflow, secrets: [...workflow.secrets, ...session.secrets] },
      emit,
      interrupt: signals.interrupt,
      kill: signals.kill,
      services: {
        ...services,
        lock,
        preflight: createPreflight(workflow, session),
        mayDelete: deletionGuard({ workflow, database: connection }),
      },
      resume: resumeCommand(options),
      verbose: options.verbose === true,
    });
    // Taken before it was known whether any task needs the database.
    if (options.resume === true) await lock.release();
    await reporter.close();
    removeOldRuns(stateDirectoryOf(workflow));
    return { ...result, env: session.environment() };
  } finally {
    signals.release();
  }
}

/** The command line that takes this run up again. */
function resumeCommand(options: RunOptions): string {
  const words = ['db-bootstrap', 'run'];
  const add = (flag: string, values: string | readonly string[] | undefined): void => {
    for (const value of typeof values === 'string' ? [values] : (values ?? [])) {
      words.push(flag, /^[\w./:=@,-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`);
    }
  };
  add('--config', options.config);
  add('--cwd', options.cwd);
  add('--profile', options.profile);
  add('--set', options.set);
  add('--only', options.only);
  add('--skip', options.skip);
  add('--from', options.from);
  add('--on-failure', options.onFailure);
  return words.join(' ');
}

/** Milliseconds of a duration on the command line; throws DBB1003 for what is none. */
function durationOption(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = parseDuration(value);
  if (ms !== undefined && ms <= longestDuration) return ms;
  throw new BootstrapError({
    code: 'DBB1003',
    message: `"${value}" is not a duration`,
    place: { file: flag },
    help: /^\d+$/.test(value)
      ? `write the unit: ${value}s or ${value}ms`
      : 'write a number and a unit, such as 30s or 5m (at most 24d)',
  });
}
