import type { TaskContext } from '../../config/define.js';
import { BootstrapError, type Place } from '../../lib/errors/index.js';
import { characterOffset, splitScript, type SplitRefusal } from '../../lib/postgres/index.js';
import type { SqlOptions } from '../sql.js';
import type { Piece } from './pieces.js';
import { refusalOf } from './prepare.js';

/**
 * What to throw for a failed statement: with the file, the statement's place in it, and the schema. `offset` is where `text` begins in the script; undefined where it is none of it.
 */
export async function failureOf(
  context: TaskContext<SqlOptions>,
  { piece, text, offset, error }: { piece: Piece; text: string; offset: number | undefined; error: unknown },
): Promise<unknown> {
  if (!(error instanceof BootstrapError)) return error;
  const [problem] = error.problems;
  const { sqlstate, position, completed, statement, ...facts } = problem.facts ?? {};
  if (sqlstate === undefined) return error;
  const variable = sqlstate === '42601' && offset !== undefined ? await variableIn(text) : undefined;
  if (variable) return context.fail(refusalOf(context, piece, variable), error);
  const found =
    offset === undefined ? undefined : await partOf(text, { position, completed: Number(completed ?? 0) });
  const at = found === undefined || offset === undefined ? undefined : offset + found.at;
  const help = helpOf(sqlstate, context) ?? problem.help;
  return context.fail(
    {
      ...problem,
      place: placeIn(context, piece, at),
      notes: [
        ...(piece.schema === undefined ? [] : [{ label: 'schema', text: piece.schema }]),
        ...(problem.notes ?? []).filter(({ label }) => label !== 'statement'),
      ],
      ...(help === undefined ? {} : { help }),
      facts: {
        ...facts,
        sqlstate,
        // Of a whole script only the statement that failed, and no position that counts from elsewhere.
        ...(statement === undefined || found === undefined ? {} : { statement: found.text }),
        ...(piece.schema === undefined ? {} : { schema: piece.schema }),
      },
    },
    error,
  );
}

/** The variable of psql at which the server's parser stumbled, where it was one. */
async function variableIn(script: string): Promise<SplitRefusal | undefined> {
  const split = await splitScript(script);
  return 'refusal' in split && split.refusal.reason === 'psql-variable' ? split.refusal : undefined;
}

/** Where a piece is, for messages: its file, or the key of the config that holds the text. */
export function placeIn({ options, task }: TaskContext<SqlOptions>, piece: Piece, at?: number): Place {
  const file = options.text === undefined ? piece.name : `tasks.${task}.text`;
  if (at === undefined) return { file };
  const before = piece.text.slice(0, at).split('\n');
  const line = before.length;
  return {
    file,
    line,
    column: (before.at(-1) ?? '').length + 1,
    source: piece.text.split('\n')[line - 1] ?? '',
  };
}

/** The statement that failed and where in the text: the position that the server gave, else the first that it did not complete. */
async function partOf(
  text: string,
  { position, completed }: { readonly position: number | undefined; readonly completed: number },
): Promise<{ readonly text: string; readonly at: number } | undefined> {
  const split = await splitScript(text);
  const statements = 'statements' in split ? split.statements : [];
  if (position !== undefined) {
    const at = characterOffset(text, position - 1);
    return { text: statements.findLast(({ offset }) => offset <= at)?.text ?? text, at };
  }
  const statement = statements[completed];
  return statement === undefined ? undefined : { text: statement.text, at: statement.offset };
}

function helpOf(sqlstate: string, { options, task }: TaskContext<SqlOptions>): string | undefined {
  if (sqlstate !== '25001' || !options.transaction) return undefined;
  return `set "transaction: false" for task "${task}": this statement cannot run inside a transaction`;
}
