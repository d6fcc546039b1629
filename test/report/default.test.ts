import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../lib/errors/index.js';
import { screenOf } from './screen.js';
import { failure, success } from './scenarios.js';
import { play } from './streams.js';

/** Runs the default reporter in a process of its own, whose standard output it may take over. */
async function playInChild(...args: string[]): Promise<{ output: string; code: number | null }> {
  const script = join(packageRoot(), 'test', 'report', 'play-default.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], { cwd: packageRoot() });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  return { output, code };
}

describe('the default reporter', () => {
  for (const columns of [80, 200]) {
    it(`leaves a row per task and the end block on ${columns} columns`, async () => {
      const { output, code } = await playInChild('failure', String(columns));
      const { lines, cursor } = screenOf(output, columns);
      assert.equal(code, 0);
      assert.equal(cursor, true);
      const head =
        'db-bootstrap 0.1.0: 4 tasks from .bootstraprc on postgres://app:***@localhost:5432/shop_test';
      const expected = [
        ...(columns === 80 ? [head.slice(0, 80), head.slice(80)] : [head]),
        '',
        '⚠ wait    warned · tolerated 42710: roles may exist · 500ms',
        '✖ shared  failed · column "nme" does not exist · 1.5s',
        '↓ flush   skipped · disabled in the config',
        '↓ tables  blocked · needs "shared", which failed',
        '',
        'wait    warned       500ms  tolerated 42710: roles may exist',
      ];
      assert.deepEqual(lines.slice(0, expected.length), expected);
      assert.equal(lines.at(-2), 'not ready: task "shared" failed; 1 task did not run');
      assert.equal(lines.filter((line) => line.includes('the ledger is kept in files')).length, 1);
    });
  }

  it('draws thousands of tenants as one row with count, rate and failures', async () => {
    const { output } = await playInChild('fleet', '80');
    // Every frame, as the terminal showed it.
    const frames = output
      .split('\u001b[2K')
      .map((_, index, all) => all.slice(0, index + 1).join('\u001b[2K'));
    const shown = new Set(frames.flatMap((frame) => screenOf(frame, 80).lines));
    assert.ok(
      [...shown].some((line) => /^\S tenant-migrations {2}\d[\d,]* of 3,000/.test(line)),
      [...shown].join('\n'),
    );
    assert.ok(
      [...shown].some((line) =>
        /^ {2}tenant_40: column "nme" does not exist in schema "tenant_40"/.test(line),
      ),
    );
    const { lines } = screenOf(output, 80);
    assert.ok(lines.length < 20, lines.join('\n'));
    assert.ok(lines.includes('✖ tenant-migrations  failed · 3 of 3000 tenants failed · 30s'));
  });

  for (const [ending, exitCode] of [
    ['crash', 1],
    ['exit', 3],
  ] as const) {
    it(`gives the cursor back, and what others printed, after a ${ending}`, async () => {
      const { output, code } = await playInChild('success', '80', ending);
      assert.equal(code, exitCode);
      assert.ok(output.includes('\u001b[?25l'), 'the cursor was hidden meanwhile');
      const { lines, cursor } = screenOf(output, 80);
      assert.equal(cursor, true);
      assert.ok(lines.includes('printed by something else'), lines.join('\n'));
    });
  }

  it('gives the cursor back when a signal ends the process on a terminal', async () => {
    const script = join(packageRoot(), 'test', 'report', 'play-default.ts');
    // Only on a terminal does anything restore the cursor after a signal: Python's pty is one.
    const spawned = spawn(
      'python3',
      [
        '-c',
        'import pty, sys; pty.spawn(sys.argv[1:])',
        process.execPath,
        '--import',
        'tsx',
        script,
        'success',
        '80',
        'signal',
      ],
      { cwd: packageRoot() },
    );
    let output = '';
    spawned.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    await once(spawned, 'close');
    assert.ok(output.includes('\u001b[?25l'), output);
    assert.equal(screenOf(output, 80).cursor, true);
  });

  it('copes with a stream that ends too early, and with events before anything is drawn', async () => {
    for (const events of [success().slice(0, 5), success().slice(0, 1), [], failure()]) {
      const { stdout } = await play('default', events);
      assert.equal(screenOf(stdout, 80).cursor, true);
    }
  });
});
