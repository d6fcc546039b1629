import type { TaskClient, TaskContext } from '../../config/define.js';
import { judgeRepeatable, quoteIdentifier, splitScript } from '../../lib/postgres/index.js';
import type { SqlOptions } from '../sql.js';
import { failureOf, placeIn } from './failure.js';
import { entryOf, type Piece, type PieceEntry } from './pieces.js';

type Context = TaskContext<SqlOptions>;

/** Runs one script in one schema, and writes down that it was. */
export async function runPiece(context: Context, piece: Piece): Promise<void> {
  context.log.info(piece.schema === undefined ? piece.name : `${piece.name} in ${piece.schema}`);
  if (context.options.transaction) await runWhole(context, piece);
  else await runByStatement(context, piece);
}

async function runWhole(context: Context, piece: Piece): Promise<void> {
  const { database, ledger } = context;
  try {
    await database.transaction(async (client) => {
      await enter(context, client, piece);
      // The whole script is one message, so the server counts positions from its beginning.
      await execute(context, client, { piece, text: piece.text, offset: 0 });
      // Whatever is checked only at the end fails here, where the script can be named; and the ledger is written as who we are.
      await execute(context, client, {
        piece,
        text: 'set constraints all immediate; reset role',
        offset: undefined,
      });
      await ledger.set(piece.key, entryFor(context, piece, 'done'), client);
    });
  } catch (error) {
    // A ledger of files knows no transactions: what was not committed must not count as done.
    await ledger.delete(piece.key).catch(() => undefined);
    throw error;
  }
}

async function runByStatement(context: Context, piece: Piece): Promise<void> {
  const { database, ledger } = context;
  const before = entryOf((await ledger.entries()).get(piece.key));
  if (before?.state === 'running' && !(await mayRunAgain(context, piece, before))) {
    await ledger.set(piece.key, entryFor(context, piece, 'done'));
    return;
  }
  const split = await splitScript(piece.text);
  if ('refusal' in split) {
    const { line, column, ...refusal } = split.refusal;
    throw context.fail({
      code: refusal.reason === 'syntax' ? 'DBB5004' : 'DBB5007',
      message:
        refusal.reason === 'syntax'
          ? refusal.message
          : `"${piece.name}" holds something that only psql understands: ${refusal.text}`,
      place: { ...placeIn(context, piece), line, column, source: piece.text.split('\n')[line - 1] ?? '' },
      help: refusal.reason === 'syntax' ? 'correct the statement' : 'write the file without commands of psql',
    });
  }
  await database.withClient(async (client) => {
    await enter(context, client, piece);
    await ledger.set(piece.key, entryFor(context, piece, 'running'));
    for (const { text, offset } of split.statements) await execute(context, client, { piece, text, offset });
  });
  await ledger.set(piece.key, entryFor(context, piece, 'done'));
}

/** A ledger entry as JSON takes it. */
function entryFor(
  { runId }: Context,
  { digest }: Piece,
  state: PieceEntry['state'],
): { state: PieceEntry['state']; digest: string; run: string } {
  return { state, digest, run: runId };
}

/** Sets the search path; a schema that does not exist would be passed over in silence, and the script run in public. */
async function enter(context: Context, client: TaskClient, piece: Piece): Promise<void> {
  const { schema } = piece;
  if (schema === undefined) return;
  const entered = await client.query(
    `select set_config('search_path', $1, $2) from pg_namespace where nspname = $3`,
    [`${quoteIdentifier(schema)}, public`, context.options.transaction, schema],
  );
  if (entered.length > 0) return;
  throw context.fail({
    code: 'DBB5004',
    message: `the schema "${schema}" does not exist`,
    place: placeIn(context, piece),
    help: `create the schema before task "${context.task}" runs: let it need the task that does`,
    facts: { sqlstate: '3F000', schema },
  });
}

/** Runs a part of a script; `offset` is where it stands there, undefined where it is ours. */
async function execute(
  context: Context,
  client: TaskClient,
  part: { readonly piece: Piece; readonly text: string; readonly offset: number | undefined },
): Promise<void> {
  try {
    await client.query(part.text);
  } catch (error) {
    throw await failureOf(context, { ...part, error });
  }
}

/** Whether a script that was interrupted is to run again; false where the config says that it is done. */
async function mayRunAgain(context: Context, piece: Piece, before: PieceEntry): Promise<boolean> {
  const { repeatable, interrupted } = context.options;
  if (interrupted === 'done') return false;
  if (repeatable || interrupted === 'again') return true;
  const verdict = await judgeRepeatable(piece.text);
  if (verdict.repeatable) return true;
  throw context.fail({
    code: 'DBB5008',
    message: `"${piece.name}" was interrupted in run ${before.run}, and how far it came is unknown`,
    place: placeIn(context, piece),
    notes: [
      {
        label: 'not repeated',
        text: `line ${String(verdict.line)} would be done twice: ${verdict.statement}`,
      },
    ],
    help: `look at the database, then run again with --set tasks.${context.task}.interrupted=again (or =done)`,
  });
}
