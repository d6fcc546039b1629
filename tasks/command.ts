import { existsSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import * as z from 'zod/mini';
import {
  defineTask,
  described,
  nonEmpty,
  type Plan,
  type TaskContext,
  type TaskLedger,
} from '../config/define.js';
import { BootstrapError } from '../lib/errors/index.js';
import { failureOf, notStarted } from './command/failure.js';
import { fingerprint, missingOutputs } from './command/fingerprint.js';
import { withResultFile } from './command/result-file.js';

const needsList = 'without a shell, write the command as a list: [program, argument, …]';

const options = z
  .strictObject({
    run: described(
      z.union([nonEmpty, z.array(z.string()).check(z.minLength(1))]),
      'What to run: a text for the shell, or a list of program and arguments, which no shell reads.',
    ),
    cwd: described(
      z.optional(z.string()),
      'The folder to run in, relative to the config. Default: the folder of the config.',
    ),
    shell: described(
      z.optional(z.union([z.boolean(), nonEmpty])),
      'The shell that reads a text: true for /bin/sh (the default), or a path such as /bin/bash.',
    ),
    sources: described(
      z.optional(z.array(nonEmpty).check(z.minLength(1))),
      'Files (globs) that the command depends on: while they are unchanged, it is up to date.',
    ),
    outputs: described(
      z.optional(z.array(nonEmpty).check(z.minLength(1))),
      'Files (globs) that the command makes: where one is missing, it runs again.',
    ),
    repeatable: described(
      z._default(z.boolean(), true),
      'False where a second run after an interrupted first one could do harm: it is then reported, not repeated.',
    ),
    interrupted: described(
      z._default(z.enum(['report', 'again', 'done']), 'report'),
      'What to do with a command that is not repeatable and was interrupted: report it, run it again, or count it as done.',
    ),
  })
  .check(
    z.refine((value) => typeof value.run !== 'string' || value.shell !== false, {
      path: ['run'],
      message: needsList,
    }),
  );

type Options = z.output<typeof options>;
type Context = TaskContext<Options>;

/** What the ledger keeps about a command, under the key "command". */
interface Entry {
  readonly state: 'running' | 'done' | 'failed';
  readonly fingerprint: string;
  readonly run: string;
}

/** Runs a program of the project: always, or only when its sources or outputs ask for it. */
export const command = defineTask({
  kind: 'command',
  description: 'Runs a command; with sources or outputs, only when they changed.',
  options,
  database: false,

  async plan(context) {
    const { entry, plan } = await look(context);
    if (isInterrupted(context, entry)) {
      return context.options.interrupted === 'done'
        ? { action: 'run', reason: 'interrupted earlier; counted as done by its option' }
        : { action: 'run', reason: 'interrupted earlier, and not repeatable' };
    }
    return plan;
  },

  async run(context) {
    const { entry, digest } = await look(context);
    if (isInterrupted(context, entry)) {
      if (context.options.interrupted === 'report') throw interrupted(context, entry);
      if (context.options.interrupted === 'done') {
        await keep(context, { ...entry, state: 'done', fingerprint: digest ?? '', run: context.runId });
        return { changed: false, summary: 'interrupted earlier; counted as done' };
      }
    }
    if (keeps(context.options)) {
      await keep(context, { state: 'running', fingerprint: digest ?? '', run: context.runId });
    }
    const result = await execute(context);
    const missing = await missingOutputs(context.root, context.options.outputs ?? []);
    if (missing.length > 0) {
      await keep(context, { state: 'failed', fingerprint: '', run: context.runId });
      throw context.fail({
        code: 'DBB5011',
        message: `the command succeeded, but did not make ${missing.map((each) => `"${each}"`).join(', ')}`,
        help: 'correct "outputs", or the command',
      });
    }
    if (keeps(context.options)) {
      await keep(context, { state: 'done', fingerprint: digest ?? '', run: context.runId });
    }
    return result;
  },
});

/** Whether anything about the command must be remembered. */
function keeps({ sources, outputs, repeatable }: Options): boolean {
  return sources !== undefined || outputs !== undefined || !repeatable;
}

/** Outputs lie in this checkout, so what made them is remembered beside it; everything else belongs to the database. */
function ledgerOf(context: Context): TaskLedger {
  return context.options.outputs ? context.localLedger : context.ledger;
}

function keep(context: Context, entry: Entry): Promise<void> {
  return ledgerOf(context).set('command', { ...entry });
}

async function look(
  context: Context,
): Promise<{ entry: Entry | undefined; digest: string | undefined; plan: Plan }> {
  const { sources, outputs } = context.options;
  if (!keeps(context.options)) {
    return { entry: undefined, digest: undefined, plan: { action: 'run', reason: 'it declares no sources' } };
  }
  const entry = (await ledgerOf(context).get('command')) as Entry | undefined;
  if (!sources && !outputs) {
    return { entry, digest: undefined, plan: { action: 'run', reason: 'it declares no sources' } };
  }
  const digest = await fingerprint(context);
  const missing = await missingOutputs(context.root, outputs ?? []);
  return { entry, digest, plan: decide(entry, digest, missing) };
}

function decide(entry: Entry | undefined, digest: string, missing: readonly string[]): Plan {
  if (!entry) return { action: 'run', reason: 'it has not run yet' };
  if (entry.state === 'failed') return { action: 'run', reason: 'it failed the last time' };
  if (entry.state === 'running') return { action: 'run', reason: 'it was interrupted the last time' };
  if (missing[0] !== undefined) return { action: 'run', reason: `output "${missing[0]}" does not exist` };
  if (entry.fingerprint !== digest) return { action: 'run', reason: 'its sources or the command changed' };
  return { action: 'up-to-date', reason: 'its sources and outputs are unchanged' };
}

function isInterrupted(context: Context, entry: Entry | undefined): entry is Entry {
  return !context.options.repeatable && entry?.state === 'running';
}

function interrupted(context: Context, entry: Entry): Error {
  return context.fail({
    code: 'DBB5008',
    message: `command "${context.task}" was interrupted in run ${entry.run}, and how far it came is unknown`,
    notes: [{ label: 'note', text: 'the config says "repeatable: false", so it is not run again blindly' }],
    help: `look at what it left, then run again with --set tasks.${context.task}.interrupted=again (or =done)`,
    facts: { interruptedRun: entry.run },
  });
}

async function execute(context: Context): Promise<{ changed: boolean; summary: string }> {
  const { run, shell } = context.options;
  const cwd = resolve(context.root, context.options.cwd ?? '.');
  if (!existsSync(cwd) || !statSync(cwd).isDirectory()) {
    throw notStarted(context, { cwd, missingFolder: true });
  }
  if (typeof run === 'string' && shell === false) throw context.fail({ code: 'DBB2004', message: needsList });
  const [program = '', ...args] = typeof run === 'string' ? [run] : run;
  return withResultFile(context, async (env) => {
    const ended = await context
      .exec(program, typeof run === 'string' ? { shell: shell ?? true, cwd, env } : { args, cwd, env })
      .catch((error: unknown) => {
        if (!isMissingProgram(error)) throw error;
        // A text is given to the shell: it is that which is not there.
        const missing =
          typeof run === 'string'
            ? { program: typeof shell === 'string' ? shell : '/bin/sh', key: 'shell' as const }
            : { program };
        throw notStarted(context, { cwd, ...missing }, error);
      });
    if (ended.exitCode === 0) return;
    // A command that ended by itself is over; one that was killed may have stopped anywhere, so its entry stays "running".
    if (keeps(context.options) && ended.signal === undefined && !context.signal.aborted) {
      await keep(context, { state: 'failed', fingerprint: '', run: context.runId });
    }
    throw failureOf(context, ended, { cwd, shown: shownFolder(context.root, cwd) });
  });
}

function shownFolder(root: string, cwd: string): string {
  const path = relative(root, cwd);
  return path === '' ? '.' : path.startsWith('..') || isAbsolute(path) ? cwd : path;
}

function isMissingProgram(error: unknown): boolean {
  if (!(error instanceof BootstrapError) || error.code !== 'DBB5002') return false;
  return ['ENOENT', 'EACCES'].includes(String(error.problems[0].facts?.reason));
}
