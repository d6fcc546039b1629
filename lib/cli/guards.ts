import { createInterface } from 'node:readline/promises';
import type { Workflow } from '../../config/workflow.js';
import { BootstrapError } from '../errors/index.js';
import { destructiveTasks, evaluateGuards } from '../run/index.js';
import type { Io } from './io.js';

/** Throws DBB8nnn where a destructive task is enabled and a guard refuses it; asks on a terminal. Nothing has started yet. */
export async function checkGuards(options: {
  readonly io: Io;
  readonly workflow: Workflow;
  readonly database: { readonly database: string; readonly host: string } | undefined;
  readonly yes: boolean;
}): Promise<void> {
  const { io, workflow, database, yes } = options;
  if (destructiveTasks(workflow).length === 0 || database === undefined) return;
  const terminal = io.terminal && process.stdin.isTTY;
  const problem = await evaluateGuards(
    workflow,
    { name: database.database, host: database.host },
    { yes, terminal, ask: (name) => ask(io, name) },
  );
  if (problem) throw new BootstrapError(problem);
}

async function ask(io: Io, name: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: io.stderr });
  try {
    return await terminal.question(
      `Everything in the database "${name}" will be deleted. Type its name to go on: `,
    );
  } finally {
    terminal.close();
  }
}
