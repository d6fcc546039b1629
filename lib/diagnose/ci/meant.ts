import type { ShellCommand } from './shell.js';

/** Whether a command brings the database to another state, whose failure nobody takes for a detail. */
export function isMigration(work: string): boolean {
  return /^(?:migrate|migrate_schemas|sync_schemas|loaddata)$/.test(work);
}

/** Which failures of a command are hidden with it. */
export function hiddenBy(work: string): string {
  if (/^(?:migrate|migrate_schemas|sync_schemas)$/.test(work))
    return 'migrations that fail half way, settings that do not import, a database that is another';
  if (work === 'makemigrations') return 'settings and models that do not import, migrations that conflict';
  if (work === 'psql') return 'SQL errors, a server that does not answer, a role that does not exist';
  if (/^create/.test(work)) return 'missing rights, a server that does not answer, names that clash';
  return 'errors in the data, tables that do not exist, a database that is another';
}

/** What statements meet that has been done before: the SQLSTATE, and why that is harmless. */
const repeated: readonly (readonly [statement: RegExp, sqlstate: string, reason: string])[] = [
  [/\bcreate\s+(?:role|user)\b/i, '42710', 'the role may exist'],
  [/\bcreate\s+database\b/i, '42P04', 'the database may exist'],
  [/\bcreate\s+extension\b/i, '42710', 'the extension may exist'],
  [/\bcreate\s+schema\b/i, '42P06', 'the schema may exist'],
  [/\bcreate\s+(?:unlogged\s+)?table\b/i, '42P07', 'the table may exist'],
  [/\binsert\s+into\b/i, '23505', 'the rows may exist'],
  [/\bdrop\s+database\b/i, '3D000', 'the database may be gone'],
  [/\bdrop\s+schema\b/i, '3F000', 'the schema may be gone'],
  [/\bdrop\s+table\b/i, '42P01', 'the table may be gone'],
  [/\bdrop\s+(?:role|user)\b/i, '42704', 'the role may be gone'],
];
const programs: Readonly<Record<string, readonly [sqlstate: string, reason: string]>> = {
  createdb: ['42P04', 'the database may exist'],
  dropdb: ['3D000', 'the database may be gone'],
  createuser: ['42710', 'the role may exist'],
  dropuser: ['42704', 'the role may be gone'],
};

/** The repair that says what a person usually meant by hiding every failure of a command. */
export function meantBy(work: string, command?: ShellCommand): string {
  if (/^(?:migrate|migrate_schemas|makemigrations|sync_schemas|flush|sqlflush|pg_dump)$/.test(work))
    return 'remove what hides it: no failure of it is harmless';
  const text = `${command?.words.map((word) => word.text).join(' ') ?? ''} ${command?.heredoc ?? ''}`;
  const [, ...statement] = (work === 'psql' && repeated.find(([pattern]) => pattern.test(text))) || [];
  const [sqlstate, reason] =
    programs[work] ?? (statement.length > 0 ? statement : ['23505', 'the rows may exist']);
  return `run it as a task that tolerates what was meant, such as tolerate: [{ sqlstate: '${sqlstate}', reason: ${reason} }]`;
}
