import { scanScript, type ScannedStatement } from './scan.js';

/** An error that psql printed. */
export interface PsqlError {
  /** The file as psql names it; undefined for standard input and single commands. */
  readonly file?: string;
  /** The line of the script on which the statement ended (1-based). */
  readonly line?: number;
  readonly message: string;
  readonly sqlstate?: string;
  /** The line of the statement that PostgreSQL shows (1-based), as far as psql shows it, and in which column of the screen its caret stands (0-based). */
  readonly excerpt?: { readonly line: number; readonly text: string; readonly caret: number };
  /** DETAIL, HINT, CONTEXT and such, by their labels in lower case. */
  readonly notes: readonly { readonly label: string; readonly text: string }[];
}

/** The last error in what psql printed (with ON_ERROR_STOP there is no other); codes are known with VERBOSITY=verbose. */
export function parsePsqlError(output: string): PsqlError | undefined {
  const lines = output.replace(/\r\n/g, '\n').split('\n');
  const heads = lines.flatMap((line, index) => {
    const match = /^(?:psql:(.+?):(\d+): )?(?:ERROR|FATAL|PANIC): +(?:([0-9A-Z]{5}): )?(.*)$/.exec(line);
    return match ? [{ index, match }] : [];
  });
  const head = heads[heads.length - 1];
  if (!head) return undefined;
  const [, file, line, sqlstate, message = ''] = head.match;
  const body = lines.slice(head.index + 1);
  const excerpt = excerptOf(body);
  return {
    ...(file === undefined || file === '<stdin>' ? {} : { file }),
    ...(line === undefined ? {} : { line: Number(line) }),
    message,
    ...(sqlstate === undefined ? {} : { sqlstate }),
    ...(excerpt ? { excerpt } : {}),
    notes: body.flatMap((each) => {
      const match = /^(DETAIL|HINT|CONTEXT|QUERY): +(.*)$/.exec(each);
      return match ? [{ label: (match[1] ?? '').toLowerCase(), text: match[2] ?? '' }] : [];
    }),
  };
}

/** Where an error stands in its script: line and column (1-based), how much to underline, and the statement. */
export interface ScriptPlace {
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly source: string;
  readonly statement?: string;
}

/** Finds the place of an error in the script: where PostgreSQL points, else the first line of the statement. */
export function placeInScript(script: string, error: PsqlError): ScriptPlace | undefined {
  if (error.line === undefined) return undefined;
  const lines = script.split(/\r?\n/);
  const statement = statementAt(script, error);
  if (!statement) return whole(lines, error.line);
  const found = error.excerpt && pointedAt(lines, statement, error.excerpt);
  return { ...(found ?? whole(lines, statement.startLine)), statement: statement.text };
}

/** An output of psql without what only its verbose mode prints: SQLSTATEs, and places in PostgreSQL's own source. */
export function plainPsqlOutput(output: string): string {
  return output
    .replace(/^LOCATION: {2}.*\r?\n?/gm, '')
    .replace(/^((?:psql:.+?:\d+: )?[A-Z]+: {2})[0-9A-Z]{5}: /gm, '$1');
}

function excerptOf(body: readonly string[]): PsqlError['excerpt'] {
  const index = body.findIndex((line) => /^LINE \d+: /.test(line));
  const match = /^LINE (\d+): (.*)$/.exec(body[index] ?? '');
  const caret = /^ *\^/.exec(body[index + 1] ?? '')?.[0].length;
  if (!match || caret === undefined) return undefined;
  const prefix = `LINE ${match[1]}: `.length;
  return { line: Number(match[1]), text: match[2] ?? '', caret: caret - 1 - prefix };
}

function statementAt(script: string, error: PsqlError): ScannedStatement | undefined {
  const ending = scanScript(script).statements.filter(({ endLine }) => endLine === error.line);
  const shown = error.excerpt?.text.replace(/^\.\.\.|\.\.\.$/g, '').trim();
  return ending.find(({ text }) => shown !== undefined && tabless(text).includes(shown)) ?? ending[0];
}

function pointedAt(
  lines: readonly string[],
  statement: ScannedStatement,
  excerpt: NonNullable<PsqlError['excerpt']>,
): ScriptPlace | undefined {
  const line = statement.startLine + excerpt.line - 1;
  const source = lines[line - 1];
  if (source === undefined) return undefined;
  // psql cuts long lines and says so with dots.
  const cut = excerpt.text.startsWith('...') ? 3 : 0;
  const shown = excerpt.text.replace(/^\.\.\.|\.\.\.$/g, '');
  const offset = tabless(source).indexOf(shown);
  if (offset < 0) return undefined;
  const column = offset + unitsOf(shown, excerpt.caret - cut) + 1;
  const word = /^(?:"[^"]*"|'[^']*'|[\w$\u0080-\uffff.]+)/.exec(source.slice(column - 1))?.[0];
  return { line, column, length: word?.length ?? 1, source };
}

/** A text as psql shows it: each tab is one blank. */
function tabless(text: string): string {
  return text.replace(/\t/g, ' ');
}

/** Characters that take two columns of a screen, by the tables of Unicode that libpq places its caret with; all others count as one, also marks. */
const wide =
  /(?!\p{Regional_Indicator})[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;

/** How many UTF-16 units of a text stand before a column of the screen. */
function unitsOf(text: string, columns: number): number {
  let [units, seen] = [0, 0];
  for (const character of text) {
    if (seen >= columns) break;
    seen += wide.test(character) ? 2 : 1;
    units += character.length;
  }
  return units;
}

function whole(lines: readonly string[], line: number): ScriptPlace {
  const source = lines[line - 1] ?? '';
  const text = source.trim();
  return { line, column: source.indexOf(text) + 1, length: Math.max(1, text.length), source };
}
