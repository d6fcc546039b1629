import { readFileSync, statSync } from 'node:fs';
import { BootstrapError } from '../lib/errors/index.js';

/** In bytes. A larger file was named by mistake, and would take minutes to read. */
const largest = 1024 * 1024;

/** The text of a regular file in UTF-8, without a byte order mark. Throws where it cannot be read; `unreadableReason` says why. */
export function readTextFile(path: string): string {
  const entry = statSync(path);
  // Reading a pipe or a device could wait without end.
  if (!entry.isFile() && !entry.isDirectory()) throw new Error('it is not a regular file');
  if (entry.size > largest)
    throw new Error(
      `it is too large: ${(entry.size / 1024 / 1024).toFixed(1)} MiB, where 1 MiB is the limit`,
    );
  const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  if (text.includes('\0')) throw new Error('it holds a zero byte, as a file in UTF-16 does');
  return text;
}

/** Why a file could not be read, as the end of a sentence about it. */
export function unreadableReason(error: unknown): string {
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    // A file in a folder that this user may not enter cannot even be looked at.
    EACCES: syscall?.endsWith('stat') ? 'this user may not enter its folder' : 'this user may not read it',
    EPERM: 'this user may not read it',
    EISDIR: 'it is a folder',
    ENOENT: 'it does not exist',
    ENOTDIR: 'a part of its path is not a folder',
    ENAMETOOLONG: 'its name is too long',
    ELOOP: 'the link leads to itself',
    ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8',
  };
  return reasons[code ?? ''] ?? message;
}

/** The text of a config file; throws DBB2018 where it cannot be read. */
export function readConfigText(path: string, shown: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw unreadable(error, shown);
  }
}

/** The error for a config file, or a folder on the way to it, that could not be read. */
export function unreadable(error: unknown, shown: string): BootstrapError {
  return new BootstrapError(
    {
      code: 'DBB2018',
      message: `the config file could not be read: ${unreadableReason(error)}`,
      place: { file: shown },
      help: 'make it a regular file of UTF-8 text that the user who runs db-bootstrap may read',
    },
    { cause: error },
  );
}
