/** A value as JSON that PostgreSQL can hold as jsonb: what is no character for it (a zero byte, half a surrogate pair) is replaced. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value).replace(/\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/g, (escape) =>
    escape === '\\\\' ? escape : '\\ufffd',
  );
}

/** The same in ASCII alone, for a database whose encoding lacks a character. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'string' ? each.replace(/[^\x20-\x7e]/gu, '?') : each,
  );
}
