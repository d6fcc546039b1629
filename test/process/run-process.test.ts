import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BootstrapError } from '../../lib/errors/index.js';
import { groupLives, runProcess, type ProcessOptions, type ProcessResult } from '../../lib/process/index.js';
import { FakeCommands } from '../support/fake-command.js';

describe('runProcess', () => {
  let folder: string;
  let fakes: FakeCommands;
  const heard: string[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dbb-process-'));
    fakes = await FakeCommands.start();
  });
  beforeEach(() => {
    heard.length = 0;
  });
  after(() => {
    fakes.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (options: Partial<ProcessOptions> & { command: string }): Promise<ProcessResult> =>
    runProcess({
      cwd: folder,
      env: { PATH: process.env.PATH ?? '' },
      grace: 20_000,
      onOutput: (stream, text) => heard.push(`${stream}:${text}`),
      ...options,
    });

  it('resolves with the exit code and both streams, in the order of arrival', async () => {
    const running = run(fakes.program('a'));
    const fake = await fakes.next('a');
    await fake.print('one\n');
    while (heard.length < 1) await tick();
    await fake.print('two\n', 'stderr');
    while (heard.length < 2) await tick();
    await fake.print('three', 'stdout');
    await fake.exit(7);
    assert.deepEqual(await running, {
      exitCode: 7,
      signal: undefined,
      stdout: 'one\nthree',
      stderr: 'two\n',
      output: 'one\ntwo\nthree',
      cancelled: false,
    });
    assert.deepEqual(heard, ['stdout:one\n', 'stderr:two\n', 'stdout:three']);
  });

  it('tells the signal that ended a child', async () => {
    const running = run(fakes.program('a'));
    (await fakes.next('a')).kill('SIGKILL');
    const { exitCode, signal, cancelled } = await running;
    assert.deepEqual([exitCode, signal, cancelled], [undefined, 'SIGKILL', false]);
  });

  it('runs a line by a shell, with its arguments as parameters', async () => {
    assert.equal(
      (await run({ command: 'echo "$1-$2" $HOME', shell: true, args: ['a b', '$x'], env: {} })).stdout,
      'a b-$x\n',
    );
    assert.equal((await run({ command: 'echo ${BASH_VERSION:+bash}', shell: '/bin/bash' })).stdout, 'bash\n');
  });

  it('gives text, bytes and files as standard input, and nothing where there is none', async () => {
    writeFileSync(join(folder, 'input'), 'from a file');
    const inputs: [ProcessOptions['input'], string][] = [
      ['text ü', 'text ü'],
      [Buffer.from('bytes'), 'bytes'],
      [{ file: join(folder, 'input') }, 'from a file'],
    ];
    for (const [input, expected] of inputs) {
      assert.equal(
        (await run({ command: 'cat', ...(input === undefined ? {} : { input }) })).stdout,
        expected,
      );
    }
    assert.equal((await run({ command: 'cat' })).stdout, '');
  });

  it('does not mind a child that leaves its input unread', async () => {
    assert.equal((await run({ command: 'true', input: 'x'.repeat(1 << 22) })).exitCode, 0);
  });

  it('fails with DBB5002 and the reason where a child cannot be started', async () => {
    writeFileSync(join(folder, 'plain'), 'no program', { mode: 0o644 });
    const failures: [Partial<ProcessOptions> & { command: string }, RegExp][] = [
      [{ command: 'no-such-program' }, /"no-such-program" could not be started: no such program was found/],
      [{ command: './plain' }, /it is not executable/],
      [{ command: 'true', cwd: join(folder, 'gone') }, /its working directory ".*gone" does not exist/],
      [
        { command: 'cat', input: { file: join(folder, 'gone') } },
        /its input ".*gone" cannot be read \(ENOENT\)/,
      ],
      [{ command: 'x\0y' }, /could not be started/],
      [{ command: 'true', args: ['x'.repeat(1 << 24)] }, /its arguments and environment are too large/],
    ];
    for (const [options, message] of failures) {
      await assert.rejects(run(options), (error) => {
        assert.ok(error instanceof BootstrapError);
        assert.equal(error.code, 'DBB5002');
        assert.match(error.message, message);
        return true;
      });
    }
  });

  it('keeps head and tail of a long output and says how much is missing; listeners hear all of it', async () => {
    const script = "process.stdout.write('head' + 'x'.repeat(3_000_000) + 'ü'.repeat(1_000_000) + 'tail')";
    const { stdout, output } = await run({ command: process.execPath, args: ['-e', script], keep: 1000 });
    assert.match(stdout, /^headx{496}\n… 3999008 characters are left out here …\nü{496}tail$/);
    assert.equal(output, stdout);
    assert.equal(
      heard.map((each) => each.length - 'stdout:'.length).reduce((a, b) => a + b),
      4_000_008,
    );
  });

  it('cancellation reaches grandchildren', async () => {
    const controller = new AbortController();
    const running = run({ command: `${fakes.line('child')}; true`, shell: true, signal: controller.signal });
    const child = await fakes.next('child');
    await child.spawn('grandchild');
    const grandchild = await fakes.next('grandchild');
    controller.abort();
    await Promise.all([child.ended, grandchild.ended]);
    const { cancelled, signal } = await running;
    assert.deepEqual([cancelled, signal], [true, 'SIGTERM']);
  });

  it('gives a child its grace: what ends in it is not killed', async () => {
    const controller = new AbortController();
    const running = run({ ...fakes.program('a'), signal: controller.signal });
    const fake = await fakes.next('a');
    await fake.survive('SIGTERM');
    const signalled = fake.signalled();
    controller.abort();
    await signalled;
    await fake.print('cleaned up');
    await fake.exit(3);
    const { cancelled, exitCode, stdout } = await running;
    assert.deepEqual([cancelled, exitCode, stdout], [true, 3, 'cleaned up']);
  });

  it('kills after the grace what ignores SIGTERM', async () => {
    const controller = new AbortController();
    const running = run({ ...fakes.program('a'), signal: controller.signal, grace: 50 });
    const fake = await fakes.next('a');
    await fake.survive('SIGTERM');
    controller.abort();
    assert.deepEqual([(await running).signal, (await running).cancelled], ['SIGKILL', true]);
    assert.deepEqual(fake.signals, ['SIGTERM']);
  });

  it('kills what a cancelled leader left behind', async () => {
    const controller = new AbortController();
    const running = run({ ...fakes.program('leader'), signal: controller.signal, grace: 50 });
    const leader = await fakes.next('leader');
    await leader.spawn('stubborn');
    const stubborn = await fakes.next('stubborn');
    await stubborn.survive('SIGTERM');
    controller.abort();
    assert.equal((await running).signal, 'SIGTERM');
    await stubborn.ended;
    assert.deepEqual(stubborn.signals, ['SIGTERM']);
    assert.equal(await groupLives(leader.pid), false);
  });

  it('kills at once when there is no more patience', async () => {
    const [signal, kill] = [new AbortController(), new AbortController()];
    const running = run({ ...fakes.program('a'), signal: signal.signal, kill: kill.signal });
    const fake = await fakes.next('a');
    await fake.survive('SIGTERM');
    const signalled = fake.signalled();
    signal.abort();
    await signalled;
    kill.abort();
    assert.equal((await running).signal, 'SIGKILL');
  });

  it('starts nothing when it is cancelled already', async () => {
    const { exitCode, cancelled } = await run({
      command: 'touch',
      args: ['started'],
      signal: AbortSignal.abort(),
    });
    assert.deepEqual([exitCode, cancelled], [undefined, true]);
  });

  it('does not wait for who keeps the pipes open in the background, and leaves it alive', async () => {
    const running = run(fakes.program('leader'));
    const leader = await fakes.next('leader');
    await leader.spawn('daemon');
    const daemon = await fakes.next('daemon');
    await leader.print('the last word');
    await leader.exit(0);
    assert.equal((await running).stdout, 'the last word');
    // Its output goes nowhere now, but its pipe still works.
    await daemon.print('x'.repeat(1 << 20));
    assert.equal(daemon.hasEnded, false);
    assert.deepEqual(heard, ['stdout:the last word']);
    await daemon.exit();
  });
});

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
