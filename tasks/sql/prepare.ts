import type { TaskContext } from '../../config/define.js';
import type { Problem } from '../../lib/errors/index.js';
import {
  asOneTransaction,
  openTransaction,
  splitScript,
  type OpenTransaction,
  type SplitRefusal,
  type TransactionRefusal,
} from '../../lib/postgres/index.js';
import type { SqlOptions } from '../sql.js';
import { placeIn } from './failure.js';
import type { Piece } from './pieces.js';

/** What of a script is sent at a time, and where that begins in the script. */
export interface ScriptPart {
  readonly text: string;
  readonly offset: number;
}

/** Reads each script once, however many schemas it runs in; what cannot be run is refused before anything runs. By digest. */
export async function prepareScripts(
  context: TaskContext<SqlOptions>,
  pieces: readonly Piece[],
): Promise<ReadonlyMap<string, readonly ScriptPart[]>> {
  const prepared = new Map<string, readonly ScriptPart[]>();
  for (const piece of pieces) {
    if (!prepared.has(piece.digest)) prepared.set(piece.digest, await partsOf(context, piece));
  }
  return prepared;
}

async function partsOf(context: TaskContext<SqlOptions>, piece: Piece): Promise<readonly ScriptPart[]> {
  // A whole script is one message, so the server counts positions from its beginning.
  const read = context.options.transaction ? asOneTransaction(piece.text) : await splitScript(piece.text);
  if ('refusal' in read) throw context.fail(refusalOf(context, piece, read.refusal));
  const open = context.options.transaction ? undefined : openTransaction(piece.text);
  if (open) throw context.fail(refusalOf(context, piece, { ...open, reason: 'open' }));
  return 'statements' in read ? read.statements : [{ text: read.text, offset: 0 }];
}

/** Why a script is not run. */
export function refusalOf(
  context: TaskContext<SqlOptions>,
  piece: Piece,
  refusal: SplitRefusal | TransactionRefusal | (OpenTransaction & { readonly reason: 'open' }),
): Problem {
  const { line, column } = refusal;
  const place = { ...placeIn(context, piece), line, column, source: piece.text.split('\n')[line - 1] ?? '' };
  const notes = [{ label: 'not done', text: 'no script was run' }];
  switch (refusal.reason) {
    case 'syntax':
      return { code: 'DBB5004', message: refusal.message, place, notes, help: 'correct the statement' };
    case 'open':
      return {
        code: 'DBB5004',
        message: `"${piece.name}" leaves the transaction that begins in line ${String(line)} open: PostgreSQL would roll its work back`,
        place,
        notes,
        help: 'end the file with "commit;"',
      };
    case 'transaction':
      return {
        code: 'DBB5004',
        message: `"${piece.name}" ends or changes the transaction that it runs in: "${refusal.text}"`,
        place,
        notes,
        help: `set "transaction: false" for task "${context.task}", or leave only pairs of BEGIN and COMMIT in the script`,
      };
    default:
      return {
        code: 'DBB5007',
        message: `"${piece.name}" holds something that only psql understands: ${refusal.text}`,
        place,
        notes,
        help: 'write the file without commands of psql',
      };
  }
}
