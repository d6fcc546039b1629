import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BootstrapError, shortageProblem } from '../lib/errors/index.js';

/** Makes a folder of our own where temporary files are; throws DBB1009 where the environment names a place that takes none. */
export async function makeTemporaryFolder(): Promise<string> {
  const parent = tmpdir();
  try {
    return await mkdtemp(join(parent, 'db-bootstrap-'));
  } catch (error) {
    if (shortageProblem(error)) throw error;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const variable = ['TMPDIR', 'TMP', 'TEMP'].find((name) => process.env[name]);
    throw new BootstrapError(
      {
        code: 'DBB1009',
        message: `the folder for temporary files, "${parent}", ${reasons[code] ?? `cannot be written (${code})`}`,
        ...(variable === undefined ? {} : { place: { file: variable } }),
        help: code === 'ENOSPC' ? 'make room there' : 'let TMPDIR name a folder that this user may write',
      },
      { cause: error },
    );
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist, or takes no folders',
  ENOTDIR: 'is not a folder',
  EACCES: 'may not be written by this user',
  EROFS: 'is in a file system that is read-only',
  ENOSPC: 'has no room left',
};
