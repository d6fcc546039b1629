import type { TaskKind } from '../../config/define.js';
import type { ErrorCode, Problem } from '../errors/index.js';

/** Failures of files: of an interpreter, of what is installed for it, and of a project that does not load. */
const ofFiles: ReadonlySet<ErrorCode> = new Set([
  'DBB6001',
  'DBB6002',
  'DBB6003',
  'DBB6004',
  'DBB6030',
  'DBB6032',
  'DBB6036',
]);

/**
 * Whether failures of a task may be gone once a task of this kind has run before it: waiting cures only what concerns the connection, no
 * statement mends files, what asks the host has the rights of the workflow and grants none, and checks cure nothing.
 */
export function mayCure(kind: TaskKind, found: readonly Problem[]): boolean {
  if (kind.check === true) return false;
  if (found.every(({ code }) => ofFiles.has(code))) return kind.database === false;
  if (found.every(({ code, facts }) => code === 'DBB4014' || facts?.sqlstate === '42501'))
    return kind.host !== true && kind.readies !== true;
  return kind.readies !== true || found.every(({ code }) => code.startsWith('DBB4'));
}
