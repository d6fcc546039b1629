import type { Workflow } from '../../config/workflow.js';
import { BootstrapError } from '../errors/index.js';
import type { LastRun, RunLock, RunServices } from '../run/index.js';

/**
 * The workflow with what the last run has left undone, and nothing else: what that run was told to leave out stays out. Throws DBB1011
 * where no run is on record.
 */
export async function resumed(
  workflow: Workflow,
  { ledger }: Pick<RunServices, 'ledger'>,
): Promise<Workflow> {
  const last = await ledger.lastRun();
  if (last) return { ...workflow, tasks: left(workflow.tasks, last) };
  throw new BootstrapError({
    code: 'DBB1011',
    message: 'no earlier run on this database is on record',
    place: { file: '--resume' },
    help: 'run "db-bootstrap run"',
  });
}

/** The same for a run, with its lock, which is taken here: until another run has ended, nobody knows what it leaves undone. */
export async function resumedRun(
  workflow: Workflow,
  services: Pick<RunServices, 'ledger' | 'lock' | 'close'>,
  interrupt: AbortSignal,
): Promise<{ readonly workflow: Workflow; readonly lock: RunLock }> {
  const { lock } = services;
  try {
    await lock.acquire(interrupt);
    const held = { lost: lock.lost, acquire: () => Promise.resolve(), release: () => lock.release() };
    return { workflow: await resumed(workflow, services), lock: held };
  } catch (error) {
    await lock.release();
    await services.close();
    throw error;
  }
}

function left(tasks: Workflow['tasks'], { id, done }: LastRun): Workflow['tasks'] {
  return new Map(
    [...tasks].map(([name, task]) => {
      if (!task.enabled || !done.has(name)) return [name, task];
      return [name, { ...task, enabled: false, disabledReason: `done, or left out, in run ${id}` }];
    }),
  );
}
