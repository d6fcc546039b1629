import { padText, truncateText } from '../errors/index.js';
import { planWorkflow, type TaskPlan } from '../run/index.js';
import { print, type Io } from './io.js';
import { load } from './load.js';
import type { ConfigOptions, RunOptions, SelectOptions } from './options.js';
import { resumed } from './resume.js';
import { newRunId } from './run-id.js';
import { openSession } from './session.js';
import { catchSignals } from './signals.js';

/** `db-bootstrap plan`: what would run, skip or is up to date, and why; starts no task and writes nothing. */
export async function planCommand(
  options: ConfigOptions &
    SelectOptions &
    Pick<RunOptions, 'json' | 'force' | 'resume'> & { readonly exitCode?: boolean },
): Promise<number> {
  const { io, workflow: configured } = await load(options);
  const runId = newRunId();
  const signals = catchSignals();
  const session = await openSession({
    io,
    workflow: configured,
    runId,
    waitLock: 0,
    readOnly: true,
    force: options.force === true,
  });
  try {
    const workflow = options.resume === true ? await resumed(configured, session.services) : configured;
    // Where there is a ledger it is read; where there is none, nothing has been done yet.
    await session.services.ledger.attach().catch(() => []);
    const tasks = await planWorkflow({
      runId,
      workflow,
      services: session.services,
      interrupt: signals.interrupt,
      kill: signals.kill,
    });
    if (options.json === true) print(io.stdout, JSON.stringify({ tasks }, null, 2));
    else print(io.stdout, drawPlan(tasks, io));
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

function changes(kind: { readonly check?: boolean; readonly readies?: boolean } | undefined): boolean {
  return kind?.check !== true && kind?.readies !== true;
}

function drawPlan(tasks: readonly TaskPlan[], { columns, terminal }: Io): string {
  const width = Math.max(...tasks.map(({ name }) => name.length));
  const rows = tasks.map(({ name, action, reason }) => {
    const row = `${padText(action, 10)}  ${padText(name, width)}  ${reason}`.trimEnd();
    return terminal ? truncateText(row, Math.max(columns, 60)) : row;
  });
  const count = (action: TaskPlan['action']): number => tasks.filter((task) => task.action === action).length;
  return `${rows.join('\n')}\n\n${String(count('run'))} to run, ${String(count('up-to-date'))} up to date, ${String(count('skip'))} skipped`;
}
