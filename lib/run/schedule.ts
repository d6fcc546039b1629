import type { FailurePolicy } from '../../config/workflow.js';
import { topologicalOrder, type GraphNode } from '../graph/index.js';
import type { TaskStatus } from './events.js';

/** A task as the scheduler sees it. Without a policy of its own the run's holds. */
export interface ScheduleNode extends GraphNode {
  readonly onFailure?: FailurePolicy | undefined;
  /** A check that fails does not stop other checks. */
  readonly check?: boolean | undefined;
}

/** How a task that was started came back. */
export interface ScheduleOutcome {
  readonly status: Exclude<TaskStatus, 'blocked'>;
}

/** How a task ended, with the task that is to blame where it was not started. */
export interface Ending {
  readonly status: TaskStatus;
  /** The failed task at the root, for `blocked`. */
  readonly blockedBy?: string;
  /** The failed task whose policy stopped the run, for `cancelled`. */
  readonly stoppedBy?: string;
}

/** What to schedule, and what happens when a task starts and ends. */
export interface ScheduleOptions<Outcome extends ScheduleOutcome> {
  readonly nodes: readonly ScheduleNode[];
  readonly concurrency: number;
  readonly policy: FailurePolicy;
  /** Runs one task. It never rejects for a failure of the task: that is an outcome. */
  execute(name: string, signal: AbortSignal): Promise<Outcome>;
  /** Called exactly once for every task; dependents of one that was started wait for it. `outcome` is absent where none was started. */
  settle(name: string, ending: Ending, outcome: Outcome | undefined): Promise<void>;
  /** Aborted: nothing new starts, and what runs is asked to end. */
  readonly cancel: AbortSignal;
  /** Aborted: nothing new starts, and what runs goes on. */
  readonly halt: AbortSignal;
}

/** What an ended task means for those that need it. */
type Gate = 'open' | 'cancelled' | { readonly blockedBy: string };

/**
 * Runs the tasks of a graph: as many at once as `concurrency` allows, each only after its needs have succeeded and what it
 * follows has ended. A disabled task is passed through: it ends as skipped, and what needs it waits for its needs instead.
 */
export function schedule<Outcome extends ScheduleOutcome>(
  options: ScheduleOptions<Outcome>,
): Promise<ReadonlyMap<string, Ending>> {
  const { concurrency, policy, cancel, halt } = options;
  const order = topologicalOrder(options.nodes);
  const enabled = new Set(order.filter((node) => node.enabled).map((node) => node.name));
  const pending = new Set(order);
  const endings = new Map<string, Ending>();
  const gates = new Map<string, Gate>();
  const ended = new Set<string>();
  const settling: Promise<void>[] = [];
  let running = 0;
  let stoppedBy: ScheduleNode | undefined;
  let fault: { readonly error: unknown } | undefined;

  return new Promise((resolve, reject) => {
    const stopperOf = (node: ScheduleNode): string | undefined =>
      node.check === true && stoppedBy?.check === true ? undefined : stoppedBy?.name;
    const stopped = (node: ScheduleNode): boolean =>
      cancel.aborted || halt.aborted || stopperOf(node) !== undefined || fault !== undefined;

    const finish = (node: ScheduleNode, ending: Ending, gate: Gate): void => {
      pending.delete(node);
      endings.set(node.name, ending);
      gates.set(node.name, gate);
      ended.add(node.name);
    };

    const skip = (node: ScheduleNode, ending: Ending, gate: Gate): void => {
      finish(node, ending, gate);
      settling.push(options.settle(node.name, ending, undefined).catch(blame));
    };

    const start = async (node: ScheduleNode): Promise<void> => {
      const outcome = await options.execute(node.name, cancel);
      const own = node.onFailure ?? policy;
      const status = outcome.status === 'failed' && own === 'warn' ? 'warned' : outcome.status;
      // Set this before `settle`, which may take a while: no node starts meanwhile.
      // A failed task stops all nodes; a failed check stops all nodes except checks.
      if (status === 'failed' && own === 'stop')
        stoppedBy = stoppedBy && (stoppedBy.check !== true || node.check === true) ? stoppedBy : node;
      await options.settle(node.name, { status }, outcome);
      finish(
        node,
        { status },
        status === 'failed' ? { blockedBy: node.name } : status === 'cancelled' ? 'cancelled' : 'open',
      );
    };

    const blame = (error: unknown): void => {
      fault ??= { error };
    };

    const advance = (): void => {
      for (const node of order) {
        if (!pending.has(node)) continue;
        const gate = gateOf(node, gates);
        if (!node.enabled) {
          if (gate !== undefined) skip(node, { status: 'skipped' }, gate);
        } else if (gate === 'cancelled') {
          skip(node, { status: 'cancelled' }, gate);
        } else if (typeof gate === 'object') {
          skip(node, { status: 'blocked', ...gate }, gate);
        } else if (stopped(node)) {
          // Until all that runs has ended, a failure may still turn this "cancelled" into a "blocked".
          if (running === 0)
            skip(
              node,
              { status: 'cancelled', ...(stoppedBy === undefined ? {} : { stoppedBy: stoppedBy.name }) },
              'cancelled',
            );
        } else if (
          gate === 'open' &&
          running < concurrency &&
          node.after.every((name) => ended.has(name) || !enabled.has(name))
        ) {
          running++;
          pending.delete(node);
          void start(node)
            .catch(blame)
            .finally(() => {
              running--;
              advance();
            });
        }
      }
      if (running > 0 || (pending.size > 0 && !fault)) return;
      cancel.removeEventListener('abort', advance);
      halt.removeEventListener('abort', advance);
      void Promise.all(settling).then(() => {
        if (fault) reject(fault.error instanceof Error ? fault.error : new Error(String(fault.error)));
        else resolve(endings);
      });
    };

    cancel.addEventListener('abort', advance);
    halt.addEventListener('abort', advance);
    advance();
  });
}

/** Undefined as long as the needs may still go either way. The first failed need, in the order of declaration, is the one to blame. */
function gateOf(node: ScheduleNode, gates: ReadonlyMap<string, Gate>): Gate | undefined {
  const needs = node.needs.map((name) => gates.get(name));
  const blocked = needs.find((gate) => typeof gate === 'object');
  if (blocked) return blocked;
  if (needs.includes('cancelled')) return 'cancelled';
  return needs.every((gate) => gate === 'open') ? 'open' : undefined;
}
