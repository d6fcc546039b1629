import { BootstrapError } from '../lib/errors/index.js';
import { textPlace } from './source.js';
import { readAnyText, readTextFile, unreadableReason, zeroByteOf } from './text-file.js';

/** The text of a file, without a byte order mark; throws DBB2018 where it cannot be read. */
export function readConfigText(path: string, shown: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw unreadable(error, shown);
  }
}

/** The same of whatever a config was named as, also a pipe, whose writer may be silent for `patience` milliseconds. */
export async function readAnyConfig(path: string, shown: string, patience: number): Promise<string> {
  try {
    return await readAnyText(path, patience);
  } catch (error) {
    throw unreadable(error, shown);
  }
}

/** The error for a config file, or what is on the way to it, that could not be read. */
export function unreadable(error: unknown, shown: string, reason = unreadableReason(error)): BootstrapError {
  const zero = zeroByteOf(error);
  return new BootstrapError(
    {
      code: 'DBB2018',
      message: `the config file could not be read: ${reason}`,
      place: zero ? textPlace(shown, zero.text, zero.offset, 1) : { file: shown },
      help: 'make it a file of UTF-8 text that the user who runs db-bootstrap may read',
    },
    { cause: error },
  );
}
