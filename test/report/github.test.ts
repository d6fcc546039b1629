import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandsOf } from './commands.js';
import { failure, success } from './scenarios.js';
import { play, runStart, stamp, task, taskEnd } from './streams.js';

describe('the github reporter', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'db-bootstrap-summary-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('groups what passed, opens what failed, and annotates with an escaped place', async () => {
    assert.deepEqual(commandsOf((await play('github', success())).stdout), [
      '::group::shared: succeeded in 1.5s: 18 migrations applied to public',
      '::endgroup::',
    ]);
    const { stdout } = await play('github', failure());
    assert.deepEqual(commandsOf(stdout), [
      '::error file=sql/a%2Cb.sql,line=3,col=8,title=shared [DBB5004]::column "nme" does not exist%0Ahelp: did you mean "name"?',
      '::warning title=DBB4030::the ledger is kept in files',
    ]);
    assert.match(stdout, /\n {2}\| one\n {2}\| ::error::two\n/);
  });

  it('masks secrets before anything else, and prints them nowhere', async () => {
    const secret = 'hunter2%secret\nsecond-line';
    const events = success().map((event) =>
      event.type === 'task.log' ? { ...event, line: `key ${secret} and second-line` } : event,
    );
    const { stdout } = await play('github', events, { secrets: [secret] });
    const lines = stdout.split('\n');
    assert.deepEqual(lines.slice(0, 3), [
      '::add-mask::hunter2%25secret%0Asecond-line',
      '::add-mask::hunter2%25secret',
      '::add-mask::second-line',
    ]);
    assert.doesNotMatch(lines.slice(3).join('\n'), /hunter2|second-line/);
  });

  it('shows at most ten errors and ten warnings', async () => {
    const problems = Array.from({ length: 25 }, (_, index) => ({
      code: 'DBB6031' as const,
      message: `schema "s${index}" has no table "t"`,
    }));
    const tables = taskEnd('tables', { status: 'failed', check: true, problems, warnings: problems });
    const { stdout } = await play(
      'github',
      stamp([
        runStart([task('tables')]),
        { type: 'task.end', ...tables },
        { type: 'run.end', status: 'failed', exitCode: 3, ms: 10, tasks: [tables] },
      ]),
    );
    const commands = commandsOf(stdout);
    assert.equal(commands.filter((line) => line.startsWith('::error ')).length, 10);
    assert.equal(commands.filter((line) => line.startsWith('::warning ')).length, 10);
    assert.match(stdout, /schema "s24" has no table "t"/);
  });

  it('writes a job summary with tasks, findings and graph', async () => {
    const file = join(folder, 'summary.md');
    await play('github', failure(), { env: { GITHUB_STEP_SUMMARY: file } });
    const summary = await readFile(file, 'utf8');
    assert.match(summary, /^## db-bootstrap\n\nnot ready: task "shared" failed; 1 task did not run\n/);
    assert.match(summary, /\n\| shared \| ❌ failed \| 1\.5s \| column "nme" does not exist \|\n/);
    assert.match(
      summary,
      /\n\| shared \| DBB5004 \| column "nme" does not exist \| did you mean "name"\? \|\n/,
    );
    assert.match(
      summary,
      /```mermaid\nflowchart LR\n {2}t0\["wait"\]:::warned\n {2}t1\["shared"\]:::failed\n/,
    );
    assert.match(summary, /\n {2}t0 --> t1\n/);
  });

  it('keeps the summary within 1 MiB, with what stands in the file already', async () => {
    const file = join(folder, 'summary.md');
    await writeFile(file, 'x'.repeat(700_000));
    const problems = Array.from({ length: 5000 }, (_, index) => ({
      code: 'DBB6031' as const,
      message: `schema "tenant_${index}" has no table "carriers_carrier" ${'ä'.repeat(40)}`,
    }));
    const tables = taskEnd('tables', { status: 'failed', check: true, problems });
    const events = stamp([
      runStart([task('tables')]),
      { type: 'task.end', ...tables },
      { type: 'run.end', status: 'failed', exitCode: 3, ms: 10, tasks: [tables] },
    ]);
    await play('github', events, { env: { GITHUB_STEP_SUMMARY: file } });
    const summary = await readFile(file);
    assert.ok(summary.byteLength <= 1024 * 1024, String(summary.byteLength));
    assert.ok(summary.byteLength > 900_000, String(summary.byteLength));
    assert.match(summary.toString('utf8'), /lines left out: a job summary holds at most 1 MiB/);
  });

  it('says so when the summary cannot be written', async () => {
    const { stdout } = await play('github', success(), { env: { GITHUB_STEP_SUMMARY: folder } });
    assert.match(stdout, /\n::warning title=db-bootstrap::the job summary could not be written: EISDIR/);
  });
});
