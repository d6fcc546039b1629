import { createHash } from 'node:crypto';
import { lstat, readlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { asError } from '../../lib/errors/index.js';
import type { TaskContext } from '../../config/define.js';
import { digestOf } from '../digest.js';
import { findFiles, isPlainPath } from '../glob.js';
import { nearest } from '../../lib/text/index.js';

/** The parts of a command's options that say what it does. */
interface Fingerprinted {
  readonly run: string | readonly string[];
  readonly cwd?: string | undefined;
  readonly shell?: boolean | string | undefined;
  readonly sources?: readonly string[] | undefined;
  readonly outputs?: readonly string[] | undefined;
}

/** A digest (SHA-256, hex) of the command, the task's own environment, and the names and contents of its sources. */
export async function fingerprint(context: TaskContext<Fingerprinted>): Promise<string> {
  const { run, cwd, shell, sources, outputs } = context.options;
  const env = Object.entries(context.taskEnv ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256');
  hash.update(JSON.stringify([run, cwd ?? '.', shell ?? true, outputs ?? [], env]));
  for (const file of await sourceFiles(context, sources ?? [])) {
    hash.update(`\n${JSON.stringify(file)} ${await contentOf(context, file)}`);
  }
  return hash.digest('hex');
}

/** A digest of a source; of a link that leads nowhere, where it leads. */
async function contentOf(context: TaskContext<unknown>, file: string): Promise<string> {
  const path = resolve(context.root, file);
  try {
    return await digestOf(path);
  } catch (error) {
    const target = await readlink(path).catch(() => undefined);
    if (target !== undefined) return JSON.stringify(target);
    const { code, message }: NodeJS.ErrnoException = asError(error);
    const reason = code ?? message;
    throw context.fail(
      {
        code: 'DBB5009',
        message: `source "${file}" of command "${context.task}" cannot be read (${reason})`,
        help: 'make it readable, or leave it out: a pattern of "sources" that begins with "!" does',
      },
      error,
    );
  }
}

/** Which of the outputs do not exist: plain paths as written, patterns that match nothing. */
export async function missingOutputs(root: string, outputs: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const output of outputs) {
    // A plain path may be a folder, empty or full of things that no glob looks into (".venv").
    const exists = isPlainPath(output)
      ? await lstat(resolve(root, output)).then(
          () => true,
          () => false,
        )
      : (await findFiles(root, [output])).length > 0;
    if (!exists) missing.push(output);
  }
  return missing;
}

async function sourceFiles(
  context: TaskContext<unknown>,
  sources: readonly string[],
): Promise<readonly string[]> {
  for (const source of sources.filter((each) => !each.startsWith('!'))) {
    if ((await findFiles(context.root, [source])).length > 0) continue;
    const near = nearest(source, await findFiles(context.root, ['**']));
    throw context.fail({
      code: 'DBB5009',
      message: `source "${source}" of command "${context.task}" matches no file`,
      help: near === undefined ? `paths are relative to ${context.root}` : `did you mean "${near}"?`,
    });
  }
  return findFiles(context.root, sources);
}
