import { z } from 'zod';
import { defineTask, type Plan, type TaskContext, type TaskResult } from '../config/define.js';
import { duePieces, piecesOf, type Piece } from './sql/pieces.js';
import { runPiece } from './sql/run-piece.js';

const options = z
  .strictObject({
    text: z.string().min(1).optional().describe('SQL to run'),
    files: z
      .array(z.string().min(1))
      .optional()
      .describe('Files of SQL, by patterns; in the order of their names'),
    schemas: z
      .union([z.enum(['public', 'tenants']), z.array(z.string().min(1))])
      .optional()
      .describe(
        "Where: public, each tenant's schema, or these schemas; absent: wherever the search path leads",
      ),
    transaction: z
      .boolean()
      .default(true)
      .describe('One transaction per file and schema; false: statement by statement'),
    rerun: z
      .enum(['always', 'changed', 'never'])
      .default('changed')
      .describe('When a file that was run is run again'),
    repeatable: z
      .boolean()
      .default(false)
      .describe('Without a transaction: it may run again after an interruption'),
    interrupted: z
      .enum(['report', 'again', 'done'])
      .default('report')
      .describe('Without a transaction: what an interrupted file means'),
  })
  .refine(({ text, files }) => (text === undefined) !== (files === undefined), {
    error: 'give either text or files',
  });

export type SqlOptions = z.output<typeof options>;
type Context = TaskContext<SqlOptions>;

/** Runs SQL, from the config or from files, in public or in the schema of each tenant. */
export const sql = defineTask({
  kind: 'sql',
  description: "Runs SQL, from the config or from files, in public or in each tenant's schema.",
  options,
  plan,
  run,
});

async function plan(context: Context): Promise<Plan> {
  const pieces = await piecesOf(context);
  const due = await duePieces(context, pieces);
  if (due.length === 0) return { action: 'up-to-date', reason: `${counted(pieces)} done and unchanged` };
  return {
    action: 'run',
    reason: `${counted(due)} to run`,
    details: due.map(({ name, schema }) => (schema === undefined ? name : `${schema}: ${name}`)),
  };
}

async function run(context: Context): Promise<TaskResult> {
  const due = await duePieces(context, await piecesOf(context));
  for (const [index, piece] of due.entries()) {
    context.signal.throwIfAborted();
    await runPiece(context, piece);
    context.log.progress(index + 1, due.length, 0);
  }
  return { changed: due.length > 0, summary: `${counted(due)} run` };
}

function counted(pieces: readonly Piece[]): string {
  const names = new Set(pieces.map(({ name }) => name)).size;
  const schemas = new Set(pieces.map(({ schema }) => schema)).size;
  const files = `${String(names)} ${names === 1 ? 'script' : 'scripts'}`;
  return schemas > 1 ? `${files} in ${String(schemas)} schemas` : files;
}
