import { readFileSync, statSync } from 'node:fs';
import { asError } from '../errors/index.js';

/** The text of a file that a variable or a URL names. Anything but a plain file is refused: a pipe to which nobody writes has no end. */
export function readPlainFile(file: string): string {
  if (!statSync(file).isFile()) throw new Error('it is not a regular file');
  return readFileSync(file, 'utf8');
}

/** Why a file could not be read, in a word. */
export function whyUnread(error: unknown): string {
  const { code, message }: NodeJS.ErrnoException = asError(error);
  return code ?? message;
}
