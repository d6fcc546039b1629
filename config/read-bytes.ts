import { closeSync, constants, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Larger than any config: what is so large was named by mistake, and would take minutes to read. */
export const largest = 1024 * 1024;

/** Milliseconds between two looks into a pipe. */
const pause = 10;

/**
 * The bytes of a file; of a pipe or a terminal all that comes until its end. Throws where it is larger than the limit, and where
 * nothing comes for `patience` milliseconds.
 */
export async function readBytes(path: string, patience: number): Promise<Buffer> {
  const { size } = statSync(path);
  if (size > largest) throw tooLarge(`${(size / 1024 / 1024).toFixed(1)} MiB`);
  return isStream(path) ? readStream(path, patience) : readFileSync(path);
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
        if (total > largest) throw tooLarge('more than 1 MiB');
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

function tooLarge(size: string): Error {
  return Object.assign(new Error(`it is too large: ${size}, where 1 MiB is the limit`), {
    code: 'TOO_LARGE',
  });
}
