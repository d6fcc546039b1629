import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { TaskContext } from '../../config/define.js';
import { makeTemporaryFolder } from '../temporary-folder.js';

/** Two fifos between us and the driver: it asks before and after each file, and waits for the answer. */
export interface Channel {
  readonly folder: string;
  /** Resolves when no question is being answered, and nothing is open any more. Rejects with what an answer failed with. */
  close(): Promise<void>;
}

/** What the driver says. `index` counts files from 0. */
export interface Question {
  readonly moment: 'start' | 'end';
  readonly index: number;
}

/** Opens a channel. Each question is answered with "go" once `answer` resolves; when it rejects, the driver is told to stop. */
export async function openChannel(
  context: TaskContext<unknown>,
  answer: (question: Question) => Promise<void>,
): Promise<Channel> {
  const folder = await makeTemporaryFolder();
  const paths = [join(folder, 'reports'), join(folder, 'answers')] as const;
  const made = await context.exec('mkfifo', { args: ['-m', '600', ...paths], log: false });
  if (made.exitCode !== 0) {
    await rm(folder, { recursive: true, force: true });
    throw context.fail({ code: 'DBB5002', message: `mkfifo failed in ${folder}: ${made.stderr.trim()}` });
  }
  // Both directions, so that opening never waits for the driver; and when this process dies, the driver reads the end of the fifo.
  const flags = constants.O_RDWR | constants.O_NONBLOCK;
  const reports = openSync(paths[0], flags);
  const answers = openSync(paths[1], flags);
  const socket = new Socket({ fd: reports, readable: true, writable: false });
  let busy: Promise<void> = Promise.resolve();
  let failure: { readonly error: unknown } | undefined;
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) busy = busy.then(() => reply(line));
  });

  async function reply(line: string): Promise<void> {
    const match = /^(start|end) (\d+)$/.exec(line);
    if (!match) return;
    try {
      await answer({ moment: match[1] as Question['moment'], index: Number(match[2]) - 1 });
      // What the script wrote before it asked is in its pipes; one more round of the loop reads it before the next script writes.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      writeSync(answers, 'go\n');
    } catch (error) {
      failure ??= { error };
      writeSync(answers, 'stop\n');
    }
  }

  return {
    folder,
    async close() {
      await busy;
      socket.destroy();
      closeSync(answers);
      await rm(folder, { recursive: true, force: true });
      if (failure) throw failure.error;
    },
  };
}
