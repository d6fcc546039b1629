import * as z from 'zod/mini';
import { defineTask, described, nonEmpty, type Plan, type TaskContext } from '../config/define.js';
import { acceptScripts, mismatchProblem, noteApplied, endAttempt, recordOf, reruns } from './applied.js';
import { changedFiles, decideDue, type DueFile } from './init/decide.js';
import { defaultFolder, readInitFolder, type InitFile } from './init/folder.js';
import { interruptedFailure, judgeInterrupted, type Verdict } from './init/interrupted.js';
import { runDue } from './init/run-due.js';
import { counted } from '../lib/text/index.js';

const options = z.strictObject({
  directory: described(
    z.optional(nonEmpty),
    `The folder of init scripts, relative to the config. Default: ${defaultFolder}, which may be missing.`,
  ),
  order: described(
    z._default(z.enum(['locale', 'bytes']), 'locale'),
    'locale: as en_US.utf8 sorts, like the Debian image; bytes: as the C locale does, like the Alpine image.',
  ),
  rerun: described(
    z._default(z.enum(reruns), 'never'),
    'When a file that was applied runs again; never: a changed one is an error.',
  ),
  repeatable: described(
    z._default(z.union([z.boolean(), z.array(nonEmpty)]), false),
    'Files (globs; true for all) that may run again after they were interrupted.',
  ),
  interrupted: described(
    z._default(z.enum(['report', 'again', 'done']), 'report'),
    'What to do with an interrupted file that cannot be repeated blindly: report it, run it again, or count it as done.',
  ),
  adopt: described(
    z._default(z.boolean(), false),
    'Where no script is known to have run, count them all as done: once, for a database that Docker has initialised.',
  ),
});

type Context = TaskContext<z.output<typeof options>>;

/** Runs docker-entrypoint-initdb.d as the official PostgreSQL image does, on any server, and remembers what is done. */
export const init = defineTask({
  kind: 'init',
  description: 'Runs the init scripts of a docker-entrypoint-initdb.d folder, each once.',
  options,

  async plan(context) {
    const looked = await look(context);
    if ('plan' in looked) return looked.plan;
    const { due, files, ignored } = looked;
    if (looked.adopts)
      return {
        action: 'run',
        reason: `${counted(files.length, 'file')} to be counted as done, unrun (adopt)`,
      };
    const details = { run: due.map(({ file, why }) => ({ file: file.name, why })), ignored };
    if (due.length === 0)
      return {
        action: 'up-to-date',
        reason: `${counted(files.length, 'file')} ${files.length === 1 ? 'was' : 'were'} run already`,
        details,
      };
    const list = due.map(({ file }) => file.name).join(', ');
    const stuck = await firstStuck(context, due);
    if (stuck)
      return {
        action: 'run',
        reason: `${stuck.file.name} was interrupted, and is not repeated blindly`,
        details,
      };
    return {
      action: 'run',
      reason: `${due.length} of ${counted(files.length, 'file')} to run: ${list}`,
      details,
    };
  },

  async run(context) {
    const looked = await look(context);
    if ('plan' in looked) return { changed: false, summary: looked.plan.reason };
    const { files, ignored, orderMatters } = looked;
    if (orderMatters) {
      const other = context.options.order === 'bytes' ? 'locale' : 'bytes';
      context.log.info(`with "order: ${other}" these files would run in another order`);
    }
    for (const name of ignored) context.log.info(`ignored: ${name}`);
    if (looked.adopts) {
      for (const { name, sha256 } of files)
        await noteApplied(context.ledger, name, { sha256, run: context.runId });
      return { changed: false, summary: `${counted(files.length, 'file')} counted as done, unrun (adopt)` };
    }
    const due = await settleInterrupted(context, files, looked.due);
    const warnings = due.length > 0 ? await runDue(context, due) : [];
    const also = ignored.length > 0 ? `, ${ignored.length} ignored` : '';
    return {
      changed: due.length > 0,
      summary: `${due.length === 0 ? 'nothing to run' : `${counted(due.length, 'file')} run`}${also}`,
      details: { run: due.map(({ file }) => file.name), ignored },
      ...(warnings.length > 0 ? { warnings } : {}),
    };
  },

  async preflight(context) {
    const looked = await survey(context);
    if ('plan' in looked) return [];
    const [first, ...rest] = looked.changed;
    return first ? [mismatchProblem(context.task, [first, ...rest])] : [];
  },

  async accept(context) {
    const looked = await survey(context);
    return 'plan' in looked ? [] : acceptScripts(context, looked.changed);
  },
});

interface Looked {
  readonly due: readonly DueFile[];
  /** What was applied with another content and may not run again. */
  readonly changed: ReturnType<typeof changedFiles>;
  readonly files: readonly InitFile[];
  readonly ignored: readonly string[];
  readonly orderMatters: boolean;
  /** All files count as done, without having been run by us. */
  readonly adopts: boolean;
}

/** The same, where no file was applied with another content. */
async function look(context: Context): Promise<Looked | { readonly plan: Plan }> {
  const looked = await survey(context);
  if ('plan' in looked) return looked;
  const [first, ...rest] = looked.changed;
  if (first) throw context.fail(mismatchProblem(context.task, [first, ...rest]));
  return looked;
}

/** Reads the folder and the ledger: what is due, or why there is nothing to do. */
async function survey(context: Context): Promise<Looked | { readonly plan: Plan }> {
  const { directory, order, rerun } = context.options;
  const folder = await readInitFolder(context.root, directory, order);
  if (folder.state === 'broken') throw context.fail(folder.problem);
  if (folder.state === 'missing') return { plan: { action: 'skip', reason: `no ${defaultFolder}` } };
  if (folder.files.length === 0) {
    const reason = `no init scripts in ${directory ?? defaultFolder}`;
    return { plan: { action: 'skip', reason, details: { run: [], ignored: folder.ignored } } };
  }
  const { files, ignored, orderMatters } = folder;
  const entries = await context.ledger.entries();
  const known = files.map(({ name }) => recordOf(entries, name));
  const adopts = context.options.adopt && known.every(({ applied, attempt }) => !applied && !attempt);
  const due = decideDue(files, entries, rerun);
  return { due, changed: changedFiles(due, entries), files, ignored, orderMatters, adopts };
}

/** The first file that was interrupted and may not run again by itself, with what forbids it. */
async function firstStuck(
  context: Context,
  due: readonly DueFile[],
): Promise<(DueFile & { readonly verdict: Verdict & { again: false } }) | undefined> {
  if (context.options.interrupted === 'done') return undefined;
  for (const each of due.filter(({ why }) => why === 'interrupted')) {
    const verdict = await judgeInterrupted(context, each);
    if (!verdict.again) return { ...each, verdict };
  }
  return undefined;
}

/** What is due once the config's word on interrupted files has been heard. */
async function settleInterrupted(
  context: Context,
  files: readonly InitFile[],
  due: readonly DueFile[],
): Promise<readonly DueFile[]> {
  const stuck = await firstStuck(context, due);
  const entries = await context.ledger.entries();
  if (stuck) {
    throw interruptedFailure(
      context,
      stuck,
      stuck.verdict.because,
      recordOf(entries, stuck.file.name).attempt?.run ?? 'unknown',
    );
  }
  const interrupted = due.filter(({ why }) => why === 'interrupted');
  if (context.options.interrupted !== 'done') {
    for (const { file } of interrupted) context.log.info(`${file.name} was interrupted, and is run again`);
    return due;
  }
  for (const { file } of interrupted) {
    context.log.info(`${file.name} was interrupted, and is counted as done`);
    await noteApplied(context.ledger, file.name, { sha256: file.sha256, run: context.runId });
    await endAttempt(context.ledger, file.name);
  }
  return decideDue(files, await context.ledger.entries(), context.options.rerun);
}
