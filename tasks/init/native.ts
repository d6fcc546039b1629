import type { TaskContext } from '../../config/define.js';
import { BootstrapError, type Problem } from '../../lib/errors/index.js';
import {
  characterOffset,
  decodeScript,
  splitScript,
  type SplitRefusal,
  type SplitStatement,
} from '../../lib/postgres/index.js';
import { toUtf8 } from '../encoding.js';
import type { DueFile } from './decide.js';
import type { InitFile } from './folder.js';
import { scriptBytes } from './script-text.js';

/** Runs SQL files without psql: statement by statement, each by itself, on one session per file. */
export interface NativeRunner {
  run(file: InitFile): Promise<void>;
}

/** Reads and splits all SQL files before anything runs, so that what needs psql is found at once. */
export async function prepareNative(
  context: TaskContext<unknown>,
  due: readonly DueFile[],
  database: string,
): Promise<NativeRunner> {
  const scripts = new Map<string, readonly SplitStatement[]>();
  for (const { file } of due) {
    if (!file.kind.startsWith('sql')) continue;
    const decoded = decodeScript(await scriptBytes(context, file));
    if (!('text' in decoded)) throw context.fail(notUtf8(file, decoded));
    const { text } = decoded;
    const split = await splitScript(text);
    if ('refusal' in split) throw context.fail(refusalOf(file, split.refusal, text));
    scripts.set(file.name, split.statements);
  }
  return {
    async run(file) {
      context.log.info(`${file.name}: without psql, statement by statement`);
      await context.database.withClient(
        async (client) => {
          for (const statement of scripts.get(file.name) ?? []) {
            await client.query(statement.text).catch((error: unknown) => {
              throw statementFailure(context, file, statement, error);
            });
          }
        },
        database === context.database.name ? {} : { database },
      );
    },
  };
}

/** psql sends bytes as they are, and the server judges them; here they would become other characters first. */
function notUtf8(file: InitFile, { line, byte }: { readonly line: number; readonly byte: number }): Problem {
  return {
    code: 'DBB5005',
    message: `"${file.shown}" is not UTF-8: line ${line} holds the byte 0x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    place: { file: file.shown, line },
    notes: [{ label: 'not done', text: 'no init script was run' }],
    help: toUtf8(file.shown, byte),
    facts: { sqlstate: '22021' },
  };
}

function refusalOf(file: InitFile, refusal: SplitRefusal, text: string): Problem {
  const { line, column } = refusal;
  const source = text.split(/\r?\n/)[line - 1] ?? '';
  const place = { file: file.shown, line, column, source };
  const notes = [{ label: 'not done', text: 'no init script was run' }];
  if (refusal.reason === 'syntax') {
    return {
      code: 'DBB5005',
      message: `${refusal.message} in "${file.shown}"`,
      place,
      notes,
      facts: { sqlstate: '42601' },
    };
  }
  const what = {
    'psql-command': 'a command of psql',
    'psql-variable': 'a variable of psql',
    'copy-data': 'data for COPY, which only psql sends',
  }[refusal.reason];
  return {
    code: 'DBB5007',
    message: `"${file.shown}" holds ${what} (${refusal.text}), and psql is not on the PATH`,
    place: { ...place, length: Math.min(refusal.text.length, Math.max(1, source.length - column + 1)) },
    notes,
    help: 'install psql (Debian: apt install postgresql-client), or write the file without it',
  };
}

function statementFailure(
  context: TaskContext<unknown>,
  file: InitFile,
  statement: SplitStatement,
  error: unknown,
): Error {
  if (!(error instanceof BootstrapError) || error.problems[0].facts?.sqlstate === undefined)
    return error as Error;
  const [problem] = error.problems;
  return context.fail(
    {
      ...problem,
      // What the server said of the statement is the script's failure; a lost connection stays one.
      code: ofStatement.has(problem.code) ? 'DBB5005' : problem.code,
      place: { file: file.shown, ...placeOf(statement, problem.facts?.position) },
      notes: (problem.notes ?? []).filter(({ label }) => label !== 'statement'),
      help: problem.help ?? `correct "${file.name}", then run again: it goes on at this file`,
      facts: { ...problem.facts, script: file.name, statement: statement.text },
    },
    error,
  );
}

const ofStatement: ReadonlySet<string> = new Set(['DBB5004', 'DBB4014']);

/** Where PostgreSQL points in a statement (it counts characters from 1), as a place in the file. */
function placeOf(
  statement: SplitStatement,
  position = 1,
): { line: number; column: number; length: number; source: string } {
  const before = statement.text.slice(0, characterOffset(statement.text, position - 1));
  const inStatement = before.split('\n').length - 1;
  const start = before.lastIndexOf('\n') + 1;
  // The statement's first line may stand behind others on its line of the file: its own text is enough for the excerpt.
  const indent = inStatement === 0 ? statement.column - 1 : 0;
  const source = ' '.repeat(indent) + (statement.text.split(/\r?\n/)[inStatement] ?? '');
  const column = indent + before.length - start + 1;
  const word = /^[\w$"'.\u0080-\uffff]+/.exec(source.slice(column - 1))?.[0];
  return { line: statement.line + inStatement, column, length: word?.length ?? 1, source };
}
