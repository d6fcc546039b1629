import { join } from 'node:path';
import type { ExecResult, TaskContext } from '../../config/define.js';
import { packageRoot } from '../../lib/errors/index.js';
import { openChannel } from './channel.js';
import type { InitEnvironment } from './environment.js';
import type { InitFile } from './folder.js';
import type { NativeRunner } from './native.js';

/** What happens around a file, in order; the next thing starts when it has resolved. */
export interface FileEvents {
  start(file: InitFile): Promise<void>;
  end(file: InitFile): Promise<void>;
}

/** How the shell ended. */
export interface ShellEnd extends ExecResult {
  /** The file that had started and did not end; undefined where all ended. */
  readonly unfinished: InitFile | undefined;
  /** How many files ended well. */
  readonly completed: number;
}

/** Runs the files in one shell, as the image does. SQL files run in psql, or by the native runner where one is given. */
export async function runInShell(
  context: TaskContext<unknown>,
  files: readonly InitFile[],
  options: {
    readonly shell: string;
    readonly env: InitEnvironment;
    readonly native: NativeRunner | undefined;
  },
  events: FileEvents,
): Promise<ShellEnd> {
  let current: InitFile | undefined;
  let completed = 0;
  const channel = await openChannel(context, async ({ moment, index }) => {
    const file = files[index];
    if (!file) throw new Error(`the driver of init scripts reported file ${index}, which does not exist`);
    if (moment === 'start') {
      await events.start(file);
      current = file;
      if (file.kind.startsWith('sql')) await options.native?.run(file);
    } else {
      await events.end(file);
      current = undefined;
      completed++;
    }
  });
  let ended: ExecResult;
  try {
    ended = await context.exec(options.shell, {
      args: [
        join(packageRoot(), 'tasks/init/driver.sh'),
        channel.folder,
        options.native ? 'native' : 'psql',
        ...files.map(({ path }) => path),
      ],
      cwd: context.root,
      env: options.env,
    });
  } finally {
    await channel.close();
  }
  return { ...ended, unfinished: current, completed };
}
