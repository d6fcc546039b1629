import { readBytes, readWhole } from './read-bytes.js';

/** A file that is text in the encoding of most, but for a zero byte. */
class ZeroByte extends Error {
  constructor(
    readonly text: string,
    readonly offset: number,
  ) {
    super('it holds a zero byte, as a file in UTF-16 does');
  }
}

/** The text of a file in UTF-8, without a byte order mark; throws where it is none. */
export function readTextFile(path: string): string {
  return decode(readWhole(path));
}

/** The same of a file or a pipe, whose writer may be silent for `patience` milliseconds. */
export async function readAnyText(path: string, patience: number): Promise<string> {
  return decode(await readBytes(path, patience));
}

function decode(bytes: Buffer): string {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  const offset = text.indexOf('\0');
  if (offset >= 0) throw new ZeroByte(text, offset);
  return text;
}

/** Where in a file the zero byte is that made it unreadable; undefined where it was something else. */
export function zeroByteOf(error: unknown): { readonly text: string; readonly offset: number } | undefined {
  return error instanceof ZeroByte ? error : undefined;
}

/** Why a file could not be read, as the end of a sentence about it. */
export function unreadableReason(error: unknown): string {
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    // What is in a folder that may not be entered cannot even be looked at.
    EACCES: syscall?.endsWith('stat') ? 'this user may not enter its folder' : 'this user may not read it',
    EPERM: 'this user may not read it',
    EISDIR: 'it is a folder',
    ENOENT: 'it does not exist',
    ENOTDIR: 'what stands above it is no folder',
    ENAMETOOLONG: 'its name is too long',
    ELOOP: 'the link leads to itself',
    ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8',
  };
  return reasons[code ?? ''] ?? message;
}
