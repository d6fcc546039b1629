import { lineAt, lineStarts, scanScript, type ScannedScript } from './scan.js';

/** A statement that can be sent by itself, and where it begins in its script: line and column from 1, offset in UTF-16 units. */
export interface SplitStatement {
  readonly text: string;
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** Why a script cannot be run without psql, or at all. Positions are 1-based. */
export type SplitRefusal =
  | {
      readonly reason: 'psql-command' | 'copy-data' | 'psql-variable';
      readonly text: string;
      readonly line: number;
      readonly column: number;
    }
  | { readonly reason: 'syntax'; readonly message: string; readonly line: number; readonly column: number };

/** The statements of a script as PostgreSQL's own parser cuts them, or why it needs psql. */
export async function splitScript(
  script: string,
): Promise<{ readonly statements: readonly SplitStatement[] } | { readonly refusal: SplitRefusal }> {
  const scanned = scanScript(script);
  const refusal = psqlRefusal(script, scanned);
  if (refusal) return { refusal };
  // The parser refuses an empty text.
  if (scanned.statements.length === 0) return { statements: [] };
  const { parse, hasSqlDetails } = await import('libpg-query');
  try {
    const tree = await parse(script);
    const bytes = Buffer.from(script);
    const starts = lineStarts(script);
    // One statement after the other: counting each from the beginning would take minutes for a dump.
    let seen = { byte: 0, offset: 0 };
    return {
      statements: (tree.stmts ?? []).map(({ stmt_location: from = 0, stmt_len: length = 0 }) => {
        const end = length === 0 ? bytes.length : from + length;
        seen = { byte: from, offset: seen.offset + bytes.subarray(seen.byte, from).toString().length };
        const raw = bytes.subarray(from, end).toString();
        const skipped = leadingBlank(raw);
        const offset = seen.offset + skipped;
        const line = lineAt(starts, offset);
        return {
          text: raw.slice(skipped).trimEnd(),
          offset,
          line,
          column: offset - (starts[line - 1] ?? 0) + 1,
        };
      }),
    };
  } catch (error) {
    if (!hasSqlDetails(error)) throw error;
    const at = characterOffset(script, error.sqlDetails?.cursorPosition ?? 0);
    const variable = /^:["']?[A-Za-z_]\w*/.exec(script.slice(at))?.[0];
    if (variable !== undefined) {
      return { refusal: { reason: 'psql-variable', text: variable, ...position(script, at) } };
    }
    return { refusal: { reason: 'syntax', message: error.message, ...position(script, at) } };
  }
}

/** The first thing in a script that only psql understands; undefined where the server can take it as it is. */
export function psqlRefusal(script: string, { commands, copies }: ScannedScript): SplitRefusal | undefined {
  const [copy] = copies;
  const [command] = commands;
  if (copy && (!command || copy.start < command.start))
    return { reason: 'copy-data', text: 'COPY … FROM stdin', ...position(script, copy.start) };
  if (!command) return undefined;
  return { reason: 'psql-command', text: command.text, ...position(script, command.start) };
}

/** Line and column (1-based, in UTF-16 units) of an offset in a text. */
function position(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - (before.lastIndexOf('\n') + 1) + 1 };
}

/** The offset of PostgreSQL's n-th character (it counts code points) in UTF-16 units. */
export function characterOffset(text: string, characters: number): number {
  let offset = 0;
  for (let seen = 0; seen < characters && offset < text.length; seen++) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}

/** How much of a statement's start is blank or comment. */
function leadingBlank(text: string): number {
  const [first] = scanScript(text).statements;
  return first?.start ?? 0;
}
