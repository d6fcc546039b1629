import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import type { TaskContext } from '../../config/define.js';
import { asError } from '../../lib/errors/index.js';
import type { InitFile } from './folder.js';
import { makeTemporaryFolder } from '../temporary-folder.js';

/** The SQL of a file, to look at: what is no UTF-8 in it stands as a replacement character. */
export async function scriptText(context: TaskContext<unknown>, file: InitFile): Promise<string> {
  // psql skips a byte order mark, too.
  return (await scriptBytes(context, file)).toString().replace(/^\uFEFF/, '');
}

/** The bytes of a file, decompressed: by Node where it can, else by the same programs that the image calls. */
export async function scriptBytes(context: TaskContext<unknown>, file: InitFile): Promise<Buffer> {
  try {
    return await read(context, file);
  } catch (error) {
    if (error instanceof Error && 'problems' in error) throw error;
    throw context.fail(
      {
        code: 'DBB5005',
        message: `"${file.shown}" cannot be decompressed: ${asError(error).message}`,
        place: { file: file.shown },
      },
      error,
    );
  }
}

async function read(context: TaskContext<unknown>, file: InitFile): Promise<Buffer> {
  switch (file.kind) {
    case 'sql.gz':
      return zlib.gunzipSync(await readFile(file.path));
    case 'sql.xz':
      return byProgram(context, 'xzcat', [file.path]);
    case 'sql.zst': {
      const inflate = (zlib as { zstdDecompressSync?: (data: Uint8Array) => Buffer }).zstdDecompressSync;
      return inflate ? inflate(await readFile(file.path)) : byProgram(context, 'zstd', ['-dc', file.path]);
    }
    default:
      return readFile(file.path);
  }
}

/** Through a file, because ctx.exec keeps only so much of an output. */
async function byProgram(
  context: TaskContext<unknown>,
  program: string,
  args: readonly string[],
): Promise<Buffer> {
  const folder = await makeTemporaryFolder();
  try {
    const out = join(folder, 'script.sql');
    const ended = await context.exec('out=$1; shift; "$@" >"$out"', {
      shell: true,
      args: [out, program, ...args],
      log: false,
    });
    if (ended.exitCode !== 0) throw new Error(ended.stderr.trim() || `${program} failed`);
    return await readFile(out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
