import { scanScript } from './scan.js';

/** Whether a script can safely run again after it was interrupted anywhere; if not, the first statement that forbids it. */
export type Repeatability =
  | { readonly repeatable: true }
  | { readonly repeatable: false; readonly statement: string; readonly line: number };

/** Commands of psql that change nothing in a database. */
const harmless = new Set(
  [
    'c',
    'connect',
    'echo',
    'qecho',
    'warn',
    'set',
    'unset',
    'pset',
    'timing',
    'encoding',
    'x',
    'a',
    't',
    'q',
    'gexec',
    'conninfo',
  ]
    .concat('l', 'd', 'dt', 'dn', 'du', 'dx', 'df', 'prompt', 'g', 'gx', 'gset')
    .map((name) => `\\${name}`),
);

/**
 * Judges a script by the kinds of its statements, as PostgreSQL's own parser sees them: CREATE … IF NOT EXISTS, CREATE OR REPLACE,
 * DROP … IF EXISTS, GRANT, REVOKE, ALTER … SET, SET, SELECT, COMMENT, INSERT … ON CONFLICT, guarded DO blocks. Everything else is not repeatable.
 */
export async function judgeRepeatable(script: string): Promise<Repeatability> {
  const { parse, hasSqlDetails } = await import('libpg-query');
  const { statements, commands, copies } = scanScript(script);
  const [copy] = copies;
  if (copy) return { repeatable: false, statement: firstLine(copy.text), line: copy.startLine };
  const command = commands.find(({ name }) => !harmless.has(name));
  if (command) return { repeatable: false, statement: command.text, line: command.line };
  for (const { text, startLine, sentBy } of statements) {
    const refused = { repeatable: false, statement: firstLine(text), line: startLine } as const;
    try {
      const tree = await parse(text);
      for (const { stmt } of tree.stmts ?? []) {
        if (!isRepeatable(stmt as Node | undefined, text, sentBy)) return refused;
      }
    } catch (error) {
      // What cannot be parsed (":variables" of psql, an error) cannot be judged.
      if (!hasSqlDetails(error)) throw error;
      return refused;
    }
  }
  return { repeatable: true };
}

type Node = Readonly<Record<string, Fields>>;
interface Fields {
  readonly intoClause?: unknown;
  readonly skipIfNewValExists?: boolean;
  readonly if_not_exists?: boolean;
  readonly missing_ok?: boolean;
  readonly replace?: boolean;
  readonly onConflictClause?: unknown;
  readonly cmds?: readonly {
    readonly AlterTableCmd?: { readonly subtype?: string; readonly missing_ok?: boolean };
  }[];
}

/** Statements that end in the same state however often they run. */
const always = new Set([
  'AlterDatabaseSetStmt',
  'AlterDefaultPrivilegesStmt',
  'AlterOwnerStmt',
  'AlterRoleSetStmt',
  'AlterRoleStmt',
  'AlterSystemStmt',
  'AlterDatabaseStmt',
  'CommentStmt',
  'ConstraintsSetStmt',
  'ExplainStmt',
  'GrantRoleStmt',
  'GrantStmt',
  'NotifyStmt',
  'SecLabelStmt',
  'VacuumStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'ReindexStmt',
  'CheckPointStmt',
  'DiscardStmt',
  'LoadStmt',
  'RefreshMatViewStmt',
  'LockStmt',
  'TransactionStmt',
]);

/** Functions that a query may call and still be repeatable. */
const settledFunctions = new Set(
  [
    'set_config',
    'setval',
    'current_setting',
    'current_database',
    'current_schema',
    'version',
    'now',
    'format',
    'count',
    'max',
    'min',
    'sum',
  ]
    .concat(
      'coalesce',
      'concat',
      'lower',
      'upper',
      'quote_ident',
      'quote_literal',
      'to_regclass',
      'exists',
      'pg_reload_conf',
      'string_agg',
    )
    .concat(
      'array_agg',
      'has_schema_privilege',
      'has_table_privilege',
      'has_database_privilege',
      'length',
      'replace',
      'pg_sleep',
    ),
);

function isRepeatable(node: Node | undefined, text: string, sentBy: string | undefined): boolean {
  if (!node) return true;
  const [kind = '', fields = {}] = Object.entries(node)[0] ?? [];
  if (always.has(kind)) return true;
  switch (kind) {
    case 'SelectStmt':
      // \gexec runs what the rows say; it is the usual way to write "create database if not exists".
      if (sentBy === '\\gexec') return /\bnot\s+exists\b/i.test(text);
      return fields.intoClause === undefined && onlyReads(fields);
    case 'InsertStmt':
      return fields.onConflictClause !== undefined;
    case 'DropStmt':
    case 'DropRoleStmt':
    case 'DropdbStmt':
    case 'DropOwnedStmt':
      return fields.missing_ok === true || kind === 'DropOwnedStmt';
    case 'DoStmt':
      return /\bif\b[\s\S]*?\bnot\s+exists\b|\bexception\s+when\b/i.test(text);
    case 'AlterTableStmt':
      return (fields.cmds ?? []).every(({ AlterTableCmd: each }) => isRepeatableAlter(each));
    default:
      return fields.if_not_exists === true || fields.replace === true || fields.skipIfNewValExists === true;
  }
}

const settledAlters = new Set([
  'AT_ColumnDefault',
  'AT_SetNotNull',
  'AT_DropNotNull',
  'AT_SetStatistics',
  'AT_SetOptions',
  'AT_SetStorage',
  'AT_ChangeOwner',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_EnableTrig',
  'AT_DisableTrig',
  'AT_EnableRowSecurity',
  'AT_DisableRowSecurity',
  'AT_ForceRowSecurity',
  'AT_NoForceRowSecurity',
  'AT_ReplicaIdentity',
]);

function isRepeatableAlter(command: { subtype?: string; missing_ok?: boolean } | undefined): boolean {
  return command !== undefined && (command.missing_ok === true || settledAlters.has(command.subtype ?? ''));
}

/** Whether a query calls no function of unknown effect and holds no statement that writes (WITH … AS (INSERT …)). */
function onlyReads(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(onlyReads);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, inner]: [string, unknown]) => {
    if (/^(Insert|Update|Delete|Merge)Stmt$/.test(key)) return false;
    if (key === 'FuncCall' && !settledFunctions.has(functionName(inner))) return false;
    return onlyReads(inner);
  });
}

function functionName(call: unknown): string {
  const { funcname = [] } = call as { funcname?: readonly { String?: { sval?: string } }[] };
  return funcname[funcname.length - 1]?.String?.sval ?? '';
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}
