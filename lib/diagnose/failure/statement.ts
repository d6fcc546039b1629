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

/** The facts that PostgreSQL's parser finds in the failed statement. */
export interface ParsedStatement {
  /** The relations that the statement names, in order, with their aliases. */
  readonly relations: readonly { readonly name: string; readonly alias?: string }[];
  /** The kind of object that an ALTER or a DROP changes, such as "index". */
  readonly kind?: string;
  /** The rename that the statement executes. */
  readonly renames?: {
    readonly kind: string;
    readonly from: string;
    readonly to: string;
    readonly table?: string;
  };
}

type Tree = Readonly<Record<string, unknown>>;

/**
 * Parses a text of statements, and reads the one in which PostgreSQL found the error: by the position (in characters, from 1), else the
 * only one that names the object. Undefined for what cannot be parsed, such as a line of a statement.
 */
export async function parseStatement(
  text: string | undefined,
  { position, name }: { readonly position?: number; readonly name?: string },
): Promise<ParsedStatement | undefined> {
  if (text === undefined) return undefined;
  const { parse } = await import('libpg-query');
  // PostgreSQL's parser does not accept the placeholders of a driver (%s).
  const sql = text.replace(/%(?:\(\w+\))?s/g, 'null');
  const tree = await parse(sql).catch(() => undefined);
  if (!tree) return undefined;
  const at =
    position === undefined
      ? undefined
      : Buffer.byteLength(
          Array.from(sql)
            .slice(0, position - 1)
            .join(''),
        );
  const read = (tree.stmts ?? []).map(({ stmt, stmt_location: from = 0, stmt_len: length = 0 }) => ({
    end: length === 0 ? Infinity : from + length,
    ...readTree(stmt as Tree),
  }));
  const [first] = read;
  if (at !== undefined) return read.find(({ end }) => at <= end) ?? first;
  return read.find(({ relations }) => relations.some((each) => each.name === name)) ?? first;
}

function readTree(tree: Tree): ParsedStatement {
  const [[type, node] = []] = Object.entries(tree) as [string, Tree][];
  const kind = kindOf(node?.renameType ?? node?.removeType ?? node?.objtype);
  const renames = type === 'RenameStmt' && node ? renamesOf(node, kind) : undefined;
  return {
    relations: relationsOf(tree),
    ...(kind === undefined ? {} : { kind }),
    ...(renames === undefined ? {} : { renames }),
  };
}

/** "index" of "OBJECT_INDEX". */
function kindOf(type: unknown): string | undefined {
  if (typeof type !== 'string') return undefined;
  const kind = type
    .replace(/^OBJECT_/, '')
    .toLowerCase()
    .replace('tabconstraint', 'constraint');
  return kind === 'matview' ? 'materialized view' : kind;
}

function renamesOf(node: Tree, kind = 'table'): ParsedStatement['renames'] {
  const { relname: relation } = (node.relation ?? {}) as { readonly relname?: string };
  const from = typeof node.subname === 'string' ? node.subname : (relation ?? stringsOf(node.object).at(-1));
  if (from === undefined) return undefined;
  return {
    kind,
    from,
    to: String(node.newname),
    ...(typeof node.subname === 'string' && relation !== undefined ? { table: relation } : {}),
  };
}

function relationsOf(tree: unknown): ParsedStatement['relations'] {
  return nodesOf(tree).flatMap(([key, node]) => {
    const { relname, alias } = node as {
      readonly relname?: unknown;
      readonly alias?: { aliasname?: string };
    };
    if (typeof relname !== 'string' || !['RangeVar', 'relation'].includes(key)) return [];
    const named = alias?.aliasname;
    return [{ name: relname, ...(named === undefined ? {} : { alias: named }) }];
  });
}

function stringsOf(tree: unknown): readonly string[] {
  return nodesOf(tree).flatMap(([, node]) => (typeof node.sval === 'string' ? [node.sval] : []));
}

/** Every object of a syntax tree, with the key of the property that holds it. */
function nodesOf(tree: unknown): readonly (readonly [string, Tree])[] {
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null ? [[key, value as Tree] as const, ...nodesOf(value)] : [],
  );
}
