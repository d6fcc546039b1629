import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bootstrap, eventsOf, runEnd, type Ended } from '../support/command.js';
import { makeFolder } from '../support/folder.js';

const plugin = `
import { stdout } from 'node:process';
import { defineTask, z } from 'db-bootstrap';
const kindOf = (kind, run, more) => defineTask({ kind, description: kind, options: z.object({}), database: false, run, ...more });
console.log('loaded');
process.stdout.write('loaded raw\\n');
stdout.write('loaded by name\\n');
const fine = { changed: false, summary: 'fine' };
export const talks = kindOf('talks', async () => { console.log('working'); console.dir({ a: 1 }); console.table([1]); process.stdout.write('raw\\n'); setTimeout(() => process.stdout.write('late\\n'), 200); return fine; });
export const silent = kindOf('silent', async () => undefined);
export const odd = kindOf('odd', async () => ({ changed: 'yes', summary: 5 }));
const never = () => new Promise(() => undefined);
const inTimer = () => { throw new TypeError('in a timer'); };
export const rejects = kindOf('rejects', async () => { void Promise.reject(new Error('left alone')); await never(); });
export const rejectsText = kindOf('rejects-text', async () => { void Promise.reject('a text'); await never(); });
export const throws = kindOf('throws', async (ctx) => { setTimeout(inTimer, 50); await ctx.exec('sleep', { args: ['60'] }); return fine; });
export const throwsAgain = kindOf('throws-again', async () => { setInterval(inTimer, 20); await never(); });
export const throwsLate = kindOf('throws-late', async () => { setTimeout(inTimer, 300); return fine; });
export const leaves = kindOf('leaves', async () => { setInterval(() => undefined, 100); return fine; });
export const exits = kindOf('exits', async (ctx) => { setTimeout(() => process.exit(0), 50); await ctx.exec('sleep', { args: ['60'] }); return fine; });
export const exitsAtOnce = kindOf('exits-at-once', async () => process.exit(3));
export const marks = kindOf('marks', async () => { process.exitCode = 9; return fine; });
export const throwsAfter = kindOf('throws-after', async () => { setTimeout(inTimer, 1000); return fine; });
export const checks = kindOf('checks', async () => { void Promise.reject(new Error('left alone')); await never(); }, { check: true });
export const planless = kindOf('planless', async () => fine, { plan: async () => ({ action: 'nope' }) });
`;

describe('a plugin that is written without types', function () {
  this.timeout(30_000);
  let project: ReturnType<typeof makeFolder>;
  before(() => {
    project = makeFolder({ 'plugin.mjs': plugin });
    mkdirSync(join(project.folder, 'node_modules'));
    symlinkSync(resolve('.'), join(project.folder, 'node_modules/db-bootstrap'));
  });
  after(() => project.remove());

  const perform = (use: string, ...args: string[]): Promise<Ended> => {
    const config = { database: 'none', grace: '100ms', plugins: ['./plugin.mjs'], tasks: { it: { use } } };
    project.write(
      'bootstrap.config.mjs',
      `console.info('read'); process.stdout.write('read raw\\n'); export default ${JSON.stringify(config)};\n`,
    );
    return bootstrap(args, { cwd: project.folder });
  };

  it('prints to standard error, however it does: standard output is for machines', async () => {
    const run = await perform('talks', 'run', '--reporter', 'ndjson');
    assert.equal(run.code, 0, run.stderr);
    assert.equal(eventsOf(run.stdout).at(-1)?.type, 'run.end');
    assert.match(
      run.stderr,
      /^read\nread raw\n[^]*^loaded\nloaded raw\nloaded by name\n[^]*^working\n\{ a: 1 \}\n[^]*^raw\n[^]*^late\n/m,
    );
    for (const args of [
      ['plan', '--json'],
      ['check', '--json'],
      ['graph', '--format', 'json'],
      ['config', '--json'],
      ['config', '--schema'],
    ])
      JSON.parse((await perform('talks', ...args)).stdout);
  });

  for (const [use, method] of [
    ['silent', 'run'],
    ['odd', 'run'],
    ['planless', 'plan'],
  ] as const) {
    it(`fails its task where it answers with what is no answer: ${use}`, async () => {
      const { code, stdout, stderr } = await perform(use, 'run', '--reporter', 'ndjson');
      assert.equal(code, 1, stderr);
      const [problem] = runEnd(stdout).tasks[0]?.problems ?? [];
      assert.equal(problem?.code, 'DBB5019');
      assert.match(
        problem.message,
        new RegExp(`^task "it" failed: "${method}" of its kind "${use}" did not return \\{`),
      );
    });
  }

  describe('with an error that nobody caught', () => {
    for (const [use, says] of [
      ['rejects', 'left alone'],
      ['rejects-text', 'a text'],
      ['throws', 'in a timer'],
      ['throws-again', 'in a timer'],
    ] as const) {
      it(`ends the run, which says so in its last line: ${use}`, async () => {
        const { code, stdout } = await perform(use, 'run', '--reporter', 'ndjson');
        const end = runEnd(stdout);
        assert.deepEqual([code, end.exitCode, end.status], [70, 70, 'failed']);
        const [problem, ...more] = end.problems ?? [];
        assert.deepEqual(
          [problem?.code, problem?.message],
          ['DBB9002', `an error that nobody caught: ${says}`],
        );
        assert.deepEqual(more, []);
        if (use !== 'rejects-text') assert.equal(problem?.place?.file, 'plugin.mjs');
        assert.deepEqual(
          end.tasks.map(({ status, reason }) => `${status}: ${reason}`),
          ['cancelled: an error that nobody caught ended the run while it ran'],
        );
        const ledger = readFileSync(join(project.folder, '.db-bootstrap/history.ndjson'), 'utf8');
        assert.match(ledger.trimEnd().split('\n').at(-1) ?? '', /"event":"end","status":"failed"/);
        const next = eventsOf((await perform('silent', 'run', '--reporter', 'ndjson')).stdout);
        assert.ok(!next.some(({ type }) => type === 'notice'), 'no child was left behind');
      });
    }

    it('tells people its code, its place and what to do', async () => {
      const { code, stdout } = await perform('rejects', 'run');
      assert.equal(code, 70);
      assert.match(
        stdout,
        /^error\[DBB9002\]: an error that nobody caught: left alone\n {2}--> plugin\.mjs:\d+:\d+\n {2}help: /m,
      );
    });

    for (const use of ['exits', 'exits-at-once']) {
      it(`and with a process.exit, the same: ${use}`, async () => {
        const { code, stdout } = await perform(use, 'run', '--reporter', 'ndjson');
        const end = runEnd(stdout);
        assert.deepEqual([code, end.exitCode, end.status], [70, 70, 'failed']);
        const [problem, ...more] = end.problems ?? [];
        assert.equal(problem?.code, 'DBB9002');
        assert.match(problem.message, /^process\.exit was called/);
        assert.equal(problem.place?.file, 'plugin.mjs');
        assert.deepEqual(more, []);
        const next = eventsOf((await perform('silent', 'run', '--reporter', 'ndjson')).stdout);
        assert.ok(!next.some(({ type }) => type === 'notice'), 'no child was left behind');
      });
    }

    it('ends the command of exec, which does not outlive it', async () => {
      const script = "trap 'echo ended; kill $!; exit 7' TERM; echo started; sleep 30 & wait";
      const { code, stdout, stderr } = await perform('throws-after', 'exec', '--', 'sh', '-c', script);
      assert.equal(stdout, 'started\nended\n');
      assert.match(
        stderr,
        /^error\[DBB9002\]: an error that nobody caught: in a timer\n {2}--> plugin\.mjs:/m,
      );
      assert.equal(code, 70);
    });

    it('fails a check, and is told', async () => {
      const { code, stdout } = await perform('checks', 'check');
      assert.equal(code, 70);
      assert.match(stdout, /^error\[DBB9002\]/m);
      const { problems } = JSON.parse((await perform('checks', 'check', '--json')).stdout) as {
        problems: { code: string }[];
      };
      assert.equal(problems[0]?.code, 'DBB9002');
    });

    it('after the run has ended fails the command', async () => {
      const { code, stdout, stderr } = await perform('throws-late', 'run', '--reporter', 'ndjson');
      assert.equal(runEnd(stdout).status, 'succeeded');
      assert.equal(code, 70);
      assert.match(
        stderr,
        /^error\[DBB9002\]: an error that nobody caught: in a timer\n {2}--> plugin\.mjs:/m,
      );
    });
  });

  it('does not choose the exit code', async () => {
    const { code, stderr } = await perform('marks', 'run');
    assert.equal(code, 0, stderr);
  });

  it('does not keep the command from ending by what it leaves open', async () => {
    assert.equal((await perform('leaves', 'run')).code, 0);
  });

  it('is told by a plan in the same way', async () => {
    const { code, stderr } = await perform('planless', 'plan');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error\[DBB5019\]: task "it" failed: "plan" of its kind "planless" did not return/m,
    );
  });
});
