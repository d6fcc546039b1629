import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import * as zlib from 'node:zlib';
import type { TaskContext } from '../../config/define.js';
import type { DueFile } from './decide.js';

/** The programs that init scripts need, as far as the PATH has them. */
export interface Programs {
  /** Absolute path of bash, else of sh. */
  readonly shell: string | undefined;
  readonly psql: string | undefined;
}

/** Looks for the programs on the PATH of the task. */
export function findPrograms(context: TaskContext<unknown>): Programs {
  const path = context.env.PATH;
  return { shell: findProgram('bash', path) ?? findProgram('sh', path), psql: findProgram('psql', path) };
}

/** Proves before anything runs that all that the files need is there. */
export function requirePrograms(
  context: TaskContext<unknown>,
  due: readonly DueFile[],
  programs: Programs,
): void {
  const scripts = due.filter(({ file }) => file.kind === 'source' || file.kind === 'execute');
  const [script] = scripts;
  if (!programs.shell && (script ?? programs.psql)) {
    throw context.fail({
      code: 'DBB5002',
      message: script
        ? `"${script.file.shown}" needs a shell, and neither bash nor sh is on the PATH`
        : 'init scripts need a shell to run psql, and neither bash nor sh is on the PATH',
      help: 'install bash, or correct PATH',
    });
  }
  for (const { file } of due) {
    const program = decompressorOf(file.kind, programs.psql === undefined);
    if (program === undefined || findProgram(program, context.env.PATH)) continue;
    throw context.fail({
      code: 'DBB5018',
      message: `"${file.shown}" needs the program "${program}", which is not on the PATH`,
      help: `install ${packages[program] ?? program}`,
      notes: [{ label: 'not done', text: 'no init script was run' }],
    });
  }
}

const packages: Readonly<Record<string, string>> = { gunzip: 'gzip', xzcat: 'xz (xz-utils)', zstd: 'zstd' };

/** The program that decompresses a file: gzip needs none without psql, and zstd none where Node brings it. */
function decompressorOf(kind: string, native: boolean): string | undefined {
  if (kind === 'sql.gz') return native ? undefined : 'gunzip';
  if (kind === 'sql.xz') return 'xzcat';
  if (kind === 'sql.zst') return native && 'zstdDecompressSync' in zlib ? undefined : 'zstd';
  return undefined;
}

function findProgram(name: string, path = ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
