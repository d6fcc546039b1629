import * as z from 'zod/mini';
import {
  defineTask,
  described,
  identifier,
  nonEmpty,
  type Plan,
  type TaskClient,
  type TaskContext,
  type TaskResult,
} from '../config/define.js';
import { acceptScripts, mismatchProblem, reruns } from './applied.js';
import { changedPieces, duePieces, piecesOf, type DuePiece, type Piece } from './sql/pieces.js';
import { prepareScripts, type ScriptPart } from './sql/prepare.js';
import { runPiece } from './sql/run-piece.js';
import { counted } from '../lib/text/index.js';

const options = z
  .strictObject({
    text: described(z.optional(nonEmpty), 'SQL to run'),
    files: described(z.optional(z.array(nonEmpty)), 'Files of SQL, by patterns; in the order of their names'),
    schemas: described(
      z.optional(z.union([z.enum(['public', 'tenants']), z.array(identifier)])),
      "Where: public, each tenant's schema, or these schemas; absent: wherever the search path leads",
    ),
    transaction: described(
      z._default(z.boolean(), true),
      'One transaction per file and schema; false: statement by statement',
    ),
    rerun: described(
      z.optional(z.enum(reruns)),
      'When a script that was applied runs again. Default: never for files, where a changed one is an error; changed for text.',
    ),
    repeatable: described(
      z._default(z.boolean(), false),
      'Without a transaction: it may run again after an interruption',
    ),
    interrupted: described(
      z._default(z.enum(['report', 'again', 'done']), 'report'),
      'Without a transaction: what an interrupted file means',
    ),
  })
  .check(
    z.refine(({ text, files }) => (text === undefined) !== (files === undefined), {
      error: 'give either text or files',
    }),
  );

export type SqlOptions = z.output<typeof options>;
type Context = TaskContext<SqlOptions>;

/** Runs SQL, from the config or from files, in public or in the schema of each tenant. */
export const sql = defineTask({
  kind: 'sql',
  description: "Runs SQL, from the config or from files, in public or in each tenant's schema.",
  options,
  plan,
  run,
  async preflight(context) {
    const [first, ...rest] = await changedPieces(context);
    return first ? [mismatchProblem(context.task, [first, ...rest])] : [];
  },
  async accept(context) {
    return acceptScripts(context, await changedPieces(context));
  },
});

async function plan(context: Context): Promise<Plan> {
  const pieces = await piecesOf(context);
  const due = await duePieces(context, pieces);
  if (due.length === 0) return { action: 'up-to-date', reason: `${scriptsOf(pieces)} done and unchanged` };
  return {
    action: 'run',
    reason: `${scriptsOf(due)} to run`,
    details: due.map(({ name, schema }) => (schema === undefined ? name : `${schema}: ${name}`)),
  };
}

async function run(context: Context): Promise<TaskResult> {
  const due = await duePieces(context, await piecesOf(context));
  const scripts = await prepareScripts(context, due);
  if (due.length > 0) await runAll(context, due, scripts);
  return { changed: due.length > 0, summary: `${scriptsOf(due)} run` };
}

/** Runs all pieces on one connection. */
async function runAll(
  context: Context,
  due: readonly DuePiece[],
  scripts: ReadonlyMap<string, readonly ScriptPart[]>,
): Promise<void> {
  const { database, log, signal } = context;
  await database.withClient(async (client) => {
    for (const [index, piece] of due.entries()) {
      signal.throwIfAborted();
      if (index > 0) await forget(client);
      await runPiece(context, client, piece, scripts.get(piece.digest) ?? []);
      log.progress(index + 1, due.length, 0);
    }
  });
}

/** Leaves nothing of a script on the connection; the role is the one that this login begins with, which need not be the login's own. */
async function forget(client: TaskClient): Promise<void> {
  await client.query('discard all');
  await client.query('reset role');
}

function scriptsOf(pieces: readonly Piece[]): string {
  const names = new Set(pieces.map(({ name }) => name)).size;
  const schemas = new Set(pieces.map(({ schema }) => schema)).size;
  const files = counted(names, 'script');
  return schemas > 1 ? `${files} in ${String(schemas)} schemas` : files;
}
