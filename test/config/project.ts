import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadWorkflow, type LoadOptions, type Workflow } from '../../config/index.js';
import type { TaskKind } from '../../config/define.js';
import { BootstrapError, type Problem } from '../../lib/errors/index.js';
import { builtinKinds } from '../../tasks/index.js';

const folders: string[] = [];

// A hook would be one of the first file alone that takes this module.
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** What a test asks of the loader beside the folder. */
export type Asked = Partial<Omit<LoadOptions, 'builtinKinds'>>;

/** Files by their names. */
type Files = Readonly<Record<string, string | Buffer>>;

/** A folder with these files, removed when the tests are over. */
export function folderOf(files: Files): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'config-')));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Loads the config of a folder (or of files put into one, or of the text of a `.bootstraprc`) with the built-in kinds. */
export async function loadAll(
  from: string | Files,
  asked: Asked = {},
): Promise<{ workflow: Workflow; kinds: ReadonlyMap<string, TaskKind> }> {
  const cwd =
    typeof from === 'string'
      ? from.startsWith('/')
        ? from
        : folderOf({ '.bootstraprc': from })
      : folderOf(from);
  return loadWorkflow({
    cwd,
    env: { CI: 'true', DATABASE_URL: 'postgres://localhost/app' },
    ...asked,
    builtinKinds,
  });
}

/** The same, when only the workflow counts. */
export async function load(from: string | Files, asked: Asked = {}): Promise<Workflow> {
  return (await loadAll(from, asked)).workflow;
}

/** All that is wrong with a config; fails where nothing is, or where the loader throws anything but our error. */
export async function problemsOf(from: string | Files, asked: Asked = {}): Promise<readonly Problem[]> {
  try {
    await loadAll(from, asked);
  } catch (error) {
    if (error instanceof BootstrapError) return error.problems;
    throw error;
  }
  throw new Error('nothing was found wrong');
}

/** A problem in one line and its help in another: `code file:line:column "marked text": message`, `help`. */
export function shown({ code, place, message, help }: Problem): readonly [string, string | undefined] {
  const { file = '', line, column = 1, length = 1, source = '', keyPath } = place ?? {};
  const where =
    line === undefined
      ? keyPath === undefined
        ? file
        : `${file} (${keyPath})`
      : `${file}:${line}:${column}`;
  const marked = line === undefined ? '' : ` [${source.slice(column - 1, column - 1 + length)}]`;
  return [`${code} ${where}${marked} ${message}`, help];
}
