import type { TaskClient, TaskContext } from '../../config/define.js';
import { BootstrapError } from '../../lib/errors/index.js';
import { characterOffset, judgeRepeatable, quoteIdentifier, splitScript } from '../../lib/postgres/index.js';
import type { SqlOptions } from '../sql.js';
import { entryOf, type Piece, type PieceEntry } from './pieces.js';

type Context = TaskContext<SqlOptions>;

/** Runs one script in one schema, and writes down that it was. */
export async function runPiece(context: Context, piece: Piece): Promise<void> {
  const { options, database, ledger, runId } = context;
  const entry = (
    state: PieceEntry['state'],
  ): { state: PieceEntry['state']; digest: string; run: string } => ({
    state,
    digest: piece.digest,
    run: runId,
  });
  context.log.info(piece.schema === undefined ? piece.name : `${piece.name} in ${piece.schema}`);
  if (options.transaction) {
    const work = async (client: TaskClient): Promise<void> => {
      await enter(client, piece.schema, 'set local');
      // The whole script is one message, so the server counts positions from its beginning.
      await execute(context, client, piece, piece.text, 0);
      await leave(client);
      await ledger.set(piece.key, entry('done'), client);
    };
    try {
      await database.transaction(work);
    } catch (error) {
      // A ledger of files knows no transactions: what was not committed must not count as done.
      await ledger.delete(piece.key).catch(() => undefined);
      throw error;
    }
    return;
  }
  const before = entryOf((await ledger.entries()).get(piece.key));
  if (before?.state === 'running' && !(await mayRunAgain(context, piece, before))) {
    await ledger.set(piece.key, entry('done'));
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
      place: { file: piece.name, line, column, source: piece.text.split('\n')[line - 1] ?? '' },
      help: 'write the file without commands of psql',
    });
  }
  await database.withClient(async (client) => {
    await enter(client, piece.schema, 'set');
    await ledger.set(piece.key, entry('running'));
    let from = 0;
    for (const { text } of split.statements) {
      from = piece.text.indexOf(text, from);
      await execute(context, client, piece, text, Math.max(0, from));
      from += text.length;
    }
  });
  await ledger.set(piece.key, entry('done'));
}

async function enter(
  client: TaskClient,
  schema: string | undefined,
  set: 'set' | 'set local',
): Promise<void> {
  if (schema !== undefined) await client.query(`${set} search_path to ${quoteIdentifier(schema)}, public`);
}

/** The ledger's own statement must find its table whatever the script has set. */
async function leave(client: TaskClient): Promise<void> {
  await client.query('reset role');
}

async function execute(
  context: Context,
  client: TaskClient,
  piece: Piece,
  text: string,
  offset: number,
): Promise<void> {
  try {
    await client.query(text);
  } catch (error) {
    if (!(error instanceof BootstrapError) || error.problems[0].facts?.sqlstate === undefined) throw error;
    const [problem] = error.problems;
    const position = problem.facts?.position;
    const at = offset + (position === undefined ? 0 : characterOffset(text, position - 1));
    const line = piece.text.slice(0, at).split('\n').length;
    const start = piece.text.lastIndexOf('\n', at - 1) + 1;
    throw context.fail(
      {
        ...problem,
        place: {
          file: piece.name,
          ...(position === undefined && offset === 0
            ? {}
            : { line, column: at - start + 1, source: piece.text.split('\n')[line - 1] ?? '' }),
        },
        notes: [
          ...(piece.schema === undefined ? [] : [{ label: 'schema', text: piece.schema }]),
          ...(problem.notes ?? []).filter(({ label }) => label !== 'statement'),
        ],
        facts: { ...problem.facts, ...(piece.schema === undefined ? {} : { schema: piece.schema }) },
      },
      error,
    );
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
    place: { file: piece.name },
    notes: [
      {
        label: 'not repeated',
        text: `line ${String(verdict.line)} would be done twice: ${verdict.statement}`,
      },
    ],
    help: `look at the database, then run again with --set tasks.${context.task}.interrupted=again (or =done)`,
  });
}
