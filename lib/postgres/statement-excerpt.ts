const widest = 160;

/** The line of a statement that holds a position (in characters, from 1), with a caret under it; its first words where there is none. */
export function statementExcerpt(statement: string, position: number): string {
  if (Number.isNaN(position)) return shorten(statement.trimStart().split('\n')[0]?.trimEnd() ?? '');
  const before = Array.from(statement)
    .slice(0, position - 1)
    .join('');
  const from = before.lastIndexOf('\n') + 1;
  const line = statement.slice(from).split('\n')[0]?.trimEnd() ?? '';
  if (before.length - from >= widest) return shorten(line.trim());
  return `${shorten(line)}\n${before.slice(from).replace(/[^\t]/g, ' ')}^`;
}

function shorten(line: string): string {
  return line.length > widest ? `${line.slice(0, widest - 1)}…` : line;
}
