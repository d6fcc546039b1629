import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../lib/process/index.js';
import { makeFolder as makeTestFolder } from '../support/folder.js';

describe('the folder of our own files', () => {
  it('is made with those above it, once and again', () => {
    const project = makeTestFolder({});
    makeFolder(join(project.folder, 'a/b/c'));
    makeFolder(join(project.folder, 'a/b/c'));
    assert.ok(existsSync(join(project.folder, 'a/b/c')));
    project.remove();
  });

  it('ends with an error where nothing can be made, as below /proc', () => {
    const script = `import { makeFolder } from './lib/process/index.ts';
      try { makeFolder('/proc/self/fd/state/runs') } catch (error) { console.log(error.code) }`;
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--import=tsx', '--input-type=module', '-e', script],
      { encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL' },
    );
    assert.deepEqual([status, stdout.trim()], [0, 'ENOENT']);
  }).timeout(30_000);
});
