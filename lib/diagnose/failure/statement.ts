/** The tables that a statement names, by their plain names, in order. Good enough to ask the catalog about them. */
export function tablesIn(statement: string | undefined): string[] {
  if (statement === undefined) return [];
  const name = `(?:"[^"]+"|[\\w$]+)`;
  const pattern = new RegExp(
    `\\b(?:from|join|into|update|table|only|references|on)\\s+(?:${name}\\.)?(${name})`,
    'gi',
  );
  const found = [...statement.matchAll(pattern)].map(([, each = '']) => each.replace(/^"|"$/g, ''));
  return [...new Set(found)];
}
