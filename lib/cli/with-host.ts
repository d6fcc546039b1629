import type { TaskHost } from '../../config/define.js';
import type { Workflow } from '../../config/workflow.js';
import { BootstrapError, exitCodeOf, renderProblems } from '../errors/index.js';
import { aborted, causesOf } from '../run/index.js';
import { hostEnvironment, hostTaskOf } from './evidence.js';
import { silent } from './silent-log.js';
import { print, type Io } from './io.js';
import { load } from './load.js';
import type { ConfigOptions } from './options.js';
import { newReaderId } from './run-id.js';
import { openSession } from './session.js';
import { brokenOff, catchSignals } from './signals.js';

/** Asks the project's host in the name of a command that changes nothing; resolves with the exit code, also of an interruption. */
export async function withHost(
  command: string,
  options: ConfigOptions,
  work: (host: TaskHost, io: Io, workflow: Workflow) => Promise<number>,
): Promise<number> {
  const { io, workflow } = await load(options);
  const signals = catchSignals();
  signals.limit(workflow.timeout);
  const runId = newReaderId();
  const startedAt = Date.now();
  const session = await openSession({ io, workflow, runId, waitLock: 0, readOnly: true });
  try {
    // What Django has answered before is kept with the ledger.
    await Promise.race([session.services.ledger.attach().catch(() => []), aborted(signals.interrupt)]);
    const env = hostEnvironment(workflow, session);
    const user = { name: command, signal: signals.interrupt, log: silent, env };
    return await work(session.services.host(user), io, workflow);
  } catch (error) {
    if (!signals.interrupt.aborted) {
      const { services } = session;
      const source = { runId, workflow, services, kill: signals.kill, emit: () => undefined };
      throw await withCause(error, source, command, { startedAt, cancel: signals.interrupt });
    }
    const problem = brokenOff(signals.interrupt, `"${command}"`);
    print(io.stderr, renderProblems([problem], { color: io.errorColor }));
    return exitCodeOf(new BootstrapError(problem));
  } finally {
    await session.services.close();
    signals.release();
  }
}

/** The error with the cause that a run would tell: as of a task that asks Django, and that comes after all others. */
async function withCause(
  error: unknown,
  source: Parameters<typeof causesOf>[0],
  command: string,
  search: Parameters<typeof causesOf>[3],
): Promise<unknown> {
  const { tasks } = source.workflow;
  const asks = hostTaskOf(source.workflow);
  if (!(error instanceof BootstrapError) || !asks) return error;
  const task = { ...asks, name: command, use: command, needs: [...tasks.keys()] };
  const [first = error.problems[0], ...rest] = await causesOf(source, task, error.problems, search);
  return new BootstrapError([first, ...rest], { cause: error });
}
