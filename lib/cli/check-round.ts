import type { Finding, Repair } from '../../config/define.js';
import type { Workflow } from '../../config/workflow.js';
import { type Problem, timeLimit } from '../errors/index.js';
import type { RunResult } from '../run/index.js';
import type { Io } from './io.js';
import { newReaderId, newRunId } from './run-id.js';
import { runToEnd } from './run-to-end.js';
import { silent } from './silent-log.js';
import { createPreflight } from './preflight.js';
import { openSession, type Session } from './session.js';
import type { Signals } from './signals.js';

/** One execution of checks. */
export interface Round extends RunResult {
  /** Values that may stand in no output. */
  readonly secrets: readonly string[];
  /** What was repaired, by task. */
  readonly repaired: ReadonlyMap<string, readonly Repair[]>;
}

/** What a round is executed with. */
export interface RoundOptions {
  readonly io: Io;
  readonly workflow: Workflow;
  readonly signals: Signals;
  readonly verbose: boolean;
  /** Takes no lock and writes no ledger. */
  readonly readOnly: boolean;
  /** Examines first what a run examines before its first change. */
  readonly preflight?: boolean;
  /** When the command began (`performance.now()`): its timeout counts from then on, whatever the number of rounds. */
  readonly since: number;
  /** Throws where nothing may start. */
  readonly admit?: (session: Session) => Promise<void>;
}

/** Something that a task told: a finding of a check, or why it failed. */
export type Told = Problem & Partial<Pick<Finding, 'subject' | 'repair'>>;

/** Executes the tasks of a workflow without a reporter: what the checks found is told at the end. */
export async function runRound(options: RoundOptions): Promise<Round> {
  const { io, workflow, signals, verbose, readOnly, admit, since } = options;
  const runId = readOnly ? newReaderId() : newRunId();
  const session = await openSession({ io, workflow, runId, waitLock: 0, readOnly });
  try {
    await admit?.(session);
  } catch (error) {
    await session.services.close();
    throw error;
  }
  const faults = options.preflight === true ? await preflightOf(options, session) : [];
  const result = await runToEnd({
    runId,
    workflow,
    emit: () => undefined,
    interrupt: signals.interrupt,
    kill: signals.kill,
    services: session.services,
    spent: performance.now() - since,
    resume: 'db-bootstrap check',
    verbose,
  });
  return {
    ...withFaults(result, faults),
    secrets: [...workflow.secrets, ...session.secrets],
    repaired: new Map(),
  };
}

/** What a run would stop at before its first change; nothing where the database does not answer, which the checks say themselves. */
async function preflightOf(
  { workflow, signals: { interrupt }, since }: RoundOptions,
  session: Session,
): Promise<readonly Problem[]> {
  // Where the time is over, the checks say so.
  const left = Math.max(0, (workflow.timeout ?? 0) - Math.round(performance.now() - since));
  const signal = workflow.timeout === undefined ? interrupt : AbortSignal.any([interrupt, timeLimit(left)]);
  const enabled = [...workflow.tasks.values()].filter((task) => task.enabled);
  const task = enabled.find(({ kind }) => kind.host === true) ?? enabled[0];
  if (!task || !(await session.services.databaseAnswers(signal))) return [];
  return createPreflight(workflow, session)(task, { name: task.name, signal, log: silent });
}

/** A fault that a check has found as well is its finding. */
function withFaults(result: RunResult, faults: readonly Problem[]): RunResult {
  const found = new Set(result.tasks.flatMap((end) => toldBy(end, [])).map(({ code }) => code));
  const left = faults.filter(({ code }) => !found.has(code));
  const fails = result.exitCode === 0 && left.some(({ severity = 'error' }) => severity === 'error');
  return {
    ...result,
    ...(fails ? { status: 'failed', exitCode: 3 } : {}),
    problems: [...left, ...result.problems],
  };
}

/** All that a task told, errors first. */
export function toldBy(end: RunResult['tasks'][number], problems: readonly Problem[]): readonly Told[] {
  // A check that was not even started has no findings of its own: what befell the run is why.
  return end.attempts === 0 ? problems : [...(end.problems ?? []), ...(end.warnings ?? [])];
}
