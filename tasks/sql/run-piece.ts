import type { TaskClient, TaskContext } from '../../config/define.js';
import { judgeRepeatable, quoteIdentifier } from '../../lib/postgres/index.js';
import { endAttempt, noteApplied, noteAttempt, type ScriptVersion } from '../applied.js';
import type { SqlOptions } from '../sql.js';
import { failureOf, placeIn } from './failure.js';
import type { DuePiece, Piece } from './pieces.js';
import type { ScriptPart } from './prepare.js';

type Context = TaskContext<SqlOptions>;

/** Runs one script in one schema, part by part, and writes down that it was. What fails in a transaction leaves it open. */
export async function runPiece(
  context: Context,
  client: TaskClient,
  piece: DuePiece,
  parts: readonly ScriptPart[],
): Promise<void> {
  context.log.info(piece.schema === undefined ? piece.name : `${piece.name} in ${piece.schema}`);
  await (context.options.transaction ? runWhole : runByStatement)(context, client, piece, parts);
}

async function runWhole(
  context: Context,
  client: TaskClient,
  piece: DuePiece,
  parts: readonly ScriptPart[],
): Promise<void> {
  await client.query('begin');
  await enter(context, client, piece);
  for (const part of parts) await execute(context, client, { piece, ...part });
  // Whatever is checked only at the end fails here, where the script can be named; and the ledger is written as who we are.
  await execute(context, client, {
    piece,
    text: 'set constraints all immediate; reset session authorization; reset role',
    offset: undefined,
  });
  await noteApplied(context.ledger, piece.key, versionOf(context, piece), client);
  await client.query('commit');
  if (piece.record.attempt) await endAttempt(context.ledger, piece.key);
}

async function runByStatement(
  context: Context,
  client: TaskClient,
  piece: DuePiece,
  parts: readonly ScriptPart[],
): Promise<void> {
  const { ledger } = context;
  const { attempt } = piece.record;
  const version = versionOf(context, piece);
  if (attempt?.state !== 'running' || (await mayRunAgain(context, piece, attempt))) {
    await enter(context, client, piece);
    await noteAttempt(ledger, piece.key, { ...version, state: 'running' });
    for (const part of parts) await execute(context, client, { piece, ...part });
  }
  await noteApplied(ledger, piece.key, version);
  await endAttempt(ledger, piece.key);
}

function versionOf({ runId }: Context, { digest }: Piece): ScriptVersion {
  return { sha256: digest, run: runId };
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
async function mayRunAgain(context: Context, piece: Piece, before: ScriptVersion): Promise<boolean> {
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
