import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { nonEmpty, type TaskContext } from '../../config/define.js';
import { makeTemporaryFolder } from '../temporary-folder.js';

/** The variable that names the file into which a command may write what it did. */
const variable = 'DB_BOOTSTRAP_RESULT';

const shape = z.object({
  changed: z._default(z.boolean(), true),
  summary: z._default(nonEmpty, 'command succeeded'),
});

/** What a command did: what it wrote as JSON into the file that DB_BOOTSTRAP_RESULT names, else "changed". */
export async function withResultFile(
  context: TaskContext<unknown>,
  work: (env: Readonly<Record<string, string>>) => Promise<void>,
): Promise<{ changed: boolean; summary: string }> {
  const folder = await makeTemporaryFolder();
  try {
    const file = join(folder, 'result.json');
    await work({ [variable]: file });
    return read(context, await readFile(file, 'utf8').catch(() => '{}'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function read(context: TaskContext<unknown>, text: string): { changed: boolean; summary: string } {
  try {
    return shape.parse(JSON.parse(text));
  } catch (error) {
    throw context.fail(
      {
        code: 'DBB5001',
        message: `the command succeeded, but what it wrote to ${variable} is not {"changed": true or false, "summary": "…"}`,
        notes: [{ label: 'it wrote', text: text.slice(0, 200) }],
      },
      error,
    );
  }
}
