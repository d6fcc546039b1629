import { BootstrapError } from './bootstrap-error.js';
import type { ErrorCode } from './codes.js';
import { asError } from './thrown.js';

/** The exit code of the command for a failure that ended it before, or outside, a run. */
export function exitCodeOf(error: unknown): number {
  const fault = asError(error);
  if (!(fault instanceof BootstrapError)) return 70;
  const { code, facts } = fault.problems[0];
  if (code === 'DBB5020' && facts?.signal === 'SIGINT') return 130;
  if (code === 'DBB5020' && facts?.signal === 'SIGTERM') return 143;
  return exitCodeOfCode(code);
}

function exitCodeOfCode(code: ErrorCode): number {
  if (code === 'DBB4008') return 4;
  if (code === 'DBB5016') return 124;
  if (code === 'DBB4005' || code === 'DBB4006' || code === 'DBB4020') return 2;
  switch (code.charAt(3)) {
    case '1':
    case '2':
    case '3':
      return 2;
    case '8':
      return 5;
    case '9':
      return 70;
    default:
      return 1;
  }
}
