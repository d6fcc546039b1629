import { closeSync, constants, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Larger than any config: what is so large was named by mistake, and would take minutes to read. */
const largest = 1024 * 1024;

/** Milliseconds between two looks into a pipe. */
const pause = 10;

/** The bytes of a file; throws where it is larger than the limit. */
export function readWhole(path: string): Buffer {
  const { size } = statSync(path);
  if (size > largest) throw new TooLarge(`${(size / 1024 / 1024).toFixed(1)} MiB`);
  return readFileSync(path);
}

/** The bytes of a file, or of a pipe all that comes until its end; throws also where nothing comes for `patience` milliseconds. */
export async function readBytes(path: string, patience: number): Promise<Buffer> {
  return isStream(path) ? readStream(path, patience) : readWhole(path);
}

/** Whether opening or reading it may wait for somebody else. */
export function isStream(path: string): boolean {
  const entry = statSync(path, { throwIfNoEntry: false });
  return entry !== undefined && !entry.isFile() && !entry.isDirectory();
}

/** Never waits inside the system, which would keep the whole process: neither for a writer nor for what it writes. */
async function readStream(path: string, patience: number): Promise<Buffer> {
  const handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const parts: Buffer[] = [];
  // A pipe with a name has no end before anybody has opened it to write.
  const isNamed = statSync(path).isFIFO() && !/^\/(?:dev|proc)\//.test(path);
  let total = 0;
  let heard = performance.now();
  try {
    for (;;) {
      const part = readPart(handle);
      if (part?.length === 0 && (total > 0 || !isNamed)) return Buffer.concat(parts);
      if (part !== undefined && part.length > 0) {
        parts.push(part);
        total += part.length;
        heard = performance.now();
        if (total > largest) throw new TooLarge('more than 1 MiB');
      } else if (performance.now() - heard > patience) {
        throw new Error(`nothing came through it for ${String(patience / 1000)}s`);
      } else await delay(pause);
    }
  } finally {
    closeSync(handle);
  }
}

/** What can be read now: empty at the end; undefined where nothing has come yet. */
function readPart(handle: number): Buffer | undefined {
  const part = Buffer.alloc(64 * 1024);
  try {
    return part.subarray(0, readSync(handle, part));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

class TooLarge extends Error {
  constructor(size: string) {
    super(`it is too large: ${size}, where 1 MiB is the limit`);
  }
}

/** Whether a file was not read because it is larger than the limit. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof TooLarge;
}
