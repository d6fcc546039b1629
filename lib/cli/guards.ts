import { createInterface } from 'node:readline';
import type { TaskDatabase } from '../../config/define.js';
import type { Workflow } from '../../config/workflow.js';
import { BootstrapError, timeLimit } from '../errors/index.js';
import { askServer } from '../postgres/index.js';
import { destructiveTasks, evaluateGuards, guardRefusal, type RunServices } from '../run/index.js';
import { print, type Io } from './io.js';

/** Milliseconds that the server has to say which database it is, before anybody is asked. */
const moment = 2000;

/** What deletes, and where. */
interface Guarded {
  readonly workflow: Workflow;
  readonly database: { readonly database: string; readonly host: string } | undefined;
}

/**
 * Throws DBB8nnn where a destructive task is enabled and a guard refuses it; asks on a terminal. Nothing has started yet. `server` is a
 * session to ask, where there is one: what does not answer now is asked again before the first deletion.
 */
export async function checkGuards(
  options: Guarded & {
    readonly io: Io;
    readonly yes: boolean;
    readonly interrupt: AbortSignal;
    readonly server?: (signal: AbortSignal) => Pick<TaskDatabase, 'query'>;
  },
): Promise<void> {
  const { io, workflow, database, yes, interrupt } = options;
  const tasks = destructiveTasks(workflow);
  if (tasks.length === 0 || database === undefined) return;
  const terminal = io.terminal && process.stdin.isTTY;
  const target = { name: database.database, host: database.host };
  // What the URL alone forbids is not even connected to.
  const refusal = guardRefusal(workflow.guards, target, tasks, 'nothing was started');
  if (refusal) throw new BootstrapError(refusal);
  const signal = AbortSignal.any([interrupt, timeLimit(moment)]);
  const server = options.server && (await askServer(options.server(signal)).catch(() => undefined));
  const problem = await evaluateGuards(
    workflow,
    { ...target, ...(server ? { server } : {}) },
    { yes, terminal, ask: (name) => ask(io, name, interrupt) },
  );
  if (problem) throw new BootstrapError(problem);
}

/** Judges a destructive task by what the server says, right before it deletes; throws DBB8001. */
export function deletionGuard({ workflow, database }: Guarded): NonNullable<RunServices['mayDelete']> {
  return async (task, session) => {
    if (database === undefined) return;
    const target = { name: database.database, host: database.host, server: await askServer(session()) };
    const refusal = guardRefusal(workflow.guards, target, [task], 'nothing was deleted');
    if (refusal) throw new BootstrapError(refusal);
  };
}

/** What was typed; nothing where the input ends. An interruption rejects with DBB5020. */
async function ask(io: Io, name: string, interrupt: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: io.stderr });
  const question = `Everything in the database "${name}" will be deleted. Type its name to go on: `;
  try {
    return await new Promise((resolve, reject) => {
      const stop = (signal: string): void => {
        const message = 'the run was interrupted before anything was started';
        reject(new BootstrapError({ code: 'DBB5020', message, facts: { signal } }));
      };
      // A terminal that hands over each key sends no signal for Ctrl-C.
      terminal.once('SIGINT', () => stop('SIGINT'));
      const onInterrupt = (): void => stop(String(interrupt.reason));
      if (interrupt.aborted) onInterrupt();
      interrupt.addEventListener('abort', onInterrupt, { once: true });
      terminal.once('close', () => resolve(''));
      terminal.question(question, resolve);
    });
  } catch (error) {
    // The cursor stands behind the question.
    print(io.stderr, '');
    throw error;
  } finally {
    terminal.close();
  }
}
