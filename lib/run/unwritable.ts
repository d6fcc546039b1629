import { asError, type Problem } from '../errors/index.js';

/** A warning about a folder of our own that cannot be written, and what is lost by that: what the run does is not. */
export function unwritable(path: string, error: unknown, lost: string): Problem {
  return {
    code: 'DBB4030',
    severity: 'warning',
    message: `"${path}" cannot be written (${nameOf(error)}), so ${lost}`,
    help: mending(error, path),
  };
}

/** The system's short name for a failure to write. */
export function nameOf(error: unknown): string {
  const { code, message }: NodeJS.ErrnoException = asError(error);
  return code ?? message;
}

/** What to do about a folder that cannot be written. */
export function mending(error: unknown, folder: string): string {
  switch (nameOf(error)) {
    case 'ENOSPC':
      return 'make room on the disk';
    case 'EDQUOT':
      return 'make room within the quota of the user who runs db-bootstrap';
    case 'EFBIG':
      return 'raise the limit of the size of files: ulimit -f';
    case 'EROFS':
      return 'keep the config in a file system that can be written';
    case 'EFTYPE':
      return `remove the link, the pipe or the device that stands in the place of a file in ${folder}`;
    case 'ENOTDIR':
      return `remove the file that stands where a part of this path has to be a folder: ${folder}`;
    default:
      return 'make the folder of the config writable for the user who runs db-bootstrap';
  }
}
