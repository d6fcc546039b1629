import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, type Ended } from '../support/command.js';
import { makeFolder } from '../support/folder.js';

const secret = 's3cr3t-t0ken-value';

const config = `
env: { API_TOKEN: ${secret} }
tasks:
  good: { use: command, run: 'echo fine; echo "token $API_TOKEN"; echo "::error::not a command"' }
  bad: { use: command, run: 'echo "before the fall"; echo "Error: it fell" >&2; exit 3', needs: [good] }
  after: { use: command, run: 'true', needs: [bad] }
`;

describe('reporters, chosen and written by the real command', function () {
  this.timeout(30_000);
  let project: ReturnType<typeof makeFolder>;
  before(() => {
    project = makeFolder({ '.bootstraprc': config });
  });
  after(() => project.remove());
  const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    bootstrap(['run', ...args], { cwd: project.folder, env });

  describe('github, under GITHUB_ACTIONS', () => {
    let ended: Ended;
    let summary: string;
    before(async () => {
      project.write('summary.md', '# Of an earlier step\n');
      const file = join(project.folder, 'summary.md');
      ended = await run([], { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: file, CI: 'true' });
      summary = readFileSync(file, 'utf8');
    });

    it('ends with 1, and writes to standard output alone', () => {
      assert.equal(ended.code, 1);
      assert.equal(ended.stderr, '');
    });

    it('groups the log of what passed, and leaves that of what failed open', () => {
      assert.match(
        ended.stdout,
        /^::group::good: succeeded in \S+: command succeeded$[^]*?^fine$[^]*?^::endgroup::$/m,
      );
      assert.equal(ended.stdout.split('::group::').length, 2);
      assert.match(ended.stdout, /^bad: failed in \S+: Error: it fell$[^]*?^ {2}\| before the fall$/m);
    });

    it('masks secrets before anything else, and prints them nowhere else', () => {
      const lines = ended.stdout.split('\n');
      assert.equal(lines[0], `::add-mask::${secret}`);
      assert.ok(
        !lines
          .filter((line) => !line.startsWith('::add-mask::'))
          .join('\n')
          .includes(secret),
      );
      assert.ok(!summary.includes(secret));
    });

    it('what a child prints is no command', () => {
      const lines = ended.stdout.split('\n');
      const at = lines.indexOf('::error::not a command');
      const token = /^::stop-commands::(.+)$/.exec(
        lines.slice(0, at).findLast((line) => line.startsWith('::stop-commands::')) ?? '',
      )?.[1];
      assert.ok(at > 0 && token !== undefined);
      assert.ok(lines.indexOf(`::${token}::`) > at, 'the token that ends it stands behind');
    });

    it('annotates the failure once', () => {
      const annotations = ended.stdout.split('\n').filter((line) => /^::error [^:]*title=/.test(line));
      assert.equal(annotations.length, 1, ended.stdout);
      assert.match(annotations[0] ?? '', /title=bad \[DBB5001\]::.*it fell/);
    });

    it('appends a summary with tasks, findings and graph to what stands there', () => {
      assert.match(summary, /^# Of an earlier step\n/);
      for (const name of ['good', 'bad', 'after']) assert.match(summary, new RegExp(`\\|.*${name}.*\\|`));
      assert.match(summary, /DBB5001/);
      assert.match(summary, /```mermaid\nflowchart LR\n/);
    });

    it('gives way to a flag', async () => {
      const { stdout } = await run(['--reporter', 'append-only', '--only', 'good'], {
        GITHUB_ACTIONS: 'true',
      });
      assert.match(stdout, /^00:00\.\d {2}db-bootstrap /);
      assert.doesNotMatch(stdout, /^::/m);
    });
  });

  it('append-only in a pipe: a line per event, the block of the end, no colour', async () => {
    const { code, stdout, stderr } = await run([]);
    assert.equal(code, 1);
    assert.equal(stderr, '');
    assert.match(stdout, /^00:00\.\d {2}db-bootstrap \S+: 3 tasks from \.bootstraprc\n/);
    assert.match(stdout, /^error\[DBB5001\]: Error: it fell\n {2}task: bad\n/m);
    assert.match(stdout, /^output of task "bad":\n {2}\| before the fall\n {2}\| Error: it fell$/m);
    assert.match(
      stdout,
      /\nnot done: "after"\nresume: db-bootstrap run\nnot ready: task "bad" failed; 1 task did not run\n$/,
    );
    assert.doesNotMatch(stdout, /\u001b/);
  });

  it('--quiet leaves the failure and the last sentence', async () => {
    assert.match(
      (await run(['--quiet', '--only', 'good'])).stdout,
      /^ready: 1 of 1 task changed something, in \S+\n$/,
    );
    assert.match((await run(['--quiet'])).stdout, /^error\[DBB5001\]/);
  });

  it('--verbose shows the log as it grows', async () => {
    const { stdout } = await run(['--verbose', '--only', 'good']);
    assert.match(stdout, /^\S+ {2}good +\| fine$/m);
    assert.match(stdout, /\| token \*\*\*$/m);
  });

  it('silent prints nothing for a success, and the failure on standard error', async () => {
    assert.deepEqual(await run(['--reporter', 'silent', '--only', 'good']), {
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
    const failed = await run(['--reporter', 'silent']);
    assert.equal(failed.stdout, '');
    assert.match(
      failed.stderr,
      /^error\[DBB5001\]: Error: it fell\n[^]*\nnot ready: task "bad" failed; 1 task did not run\n$/,
    );
  });

  it('resumes with the options that chose what runs', async () => {
    const { stdout } = await run([
      '--skip',
      'after',
      '--on-failure',
      'continue',
      '--set',
      'env.NOTE=two words',
    ]);
    assert.match(
      stdout,
      /^resume: db-bootstrap run --set 'env\.NOTE=two words' --skip after --on-failure continue$/m,
    );
  });
});
