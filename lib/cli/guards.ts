import { createInterface } from 'node:readline';
import type { Workflow } from '../../config/workflow.js';
import { BootstrapError } from '../errors/index.js';
import { destructiveTasks, evaluateGuards } from '../run/index.js';
import { print, type Io } from './io.js';

/** Throws DBB8nnn where a destructive task is enabled and a guard refuses it; asks on a terminal. Nothing has started yet. */
export async function checkGuards(options: {
  readonly io: Io;
  readonly workflow: Workflow;
  readonly database: { readonly database: string; readonly host: string } | undefined;
  readonly yes: boolean;
  readonly interrupt: AbortSignal;
}): Promise<void> {
  const { io, workflow, database, yes, interrupt } = options;
  if (destructiveTasks(workflow).length === 0 || database === undefined) return;
  const terminal = io.terminal && process.stdin.isTTY;
  const problem = await evaluateGuards(
    workflow,
    { name: database.database, host: database.host },
    { yes, terminal, ask: (name) => ask(io, name, interrupt) },
  );
  if (problem) throw new BootstrapError(problem);
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
