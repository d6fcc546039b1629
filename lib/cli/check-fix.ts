import { createInterface } from 'node:readline/promises';
import type { Repair, TaskContext, TaskKind } from '../../config/define.js';
import type { TaskDefinition, Workflow } from '../../config/workflow.js';
import { BootstrapError } from '../errors/index.js';
import { concludeRun } from '../run/index.js';
import { runRound, toldBy, type Round, type RoundOptions } from './check-round.js';
import type { Io } from './io.js';
import type { Session } from './session.js';
import { silent } from './silent-log.js';
import { counted } from '../text/index.js';

/**
 * `check --fix`: repairs what the first round found and what is safe to repair, holding the run's lock, one check after the other; then
 * all that still fail look again. What is deleted needs a person's word, or `--yes`.
 */
export async function repairFindings(
  first: Round,
  options: Omit<RoundOptions, 'readOnly' | 'admit'> & { readonly yes: boolean },
): Promise<Round> {
  const { io, workflow, yes, signals } = options;
  if (signals.interrupt.aborted) return interrupted(first, signals.interrupt);
  const repairable = first.tasks.flatMap((end) => {
    const repairs = toldBy(end, []).flatMap(({ repair }) => (repair === undefined ? [] : [repair]));
    return workflow.tasks.get(end.name)?.kind.fix && repairs.length > 0 ? [{ name: end.name, repairs }] : [];
  });
  if (repairable.length === 0) return first;
  const deletes = repairable
    .flatMap(({ repairs }) => repairs)
    .filter((repair) => repair === 'confirmed').length;
  const repaired = new Map<string, readonly Repair[]>();
  let confirmed = yes;
  const second = await runRound({
    ...options,
    workflow: workflowOf(
      workflow,
      repairable.map(({ name }) => name),
      async (task, context) => {
        const done = (await task.kind.fix?.(context, { confirmed })) ?? [];
        repaired.set(task.name, [...(repaired.get(task.name) ?? []), ...done]);
        return done.length > 0;
      },
    ),
    readOnly: false,
    admit: async (session) => {
      await refuseReadOnly(session, options.signals.interrupt);
      if (deletes > 0 && !yes && io.terminal && process.stdin.isTTY) {
        await confirm(io, session.connection?.database ?? '', deletes);
        confirmed = true;
      }
    },
  });
  const after = merged(first, second);
  const isDone = [...repaired.values()].some((repairs) => repairs.length > 0);
  const others = after.tasks.filter(({ name, status }) => status === 'failed' && !repaired.has(name));
  if (!isDone || others.length === 0 || second.status === 'cancelled') return { ...after, repaired };
  // What was wrong elsewhere may have been wrong for the same reason.
  const third = await runRound({
    ...options,
    workflow: { ...workflow, tasks: chosen(workflow, others) },
    readOnly: true,
  });
  return { ...merged(after, third), repaired };
}

/** Nothing is repaired any more, whatever the round before it has come to. */
function interrupted(first: Round, { reason }: AbortSignal): Round {
  return { ...first, status: 'cancelled', exitCode: reason === 'SIGTERM' ? 143 : 130 };
}

function chosen(workflow: Workflow, ends: Round['tasks']): Workflow['tasks'] {
  const names = new Set(ends.map(({ name }) => name));
  return new Map([...workflow.tasks].filter(([name]) => names.has(name)));
}

/** The checks that repair, one after the other in the order of the workflow: content types need sequences that are right. */
function workflowOf(
  workflow: Workflow,
  names: readonly string[],
  fix: (task: TaskDefinition, context: TaskContext<unknown>) => Promise<boolean>,
): Workflow {
  const tasks = new Map(
    [...workflow.tasks]
      .filter(([name]) => names.includes(name))
      .map(([name, task], index, all) => {
        const kind: TaskKind = {
          ...task.kind,
          plan: () => Promise.resolve({ action: 'run', reason: 'there is something to repair' }),
          run: async (context) => {
            const changed = await fix(task, context);
            return { ...(await task.kind.run(context)), changed };
          },
        };
        return [name, { ...task, kind, after: all.slice(0, index).map(([before]) => before) }];
      }),
  );
  return { ...workflow, tasks };
}

async function refuseReadOnly({ services }: Session, signal: AbortSignal): Promise<void> {
  const database = services.database({ name: 'check', signal, log: silent });
  const [row] = await database.query<{ standby: boolean; reading: boolean }>(
    `select pg_catalog.pg_is_in_recovery() as standby, pg_catalog.current_setting('transaction_read_only')::boolean as reading`,
  );
  if (row?.standby !== true && row?.reading !== true) return;
  throw new BootstrapError({
    code: 'DBB6094',
    message: row.standby
      ? `nothing was repaired: the server of database "${database.name}" is a standby, which only reads`
      : `nothing was repaired: transactions of role "${database.user}" in database "${database.name}" are read-only`,
    help: row.standby
      ? 'repair it on the primary server'
      : 'connect as a role that may write, or set default_transaction_read_only to off for this one',
  });
}

async function confirm(io: Io, name: string, deletes: number): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: io.stderr });
  try {
    const typed = await terminal.question(
      `${counted(deletes, 'row')} in the database "${name}" will be deleted. Type its name to go on: `,
    );
    if (typed.trim() === name) return;
  } finally {
    terminal.close();
  }
  throw new BootstrapError({
    code: 'DBB8002',
    message: `the repair would delete data of the database "${name}", and what was typed is not its name`,
    notes: [{ label: 'not done', text: 'nothing was repaired' }],
    help: `type "${name}" when you are asked, or pass --yes`,
  });
}

/** How the checks stand after the repair; one that was not started again stands where it stood. */
function merged(first: Round, second: Round): Round {
  const again = new Map(second.tasks.filter(({ attempts }) => attempts > 0).map((end) => [end.name, end]));
  const tasks = first.tasks.map((end) => again.get(end.name) ?? end);
  const problems = [...first.problems, ...second.problems];
  const { exitCode } = second.status === 'cancelled' ? second : concludeRun(tasks, problems, undefined);
  return { ...second, tasks, problems, exitCode };
}
