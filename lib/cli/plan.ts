import type { Workflow } from '../../config/workflow.js';
import { redactor, renderProblems, type Problem } from '../errors/index.js';
import { planWorkflow, type TaskPlan } from '../run/index.js';
import { hostTaskOf } from './evidence.js';
import { silent } from './silent-log.js';
import { print, type Io } from './io.js';
import { load } from './load.js';
import type { ConfigOptions, RunOptions, SelectOptions } from './options.js';
import { resumed, serverOf } from './resume.js';
import { newReaderId } from './run-id.js';
import { openSession, type Session } from './session.js';
import { catchSignals } from './signals.js';
import { unlessInterrupted } from './unless-interrupted.js';
import { padText, truncateText, visible } from '../text/index.js';

/** `db-bootstrap plan`: what would run, skip or is up to date, and why; starts no task and writes nothing. */
export async function planCommand(
  options: ConfigOptions &
    SelectOptions &
    Pick<RunOptions, 'json' | 'force' | 'resume'> & { readonly exitCode?: boolean },
): Promise<number> {
  const { io, workflow: configured } = await load(options);
  const runId = newReaderId();
  const signals = catchSignals();
  signals.limit(configured.timeout);
  const session = await openSession({
    io,
    workflow: configured,
    runId,
    waitLock: 0,
    readOnly: true,
    force: options.force === true,
  });
  try {
    const workflow =
      options.resume === true ? await resumed('plan', configured, session, signals.interrupt) : configured;
    // Where there is a ledger it is read; where there is none, nothing has been done yet.
    await unlessInterrupted(
      session.services.ledger.attach().catch(() => []),
      signals.interrupt,
      { command: 'plan', for: `the ledger, of which ${serverOf(session.connection)} told nothing` },
    );
    const planned = planWorkflow({
      runId,
      workflow,
      services: session.services,
      interrupt: signals.interrupt,
      kill: signals.kill,
    });
    const tasks = await unlessInterrupted(planned, signals.interrupt, { command: 'plan' });
    const asked = preflightOf(tasks, workflow, session, signals.interrupt);
    const found = await unlessInterrupted(asked, signals.interrupt, { command: 'plan' });
    const problems = found.filter(({ severity = 'error' }) => severity === 'error');
    const warnings = found.filter(({ severity = 'error' }) => severity !== 'error');
    const secrets = [...workflow.secrets, ...session.secrets];
    if (options.json === true) print(io.stdout, jsonOf({ tasks, problems, warnings }, redactor(secrets)));
    else print(io.stdout, drawPlan(tasks, io));
    if (options.json !== true && warnings.length > 0)
      print(io.stdout, `\n${renderProblems(warnings, { color: io.color, secrets })}`);
    if (options.json !== true && problems.length > 0)
      print(
        io.stdout,
        `\na run would stop before its first change:\n\n${renderProblems(problems, { color: io.color, secrets })}`,
      );
    if (problems.length > 0) return 1;
    // Tasks that look after themselves at every run, as waiting and checking do, are no pending work.
    const pending = tasks.some(
      ({ name, action }) => action === 'run' && changes(workflow.tasks.get(name)?.kind),
    );
    return options.exitCode === true && pending ? 3 : 0;
  } finally {
    await session.services.close();
    signals.release();
  }
}

/**
 * What a run would find before the first task that changes something; warnings alone where none does. Tasks behind that one may rest on
 * what it makes, and without a database that answers nobody can say.
 */
async function preflightOf(
  tasks: readonly TaskPlan[],
  workflow: Workflow,
  session: Session,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const due = tasks.filter(({ action }) => action === 'run').map(({ name }) => workflow.tasks.get(name));
  const first = due.find((task) => task && changes(task.kind));
  const task = first ?? hostTaskOf(workflow);
  if (!task || !(await session.services.databaseAnswers(signal))) return [];
  const { createPreflight } = await import('./preflight.js');
  const preflight = createPreflight(workflow, session, { withChecks: false });
  const found = await preflight(task, { name: task.name, signal, log: silent });
  return first ? found : found.filter(({ severity = 'error' }) => severity !== 'error');
}

function jsonOf(
  {
    tasks,
    problems,
    warnings,
  }: {
    readonly tasks: readonly TaskPlan[];
    readonly problems: readonly Problem[];
    readonly warnings: readonly Problem[];
  },
  redact: (text: string) => string,
): string {
  const document = {
    tasks,
    ...(problems.length === 0 ? {} : { problems }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
  const masked = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? redact(value) : value;
  return JSON.stringify(document, masked, 2);
}

function changes(kind: { readonly check?: boolean; readonly readies?: boolean } | undefined): boolean {
  return kind?.check !== true && kind?.readies !== true;
}

function drawPlan(tasks: readonly TaskPlan[], { columns, terminal }: Io): string {
  const width = Math.max(...tasks.map(({ name }) => name.length));
  const rows = tasks.map(({ name, action, reason }) => {
    const row = `${padText(action, 10)}  ${padText(name, width)}  ${visible(reason)}`.trimEnd();
    return terminal ? truncateText(row, Math.max(columns, 60)) : row;
  });
  const count = (action: TaskPlan['action']): number => tasks.filter((task) => task.action === action).length;
  return `${rows.join('\n')}\n\n${String(count('run'))} to run, ${String(count('up-to-date'))} up to date, ${String(count('skip'))} skipped`;
}
