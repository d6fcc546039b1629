/** Bytes of a name that PostgreSQL keeps; it cuts off the rest and says so to nobody who logs in. */
export const longestName = 63;

/** An identifier as SQL text: always quoted, so that capitals and odd characters survive. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as an SQL literal. */
export function quoteLiteral(text: string): string {
  const escaped = text.replaceAll("'", "''");
  return text.includes('\\') ? ` E'${escaped.replaceAll('\\', '\\\\')}'` : `'${escaped}'`;
}
