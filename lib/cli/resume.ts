import type { Workflow } from '../../config/workflow.js';
import { BootstrapError } from '../errors/index.js';
import type { LastRun, RunLock } from '../run/index.js';
import type { Session } from './session.js';
import { unlessInterrupted } from './unless-interrupted.js';

/**
 * The workflow with what the last run has left undone, and nothing else: what that run was told to leave out stays out. Throws DBB1011
 * where no run is on record.
 */
export async function resumed(
  command: string,
  workflow: Workflow,
  { services, connection }: Pick<Session, 'services' | 'connection'>,
  interrupt: AbortSignal,
): Promise<Workflow> {
  const last = await unlessInterrupted(services.ledger.lastRun(), interrupt, {
    command,
    for: `what the last run has done, which ${serverOf(connection)} did not tell`,
  });
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
  session: Pick<Session, 'services' | 'connection'>,
  interrupt: AbortSignal,
): Promise<{ readonly workflow: Workflow; readonly lock: RunLock }> {
  const { services, connection } = session;
  const { lock } = services;
  try {
    await unlessInterrupted(lock.acquire(interrupt), interrupt, {
      command: 'run',
      for: `the lock, which ${serverOf(connection)} did not give`,
    });
    const held = { lost: lock.lost, acquire: () => Promise.resolve(), release: () => lock.release() };
    return { workflow: await resumed('run', workflow, session, interrupt), lock: held };
  } catch (error) {
    await Promise.all([lock.release(), services.close()]);
    throw error;
  }
}

/** Who answers about runs: the server, or, without a database, whoever holds the file. */
export function serverOf(connection: Session['connection']): string {
  return connection ? `${connection.host}:${String(connection.port)}` : 'another run';
}

/** Checks judge the end state: they run again if a task that may change something is left. */
function left(tasks: Workflow['tasks'], { id, done }: LastRun): Workflow['tasks'] {
  const changes = [...tasks.values()].some(
    ({ name, enabled, kind }) => enabled && kind.check !== true && kind.readies !== true && !done.has(name),
  );
  return new Map(
    [...tasks].map(([name, task]) => {
      if (!task.enabled || !done.has(name) || (changes && task.kind.check === true)) return [name, task];
      return [name, { ...task, enabled: false, disabledReason: `done, or left out, in run ${id}` }];
    }),
  );
}
