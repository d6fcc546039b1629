import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bootstrap, eventsOf, runEnd, type Ended } from '../support/command.js';
import { makeFolder } from '../support/folder.js';

const plugin = `
import { defineTask, z } from 'db-bootstrap';
const kindOf = (kind, run, more) => defineTask({ kind, description: kind, options: z.object({}), database: false, run, ...more });
console.log('loaded');
const fine = { changed: false, summary: 'fine' };
export const talks = kindOf('talks', async () => { console.log('working'); console.dir({ a: 1 }); console.table([1]); return fine; });
export const silent = kindOf('silent', async () => undefined);
export const odd = kindOf('odd', async () => ({ changed: 'yes', summary: 5 }));
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
    const config = { database: 'none', plugins: ['./plugin.mjs'], tasks: { it: { use } } };
    project.write(
      'bootstrap.config.mjs',
      `console.info('read'); export default ${JSON.stringify(config)};\n`,
    );
    return bootstrap(args, { cwd: project.folder });
  };

  it('prints with console to standard error: standard output is for machines', async () => {
    const run = await perform('talks', 'run', '--reporter', 'ndjson');
    assert.equal(run.code, 0, run.stderr);
    assert.equal(eventsOf(run.stdout).at(-1)?.type, 'run.end');
    assert.match(run.stderr, /^read\n[^]*^loaded\n[^]*^working\n\{ a: 1 \}\n/m);
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

  it('is told by a plan in the same way', async () => {
    const { code, stderr } = await perform('planless', 'plan');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error\[DBB5019\]: task "it" failed: "plan" of its kind "planless" did not return/m,
    );
  });
});
