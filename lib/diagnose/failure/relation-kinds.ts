/** What pg_class calls the relations that a word of SQL may mean. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  index: ['i', 'I'],
  sequence: ['S'],
  view: ['v'],
  'materialized view': ['m'],
};

/** The values of `relkind` for "index", "view", …; for a table, whatever rows can be read from. */
export function relationKinds(kind: string): readonly string[] {
  return kinds[kind] ?? ['r', 'p', 'v', 'm', 'f', 'S'];
}

/** The word for a relation: "table" where only its name is known. */
export function relationWord(kind: string | undefined): string {
  return kind !== undefined && kind in kinds ? kind : 'table';
}
