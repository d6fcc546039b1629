import type { Repair } from '../../config/define.js';
import type { Workflow } from '../../config/workflow.js';
import { BootstrapError, redactor } from '../errors/index.js';
import { acceptChanges } from '../run/index.js';
import { print } from './io.js';
import { load } from './load.js';
import type { ConfigOptions } from './options.js';
import { newRunId } from './run-id.js';
import { openSession } from './session.js';
import { catchSignals } from './signals.js';
import { unlessInterrupted } from './unless-interrupted.js';
import { nearest } from '../text/index.js';

/**
 * `db-bootstrap repair`: records scripts that have changed since they were applied as applied with their present content, holding the
 * run's lock. It runs none of them, and changes nothing but the ledger.
 */
export async function repairCommand(
  names: readonly string[],
  options: ConfigOptions & { readonly json?: boolean },
): Promise<number> {
  const { io, workflow } = await load(options);
  refuseUnknown(names, workflow);
  const signals = catchSignals();
  const { interrupt, kill } = signals;
  const runId = newRunId();
  const session = await openSession({ io, workflow, runId, waitLock: 0, readOnly: false });
  const { services } = session;
  const work = async (): Promise<readonly Repair[]> => {
    await services.lock.acquire(interrupt);
    await services.ledger.attach();
    const source = { runId, workflow, services, kill, emit: () => undefined };
    return acceptChanges(source, names.length > 0 ? names : [...workflow.tasks.keys()], interrupt);
  };
  try {
    const accepted = await unlessInterrupted(work(), interrupt, { command: 'repair' });
    const redact = redactor([...workflow.secrets, ...session.secrets]);
    if (options.json === true) print(io.stdout, redact(JSON.stringify({ accepted }, null, 2)));
    else
      for (const message of accepted.length > 0 ? accepted.map((each) => each.message) : [nothing])
        print(io.stdout, redact(message));
    return 0;
  } finally {
    await services.lock.release();
    await services.close();
    signals.release();
  }
}

const nothing = 'nothing to repair: no script has changed since it was applied';

function refuseUnknown(names: readonly string[], { tasks }: Workflow): void {
  const unknown = names.find((name) => !tasks.has(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, tasks.keys());
  throw new BootstrapError({
    code: 'DBB1004',
    message: `there is no task "${unknown}"`,
    help: near === undefined ? `the tasks are ${[...tasks.keys()].join(', ')}` : `did you mean "${near}"?`,
  });
}
