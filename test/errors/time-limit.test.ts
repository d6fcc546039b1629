import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

describe('a time limit', () => {
  it('aborts a signal of AbortSignal.any, also after garbage was collected', () => {
    const script = `
      import { timeLimit } from './lib/errors/index.ts';
      const begin = () => AbortSignal.any([new AbortController().signal, timeLimit(200)]);
      const held = setTimeout(() => process.exit(1), 5000);
      begin().addEventListener('abort', () => clearTimeout(held));
      for (let round = 0; round < 5; round++) setTimeout(() => globalThis.gc(), 20 * round);
    `;
    const args = ['--expose-gc', '--import=tsx', '--input-type=module', '--eval', script];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
});
