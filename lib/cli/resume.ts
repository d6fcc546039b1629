import type { Workflow } from '../../config/workflow.js';
import { BootstrapError } from '../errors/index.js';
import type { LastRun, RunServices } from '../run/index.js';

/** The workflow with what the last run has left undone, and nothing else. Throws DBB1011 where no run is on record. */
export async function resumed(
  workflow: Workflow,
  { ledger, close }: Pick<RunServices, 'ledger' | 'close'>,
): Promise<Workflow> {
  try {
    const last = await ledger.lastRun();
    if (last) return { ...workflow, tasks: left(workflow.tasks, last) };
    throw new BootstrapError({
      code: 'DBB1011',
      message: 'no earlier run on this database is on record',
      place: { file: '--resume' },
      help: 'run "db-bootstrap run"',
    });
  } catch (error) {
    await close();
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
