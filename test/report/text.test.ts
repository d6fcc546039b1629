import assert from 'node:assert/strict';
import { cancelled, failure, fleet, success } from './scenarios.js';
import { play, runStart, stamp, task, taskEnd } from './streams.js';

describe('the append-only reporter', () => {
  it('prints a line per event and the end block of a success', async () => {
    const { stdout, stderr } = await play('append-only', success());
    assert.equal(stderr, '');
    assert.equal(
      stdout,
      `00:00.0  db-bootstrap 0.1.0: 4 tasks from .bootstraprc on postgres://app:***@localhost:5432/shop_test
00:01.0  wait    started
00:03.0  wait    succeeded in 90ms: localhost:5432 answered
00:04.0  shared  started
00:07.0  shared  succeeded in 1.5s: 18 migrations applied to public
00:08.0  flush   skipped: disabled in the config
00:09.0  tables  started
00:11.0  tables  succeeded in 40ms: 12 tables exist

4 tasks in 2.1s: 3 succeeded, 1 skipped

ready: 1 of 3 tasks changed something, in 2.1s
`,
    );
  });

  it('prints log lines only with --verbose', async () => {
    assert.doesNotMatch((await play('append-only', success())).stdout, /Applying/);
    const { stdout } = await play('append-only', success(), { verbose: true });
    assert.match(stdout, /^00:06\.0 {2}shared {2}\| Applying carriers\.0001\.\.\. OK$/m);
  });

  it('says that there was nothing to do', async () => {
    const { stdout } = await play('append-only', success(false));
    assert.match(stdout, /\nnothing to do: ready already, 3 tasks in 2\.1s changed nothing\n$/);
  });

  it('ends a failure with the cause, the whole output, what was not done, and the truth', async () => {
    const { stdout } = await play('append-only', failure());
    assert.equal(
      stdout.slice(stdout.indexOf('\n\n') + 2),
      `wait    warned       500ms  tolerated 42710: roles may exist
shared  failed        1.5s  column "nme" does not exist (2 attempts)

4 tasks in 2.1s: 1 skipped, 1 warned, 1 failed, 1 blocked
slowest: shared 1.5s, wait 500ms

warning[DBB4030]: the ledger is kept in files

error[DBB5004]: column "nme" does not exist
  --> sql/a,b.sql:3:8
  |
3 | select nme from carriers;
  |        ~~~
  sqlstate: 42703
  task: shared
  help: did you mean "name"?

log of task "shared": .db-bootstrap/logs/r1/shared.log

output of task "shared":
  | one
  | ::error::two

not done: "tables"
resume: db-bootstrap run --from shared
not ready: task "shared" failed; 1 task did not run
`,
    );
  });

  it('ends a cancelled run with what was left', async () => {
    const { stdout } = await play('append-only', cancelled());
    assert.equal(
      stdout.slice(stdout.indexOf('\n\n') + 2),
      `shared  cancelled    700ms  interrupted

4 tasks in 800ms: 1 succeeded, 1 skipped, 2 cancelled

not done: "shared" and "tables"
resume: db-bootstrap run --from shared
not ready: interrupted after 800ms; 2 tasks did not finish
`,
    );
  });

  it('shows thousands of tenants as a few lines, and failed ones by cause', async () => {
    const { stdout } = await play('append-only', fleet());
    assert.deepEqual(
      stdout.split('\n').filter((line) => line.includes(' of 3,000')),
      [
        '00:13.0  tenant-migrations  1,000 of 3,000, 100/s, about 20s left, 3 failed',
        '00:23.0  tenant-migrations  2,000 of 3,000, 100/s, about 10s left, 3 failed',
        '00:33.0  tenant-migrations  3,000 of 3,000, 3 failed',
      ],
    );
    assert.match(
      stdout,
      /error\[DBB6011\]: column "nme" does not exist in schema "tenant_40"\n {2}the same in: "tenant_900" and "tenant_901"\n/,
    );
    assert.ok(stdout.split('\n').length < 30);
  });

  it('prints only failures and the final sentence with --quiet', async () => {
    const quiet = { quiet: true };
    assert.equal(
      (await play('append-only', success(), quiet)).stdout,
      'ready: 1 of 3 tasks changed something, in 2.1s\n',
    );
    const { stdout } = await play('default', failure(), quiet);
    assert.match(stdout, /^error\[DBB5004\]/);
    assert.doesNotMatch(stdout, /started|slowest|DBB4030/);
    assert.match(stdout, /\nnot ready: task "shared" failed; 1 task did not run\n$/);
  });

  it('uses escape sequences only with colour, and none of a child', async () => {
    for (const verbose of [true, false]) {
      assert.doesNotMatch((await play('append-only', failure(), { verbose })).stdout, /\u001b/);
    }
    const { stdout } = await play('append-only', failure(), { color: true, verbose: true });
    assert.match(stdout, /\u001b\[31m/);
    assert.doesNotMatch(stdout, /\u001b\[2J/);
  });

  it('shows control characters of names and reasons as escapes', async () => {
    const hostile = 'a\u001b[2Jb\u0007';
    const failed = taskEnd('migrate', { status: 'failed', changed: false, ms: 1, reason: hostile });
    const events = stamp([
      runStart([task('migrate')]),
      { type: 'task.start', task: 'migrate', use: 'migrate' },
      { type: 'tenant.end', task: 'migrate', schema: `${hostile}\nc`, status: 'failed', reason: hostile },
      { type: 'task.end', ...failed },
      { type: 'run.end', status: 'failed', exitCode: 1, ms: 1, tasks: [failed] },
    ]);
    for (const reporter of ['append-only', 'default', 'github'] as const) {
      const { stdout } = await play(reporter, events);
      assert.ok(stdout.includes('a\\u001b[2Jb\\u0007\\nc'), stdout);
      assert.ok(stdout.includes(': a\\u001b[2Jb\\u0007'), stdout);
    }
  });

  it('names a fault of the run as a whole', async () => {
    const wait = taskEnd('wait', { status: 'cancelled', attempts: 0, changed: false });
    const problems = [{ code: 'DBB5016', message: 'the run was not done after 10m' }] as const;
    const { stdout } = await play(
      'append-only',
      stamp([
        runStart([task('wait')]),
        { type: 'task.end', ...wait },
        { type: 'run.end', status: 'failed', exitCode: 124, ms: 600_000, tasks: [wait], problems },
      ]),
    );
    assert.match(stdout, /\nerror\[DBB5016\]: the run was not done after 10m\n/);
    assert.match(stdout, /\nnot ready: the run was not done after 10m; 1 task did not run\n$/);
  });

  it('says that checks failed where only checks did', async () => {
    const tables = taskEnd('tables', { status: 'failed', check: true, changed: false });
    const { stdout } = await play(
      'append-only',
      stamp([
        runStart([task('tables', [], { check: true })]),
        { type: 'task.end', ...tables },
        { type: 'run.end', status: 'failed', exitCode: 3, ms: 10, tasks: [tables] },
      ]),
    );
    assert.match(stdout, /\nnot ready: check "tables" failed\n$/);
  });
});

describe('the silent reporter', () => {
  it('prints nothing for a success', async () => {
    assert.deepEqual(await play('silent', success()), { stdout: '', stderr: '' });
  });

  it('prints what failed on standard error', async () => {
    const { stdout, stderr } = await play('silent', failure());
    assert.equal(stdout, '');
    assert.match(stderr, /^error\[DBB5004\]: column "nme" does not exist\n/);
    assert.match(stderr, /\nnot ready: task "shared" failed; 1 task did not run\n$/);
  });
});

describe('the ndjson reporter', () => {
  it('prints each event as a line, and nothing else', async () => {
    const events = failure();
    const { stdout, stderr } = await play('ndjson', events);
    assert.equal(stderr, '');
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
      events,
    );
  });
});
