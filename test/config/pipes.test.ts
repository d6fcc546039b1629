import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { folderOf, load, problemsOf, shown } from './project.js';

/** Writes a text into a pipe in pieces, as programs do: opening waits for who reads. */
async function write(pipe: string, ...texts: readonly string[]): Promise<void> {
  const writer = spawn('sh', ['-c', `exec > "$1"; shift; printf %s "$@"`, 'sh', pipe, ...texts]);
  const [code] = (await once(writer, 'exit')) as [number];
  assert.equal(code, 0);
}

describe('configs through pipes', () => {
  const pipeIn = (files: Readonly<Record<string, string>> = {}): { folder: string; pipe: string } => {
    const folder = folderOf(files);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    return { folder, pipe };
  };

  it('are read to their end, also where the writer comes later', async () => {
    const { folder, pipe } = pipeIn();
    const [workflow] = await Promise.all([
      load(folder, { file: 'pipe' }),
      write(pipe, 'tasks:\n', `  a: { use: command, run: "${'x'.repeat(100_000)}" }\n`),
    ]);
    assert.deepEqual([...workflow.tasks.keys()], ['a']);
  });

  it('may bring the variables of an env file', async () => {
    const { folder, pipe } = pipeIn({ '.bootstraprc': 'envFile: pipe\ntasks: {}\n' });
    const [workflow] = await Promise.all([load(folder), write(pipe, 'A=1\n', 'B=2\n')]);
    assert.deepEqual([workflow.env.A, workflow.env.B], ['1', '2']);
  });

  it('end in an error where nothing comes', async () => {
    const { folder } = pipeIn();
    const problems = await problemsOf(folder, { file: 'pipe', flags: { timeout: '50ms' } });
    assert.deepEqual(
      problems.map((problem) => shown(problem)[0]),
      ['DBB2018 pipe the config file could not be read: nothing came through it for 0.05s'],
    );
  });

  it('are not waited for where only a hint is looked for', async () => {
    const { folder, pipe } = pipeIn({ '.bootstraprc': 'env: { A: "${B:?it is needed}" }\n' });
    execFileSync('mv', [pipe, join(folder, '.env')]);
    const [problem] = await problemsOf(folder);
    assert.equal(problem?.code, 'DBB2010');
  });
});
