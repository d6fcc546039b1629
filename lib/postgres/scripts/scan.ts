/** A statement as psql would send it: where it lies in the text (UTF-16 offsets, end exclusive) and on which lines (1-based). */
export interface ScannedStatement {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly startLine: number;
  /** The line on which it ended: the one that psql names in errors. */
  readonly endLine: number;
  /** The backslash command that sent it, in place of a semicolon: "\gexec". */
  readonly sentBy?: string;
}

/** A backslash command of psql, outside of strings and comments. */
interface PsqlCommand {
  /** With its backslash: "\connect". */
  readonly name: string;
  readonly text: string;
  readonly start: number;
  readonly line: number;
}

/** A script, read by psql's rules. */
export interface ScannedScript {
  readonly statements: readonly ScannedStatement[];
  readonly commands: readonly PsqlCommand[];
  /** Statements that read their data from the lines that follow them. */
  readonly copies: readonly ScannedStatement[];
}

/**
 * What is skipped as a whole: comments, strings of each kind, quoted identifiers, dollar quotes. Written so that no group is repeated
 * for each character: a literal of many megabytes would exhaust the stack.
 */
const opaque =
  /--[^\n]*|\/\*|[eE]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'?|'[^']*(?:''[^']*)*'?|"[^"]*(?:""[^"]*)*"?|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\\[A-Za-z!?;+]*[^\n]*|[\s\S]/y;

/**
 * Splits a script as psql does (source: psqlscan.l): at semicolons outside of strings, comments, parentheses and `BEGIN ATOMIC`
 * bodies. It never fails: what is wrong in a script, PostgreSQL says better.
 */
export function scanScript(script: string): ScannedScript {
  const statements: ScannedStatement[] = [];
  const commands: PsqlCommand[] = [];
  const copies: ScannedStatement[] = [];
  const starts = lineStarts(script);
  const lineOf = (offset: number): number => lineAt(starts, offset);
  let start = -1;
  let depth = 0;
  let words: string[] = [];
  let blocks = 0;
  let at = 0;

  const close = (end: number, sentBy?: string): void => {
    if (start >= 0) {
      const text = script.slice(start, end);
      const statement = {
        text,
        start,
        end,
        startLine: lineOf(start),
        endLine: lineOf(Math.max(start, end - 1)),
      };
      statements.push(sentBy === undefined ? statement : { ...statement, endLine: lineOf(at), sentBy });
      if (/^copy\b[\s\S]*\bfrom\s+(?:stdin|pstdin)\b/i.test(text)) {
        copies.push(statement);
        at = endOfCopyData(script, at);
      }
    }
    [start, depth, blocks, words] = [-1, 0, 0, []];
  };

  while (at < script.length) {
    opaque.lastIndex = at;
    const piece = opaque.exec(script)?.[0] ?? script.charAt(at);
    const from = at;
    at += piece.length;
    if (piece.startsWith('--') || /^\s$/.test(piece)) continue;
    if (piece === '/*') {
      at = endOfComment(script, at);
      continue;
    }
    if (piece.startsWith('\\')) {
      const name = /^\\[A-Za-z]*[^\sA-Za-z]?/.exec(piece)?.[0] ?? piece;
      commands.push({ name: name.trim(), text: piece.trim(), start: from, line: lineOf(from) });
      if (/^\\(g|gx|gexec|gset|gdesc|crosstabview|watch|;)$/.test(name.trim())) close(from, name.trim());
      continue;
    }
    if (piece === ';' && depth === 0 && blocks === 0) {
      close(from + 1);
      continue;
    }
    if (start < 0) start = from;
    if (piece.startsWith('$') && piece.length > 1) at = endOfDollarQuote(script, piece, at);
    else if (piece === '(') depth++;
    else if (piece === ')') depth = Math.max(0, depth - 1);
    else if (/^[a-z_]+$/i.test(piece)) {
      blocks = countBlocks(words, piece.toLowerCase(), blocks);
      if (words.length < 5) words.push(piece.toLowerCase());
    }
  }
  close(script.length);
  return { statements, commands, copies };
}

/** psql counts BEGIN, CASE and END in the body of a function or procedure, so that its semicolons do not end the statement. */
function countBlocks(words: readonly string[], word: string, blocks: number): number {
  const makesRoutine =
    words[0] === 'create' && words.some((each) => each === 'function' || each === 'procedure');
  if (!makesRoutine) return 0;
  if (word === 'begin') return blocks + 1;
  if (word === 'case' && blocks > 0) return blocks + 1;
  return word === 'end' ? Math.max(0, blocks - 1) : blocks;
}

function endOfComment(script: string, from: number): number {
  let depth = 1;
  let at = from;
  while (at < script.length && depth > 0) {
    const two = script.slice(at, at + 2);
    if (two === '/*') depth++;
    if (two === '*/') depth--;
    at += two === '/*' || two === '*/' ? 2 : 1;
  }
  return at;
}

function endOfDollarQuote(script: string, tag: string, from: number): number {
  const end = script.indexOf(tag, from);
  return end < 0 ? script.length : end + tag.length;
}

/** The data of COPY … FROM stdin: from the next line to the line "\.". */
function endOfCopyData(script: string, from: number): number {
  const end = /^\\\.\r?$/m.exec(script.slice(from));
  return end ? from + end.index + end[0].length : script.length;
}

/** Where the lines of a text begin. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The line (1-based) on which an offset stands. */
export function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
