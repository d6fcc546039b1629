import type { Workflow } from '../../config/workflow.js';
import { BootstrapError, renderProblems } from '../errors/index.js';
import { Database, resolveConnection, type ConnectionParameters } from '../postgres/index.js';
import { removeOldRuns, stateDirectoryOf, type RunResult, type TaskEnd } from '../run/index.js';
import { print, type Io } from './io.js';
import { load } from './load.js';
import type { ConfigOptions, SelectOptions } from './options.js';
import { createPreflight } from './preflight.js';
import { doneOnce, forgetful, tasksAgain } from './prove-again.js';
import { compareSnapshots, type Difference } from './prove-compare.js';
import { makeProofDatabase, redirected, takeProofDatabase, type ProofDatabase } from './prove-database.js';
import { failedJson, findingsOf, proofJson, proofText, type Proof } from './prove-report.js';
import { takeSnapshot } from './prove-snapshot.js';
import { newRunId } from './run-id.js';
import { runToEnd } from './run-to-end.js';
import { openSession } from './session.js';
import { catchSignals, type Signals } from './signals.js';

type ProveOptions = ConfigOptions &
  SelectOptions & {
    readonly database?: string;
    readonly keep?: boolean;
    readonly json?: boolean;
    readonly again?: readonly string[];
  };

/**
 * `db-bootstrap prove`: runs the workflow twice on a database made for it, and names each task whose second execution left
 * anything different. Exit 3 where one did, 0 where none, else that of the run that failed.
 */
export async function proveCommand(options: ProveOptions): Promise<number> {
  const { io, workflow } = await load(options);
  const again = tasksAgain(workflow, options.again);
  const signals = catchSignals();
  try {
    const target = await targetOf(io, workflow);
    const place = await placeOf(options, workflow, target, signals.interrupt);
    if (place.left && place.left.length > 0)
      print(io.stderr, renderProblems(place.left, { color: io.errorColor }));
    try {
      return await prove(
        { ...options, again: [...again] },
        io,
        redirected(workflow, target, place.connection),
        signals,
      );
    } finally {
      if (options.keep === true) print(io.stderr, `kept: ${place.connection.display}`);
      else await place.drop();
    }
  } catch (error) {
    if (!signals.interrupt.aborted) throw error;
    const interrupted = { code: 'DBB5020', message: 'the proof was interrupted' } as const;
    print(io.stderr, renderProblems([interrupted], { color: io.errorColor }));
    return signals.interrupt.reason === 'SIGTERM' ? 143 : 130;
  } finally {
    signals.release();
  }
}

/** Where the workflow would run; an embedded server is started for it. */
async function targetOf(io: Io, workflow: Workflow): Promise<ConnectionParameters | undefined> {
  const session = await openSession({ io, workflow, runId: newRunId(), waitLock: 0, readOnly: false });
  await session.services.close();
  return session.connection;
}

function placeOf(
  { database }: ProveOptions,
  workflow: Workflow,
  target: ConnectionParameters | undefined,
  signal: AbortSignal,
): Promise<ProofDatabase> {
  if (database !== undefined) return takeProofDatabase(database, workflow, signal);
  if (target) return makeProofDatabase(target, signal);
  throw new BootstrapError({
    code: 'DBB4005',
    message: 'no database is configured, and next to it the database of the proof would be made',
    help: 'set DATABASE_URL, or name an empty database with --database',
  });
}

async function prove(options: ProveOptions, io: Io, workflow: Workflow, signals: Signals): Promise<number> {
  const say = (text: string): void => {
    if (options.quiet !== true && options.json !== true) print(io.stderr, text);
  };
  say('first run');
  const first = await runOnce(io, workflow, signals);
  if (first.exitCode !== 0) {
    const problems = [...first.problems, ...first.tasks.flatMap((end) => end.problems ?? [])];
    if (options.json === true) print(io.stdout, failedJson(workflow, problems));
    else print(io.stderr, renderProblems(problems, { color: io.errorColor, secrets: workflow.secrets }));
    say('nothing is proven: the first run failed');
    return first.exitCode;
  }
  const database = new Database(resolveConnection(urlOf(workflow), {}), {
    applicationName: 'db-bootstrap/prove',
  });
  const without = workflow.ledger.kind === 'database' ? workflow.ledger.schema : undefined;
  try {
    let last = await takeSnapshot(database, without);
    const differences = new Map<string, readonly Difference[]>();
    // Nothing else runs meanwhile: what is different after a task, and was not before it, is that task's doing.
    const observe = async ({ name, status, check }: TaskEnd): Promise<void> => {
      if (check || status === 'up-to-date' || status === 'skipped' || status === 'blocked') return;
      const now = await takeSnapshot(database, without);
      differences.set(name, compareSnapshots(last, now));
      last = now;
    };
    say('second run');
    const second = await runOnce(io, workflow, signals, { observe, again: new Set(options.again) });
    if (signals.interrupt.aborted) return second.exitCode;
    const end = await takeSnapshot(database, without);
    const idle = second.tasks.filter(({ status, check }) => status === 'up-to-date' && !check);
    const once = doneOnce(
      workflow,
      idle.map(({ name }) => name),
    );
    const elsewhere = compareSnapshots(last, end);
    const proof: Proof = { workflow, second, differences, elsewhere, end, once };
    print(io.stdout, options.json === true ? proofJson(proof) : proofText(proof, io));
    // An error that nobody caught is no finding about the workflow.
    if (second.exitCode === 70) return second.exitCode;
    return findingsOf(proof).length === 0 ? 0 : 3;
  } finally {
    await database.close();
  }
}

async function runOnce(
  io: Io,
  workflow: Workflow,
  { interrupt, kill }: Signals,
  second: {
    readonly observe?: (end: TaskEnd) => Promise<void>;
    readonly again?: ReadonlySet<string>;
  } = {},
): Promise<RunResult> {
  const runId = newRunId();
  const opened = await openSession({ io, workflow, runId, waitLock: 0, readOnly: false });
  const { observe, again = new Set() } = second;
  const { services: own, ...session } = opened;
  const services = forgetful(own, again);
  const result = await runToEnd({
    runId,
    workflow,
    emit: () => undefined,
    interrupt,
    kill,
    services: {
      ...services,
      preflight: createPreflight(workflow, { ...session, services }),
      taskEnded: async (end) => {
        await services.taskEnded?.(end);
        await observe?.(end);
      },
    },
  });
  removeOldRuns(stateDirectoryOf(workflow));
  return result;
}

function urlOf({ database }: Workflow): string {
  return database.kind === 'url' ? database.url : '';
}
