/** What a terminal of so many columns shows after a text with escape sequences; enough of one for what listr2 writes. */
export function screenOf(
  output: string,
  columns: number,
): { readonly lines: string[]; readonly cursor: boolean } {
  const rows: string[][] = [[]];
  let row = 0;
  let column = 0;
  let cursor = true;
  const line = (): string[] => (rows[row] ??= []);
  for (const match of output.matchAll(/(\u001b\[([?\d;]*)([A-Za-z]))|([^])/gu)) {
    const [, sequence, args, end, character] = match;
    if (sequence !== undefined) {
      const count = Number(args) || 1;
      if (end === 'A') row = Math.max(0, row - count);
      else if (end === 'G') column = count - 1;
      else if (end === 'K') rows[row] = args === '2' ? [] : line().slice(0, column);
      else if (end === 'J') rows.splice(row + 1);
      else if (end === 'h' && args === '?25') cursor = true;
      else if (end === 'l' && args === '?25') cursor = false;
      else if (end !== 'm' && end !== 'h' && end !== 'l')
        throw new Error(`unknown sequence ${JSON.stringify(sequence)}`);
    } else if (character === '\r') {
      column = 0;
    } else if (character === '\n') {
      row++;
      column = 0;
      line();
    } else if (character !== undefined) {
      if (column >= columns) {
        row++;
        column = 0;
      }
      line()[column++] = character;
    }
  }
  return {
    lines: rows.map((cells) =>
      Array.from(cells, (cell: string | undefined) => cell ?? ' ')
        .join('')
        .trimEnd(),
    ),
    cursor,
  };
}
