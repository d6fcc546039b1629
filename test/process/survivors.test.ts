import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { endSurvivors, groupLives, runVariable, writeRunFile } from '../../lib/process/index.js';
import { FakeCommands } from '../support/fake-command.js';

describe('endSurvivors', () => {
  let state: string;
  let fakes: FakeCommands;

  beforeEach(async () => {
    state = mkdtempSync(join(tmpdir(), 'dbb-state-'));
    fakes = await FakeCommands.start();
  });
  afterEach(() => {
    fakes.close();
    rmSync(state, { recursive: true, force: true });
  });

  /** A real command that writes a run file and starts a child, as a run does. */
  function startParent(runId: string, child: string): ChildProcess {
    const room = pathToFileURL(join(process.cwd(), 'lib/process/index.ts')).href;
    const script = `
      import { runProcess, writeRunFile } from ${JSON.stringify(room)};
      await writeRunFile(${JSON.stringify(state)}, ${JSON.stringify(runId)});
      await runProcess({ ...${JSON.stringify(fakes.program(child))}, cwd: '/', grace: 1000,
        env: { PATH: process.env.PATH, ${runVariable}: ${JSON.stringify(runId)} } });`;
    return spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  }

  const fileOf = (runId: string): string => join(state, 'runs', `${runId}.json`);

  it('ends what a killed command left, its grandchildren included, and removes the run file', async () => {
    const parent = startParent('crashed', 'child');
    const child = await fakes.next('child');
    await child.spawn('grandchild');
    const grandchild = await fakes.next('grandchild');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    assert.equal(child.hasEnded, false);
    const survivors = await endSurvivors(state, { grace: 20_000 });
    assert.deepEqual(
      survivors.map(({ runId, pid, ended }) => ({ runId, pid, ended })),
      [{ runId: 'crashed', pid: child.pid, ended: 'SIGTERM' }],
    );
    assert.match(survivors[0]!.command, /fake\.cjs .* child$/);
    await Promise.all([child.ended, grandchild.ended]);
    assert.equal(existsSync(fileOf('crashed')), false);
    assert.deepEqual(await endSurvivors(state, { grace: 1000 }), []);
  });

  it('kills after the grace what ignores SIGTERM', async () => {
    const parent = startParent('crashed', 'child');
    const child = await fakes.next('child');
    await child.survive('SIGTERM');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    const [survivor] = await endSurvivors(state, { grace: 50 });
    assert.equal(survivor?.ended, 'SIGKILL');
    assert.deepEqual(child.signals, ['SIGTERM']);
    assert.equal(await groupLives(child.pid), false);
  });

  it('leaves a living run alone, and ends it once its pid belongs to somebody else', async () => {
    const parent = startParent('living', 'child');
    const child = await fakes.next('child');
    assert.deepEqual(await endSurvivors(state, { grace: 1000 }), []);
    assert.equal(child.hasEnded, false);
    const file = JSON.parse(readFileSync(fileOf('living'), 'utf8')) as { pid: number };
    assert.equal(file.pid, parent.pid);
    writeFileSync(fileOf('living'), JSON.stringify({ ...file, started: 'another boot:1' }));
    const exit = once(parent, 'exit');
    const [survivor] = await endSurvivors(state, { grace: 20_000 });
    assert.equal(survivor?.pid, child.pid);
    await Promise.all([exit, child.ended]);
  });

  it('says nothing about runs of other machines, and nothing where no run ever was', async () => {
    assert.deepEqual(await endSurvivors(join(state, 'nowhere'), { grace: 1000 }), []);
    const remove = await writeRunFile(state, 'elsewhere');
    const file = JSON.parse(readFileSync(fileOf('elsewhere'), 'utf8')) as object;
    writeFileSync(fileOf('elsewhere'), JSON.stringify({ ...file, host: 'another-host', started: 'x' }));
    writeFileSync(fileOf('broken'), '{');
    assert.deepEqual(await endSurvivors(state, { grace: 1000 }), []);
    assert.ok(existsSync(fileOf('elsewhere')));
    remove();
    assert.equal(existsSync(fileOf('elsewhere')), false);
  });
});
