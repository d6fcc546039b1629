import type { TaskLedger } from '../../config/define.js';
import type { TaskDefinition, Workflow } from '../../config/workflow.js';
import { BootstrapError, type Problem } from '../errors/index.js';
import type { RunServices } from '../run/index.js';
import { nearest } from '../text/index.js';

/**
 * The tasks whose second execution is proven whatever they remember of the first. A command with `sources` is one: the fingerprint of
 * its files only saves time, and a file that changes, or another checkout, has it executed again on rows that are there. What has
 * `outputs` makes files, and what is not `repeatable`, as init scripts and SQL are, is done once by its ledger: those on demand.
 */
export function tasksAgain(workflow: Workflow, asked: readonly string[] = []): ReadonlySet<string> {
  refuseUnknown(asked, [...workflow.tasks.keys()]);
  const shortcuts = [...workflow.tasks.values()].filter(savesTime).map(({ name }) => name);
  return new Set([...asked, ...shortcuts]);
}

function savesTime({ use, options }: TaskDefinition): boolean {
  const { sources, outputs, repeatable } = (options ?? {}) as Readonly<Record<string, unknown>>;
  return use === 'command' && sources !== undefined && outputs === undefined && repeatable !== false;
}

/** Tasks that were up to date by their ledger alone, and could be executed again where that is asked for. */
export function doneOnce(workflow: Workflow, idle: readonly string[]): readonly string[] {
  return idle.filter((name) => ['init', 'sql', 'command'].includes(workflow.tasks.get(name)?.use ?? ''));
}

/** Services by which these tasks remember nothing that an earlier run has done. */
export function forgetful(services: RunServices, again: ReadonlySet<string>): RunServices {
  const { ledger } = services;
  const forget = (name: string, own: TaskLedger): TaskLedger => (again.has(name) ? withoutPast(own) : own);
  return {
    ...services,
    ledger: {
      lastRun: () => ledger.lastRun(),
      attach: () => ledger.attach(),
      startRun: (run) => ledger.startRun(run),
      taskStarted: (name) => ledger.taskStarted(name),
      taskEnded: (end) => ledger.taskEnded(end),
      endRun: (status, exitCode) => ledger.endRun(status, exitCode),
      forget: (tasks) => ledger.forget(tasks),
      forTask: (name) => forget(name, ledger.forTask(name)),
      local: (name) => forget(name, ledger.local(name)),
    },
  };
}

/** A task asks its ledger in each phase anew: what it has written in this run is there. */
function withoutPast(ledger: TaskLedger): TaskLedger {
  const written = new Set<string>();
  return {
    get: async (key) => (written.has(key) ? ledger.get(key) : undefined),
    set: (key, value, client) => {
      written.add(key);
      return ledger.set(key, value, client);
    },
    delete: (key) => ledger.delete(key),
    entries: async () => new Map([...(await ledger.entries())].filter(([key]) => written.has(key))),
  };
}

/** Throws DBB1004 for names that no task has. */
function refuseUnknown(asked: readonly string[], names: readonly string[]): void {
  const [first, ...rest] = asked
    .filter((name) => !names.includes(name))
    .map((name): Problem => {
      const near = nearest(name, names);
      return {
        code: 'DBB1004',
        message: `there is no task "${name}"`,
        place: { file: '--again' },
        help: near === undefined ? `the tasks are ${names.join(', ')}` : `did you mean "${near}"?`,
      };
    });
  if (first) throw new BootstrapError([first, ...rest]);
}
