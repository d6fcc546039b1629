import assert from 'node:assert/strict';
import { bootstrap } from '../support/command.js';
import { makeFolder } from '../support/folder.js';

/** What is asked for, and whether it paints both streams, which are pipes here. */
const cases: readonly (readonly [args: readonly string[], env: NodeJS.ProcessEnv, painted: boolean])[] = [
  [[], {}, false],
  [['--color'], {}, true],
  [['--no-color'], { FORCE_COLOR: '1' }, false],
  [['--color'], { NO_COLOR: '1' }, true],
  [['--no-color', '--color'], {}, true],
  [['--color', '--no-color'], {}, false],
  [[], { FORCE_COLOR: '1' }, true],
  [[], { FORCE_COLOR: '2' }, true],
  [[], { FORCE_COLOR: '3' }, true],
  [[], { FORCE_COLOR: 'true' }, true],
  [[], { FORCE_COLOR: '1', TERM: 'dumb' }, true],
  [[], { FORCE_COLOR: '0' }, false],
  [[], { FORCE_COLOR: 'false' }, false],
  [[], { FORCE_COLOR: 'FALSE' }, false],
  [[], { FORCE_COLOR: '' }, false],
  [[], { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  [[], { FORCE_COLOR: '1', NO_COLOR: '' }, true],
];

describe('colour', function () {
  this.timeout(60_000);
  let project: ReturnType<typeof makeFolder>;
  before(() => {
    project = makeFolder({ '.bootstraprc': 'tasks: { x: { use: command, run: echo hello } }\n' });
  });
  after(() => project.remove());

  for (const [args, env, painted] of cases) {
    const words = [...Object.entries(env).map(([name, value]) => `${name}=${value ?? ''}`), ...args];
    it(`${words.join(' ') || 'nothing said'}: ${painted ? 'both streams' : 'neither stream'}`, async () => {
      const report = await bootstrap(['run', ...args], { cwd: project.folder, env });
      const failure = await bootstrap(['run', ...args, '--only', 'y'], { cwd: project.folder, env });
      const silent = await bootstrap(
        ['run', ...args, '--reporter', 'silent', '--set', 'tasks.x.run=exit 1'],
        {
          cwd: project.folder,
          env,
        },
      );
      const isPainted = (text: string): boolean => text.includes('\u001b[');
      assert.match(report.stdout, /ready/);
      assert.match(failure.stderr, /DBB1004/);
      assert.match(silent.stderr, /DBB5001/);
      assert.deepEqual([report.stdout, failure.stderr, silent.stderr].map(isPainted), [
        painted,
        painted,
        painted,
      ]);
    });
  }

  it('what stands behind "exec --" is the other command\'s', async () => {
    const { stderr } = await bootstrap(['exec', '--only', 'y', '--', 'ls', '--color', '-v'], {
      cwd: project.folder,
    });
    assert.match(stderr, /^error\[DBB1004\]/);
    assert.doesNotMatch(stderr, /\u001b|^ +at /m);
  });
});
