import type { TaskContext } from '../../config/define.js';
import { BootstrapError, type Problem } from '../../lib/errors/index.js';
import { endAttempt, noteApplied, noteAttempt } from '../applied.js';
import type { DueFile } from './decide.js';
import { initEnvironment, leadsHome, type InitEnvironment } from './environment.js';
import { initFailure } from './failure.js';
import type { InitFile } from './folder.js';
import { prepareNative, type NativeRunner } from './native.js';
import { findPrograms, requirePrograms } from './programs.js';
import { refuseUnfit } from './refuse.js';
import { runInShell, type FileEvents, type ShellEnd } from './shell.js';

/** Runs the files that are due, in order, and writes into the ledger what happened to each. Resolves with warnings. */
export async function runDue(
  context: TaskContext<unknown>,
  due: readonly DueFile[],
): Promise<readonly Problem[]> {
  const programs = findPrograms(context);
  requirePrograms(context, due, programs);
  await refuseUnfit(context, due);
  const env = await initEnvironment(context);
  const native = programs.psql === undefined ? await preparedNative(context, due, env) : undefined;
  const events = ledgerEvents(context, due);
  const files = due.map(({ file }) => file);
  // Without psql and without shell scripts nothing needs a shell.
  if (native && files.every(({ kind }) => kind.startsWith('sql'))) {
    for (const file of files) {
      await events.start(file);
      await native.run(file);
      await events.end(file);
    }
    return [];
  }
  const ended = await runInShell(context, files, { shell: programs.shell ?? 'sh', env, native }, events);
  return judgeEnd(context, files, ended, events, programs.psql === undefined);
}

async function preparedNative(
  context: TaskContext<unknown>,
  due: readonly DueFile[],
  env: InitEnvironment,
): Promise<NativeRunner> {
  const sql = due.find(({ file }) => file.kind.startsWith('sql'));
  if (sql && !leadsHome(context, env)) {
    throw context.fail({
      code: 'DBB5002',
      message: `the env of task "${context.task}" leads "${sql.file.shown}" to another server or role, which needs psql, and psql is not on the PATH`,
      help: 'install psql (Debian: apt install postgresql-client)',
    });
  }
  const runner = await prepareNative(context, due, env.POSTGRES_DB);
  return {
    async run(file) {
      try {
        await runner.run(file);
      } catch (error) {
        // Where the connection was lost, or somebody cancelled, nobody knows how far the file came: it stays "running".
        if (error instanceof BootstrapError && error.code === 'DBB5005') await note(context, file, 'failed');
        throw error;
      }
    },
  };
}

function note(
  { ledger, runId }: TaskContext<unknown>,
  { name, sha256 }: InitFile,
  state: 'running' | 'failed',
): Promise<void> {
  return noteAttempt(ledger, name, { state, sha256, run: runId });
}

function ledgerEvents(context: TaskContext<unknown>, due: readonly DueFile[]): FileEvents {
  // A file that is only sourced again stays "done": an interruption of that is none of the file itself.
  const again = new Set(due.filter(({ why }) => why === 'for its variables').map(({ file }) => file.name));
  return {
    async start(file) {
      if (!again.has(file.name)) await note(context, file, 'running');
    },
    async end(file) {
      if (again.has(file.name)) return;
      await noteApplied(context.ledger, file.name, { sha256: file.sha256, run: context.runId });
      await endAttempt(context.ledger, file.name);
    },
  };
}

async function judgeEnd(
  context: TaskContext<unknown>,
  files: readonly InitFile[],
  ended: ShellEnd,
  events: FileEvents,
  psqlMissing: boolean,
): Promise<readonly Problem[]> {
  const { unfinished } = ended;
  if (!unfinished) {
    if (ended.completed === files.length) return [];
    context.signal.throwIfAborted();
    throw context.fail({
      code: 'DBB5005',
      message: `the shell of the init scripts ended before "${files[ended.completed]?.shown ?? ''}" began`,
      output: ended.output,
    });
  }
  context.signal.throwIfAborted();
  const notRun = files.slice(files.indexOf(unfinished) + 1).map(({ name }) => name);
  if (ended.exitCode === 0 && notRun.length === 0 && unfinished.kind === 'source') {
    await events.end(unfinished);
    const message = `"${unfinished.shown}" called "exit": no harm in the last file, but a later one would never run`;
    return [{ code: 'DBB5005', severity: 'warning', message, place: { file: unfinished.shown } }];
  }
  // What ended by itself has failed; what was killed or lost its server may have stopped anywhere, and stays "running".
  if (endedByItself(ended)) await note(context, unfinished, 'failed');
  throw await initFailure(context, unfinished, ended, { notRun, psqlMissing });
}

function endedByItself({ exitCode, output }: ShellEnd): boolean {
  return (
    exitCode !== undefined &&
    exitCode <= 128 &&
    !/^(?:psql:.*)?server closed the connection unexpectedly|connection to server was lost$/m.test(output)
  );
}
