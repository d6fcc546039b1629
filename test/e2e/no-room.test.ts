import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Command, copyExample, type Ended } from '../support/command.js';
import { createTestDatabase } from '../support/postgres.js';

const isRoot = process.getuid?.() === 0;
const asNobody = isRoot ? 'setpriv --reuid=65534 --regid=65534 --clear-groups' : '';
// Who is root in a container may not mount, but perhaps as the root of a namespace of users; and the other way round.
const inMounts = ['unshare --mount', 'unshare --map-root-user --mount'].find(
  (way) => spawnSync('sh', ['-c', `${way} mount -t tmpfs tmpfs /mnt`]).status === 0,
);

/** A folder that is mounted read-only, as all containers have some; who may not mount needs one. */
function findReadOnly(): string | undefined {
  const mounts = existsSync('/proc/mounts') ? readFileSync('/proc/mounts', 'utf8').split('\n') : [];
  return mounts
    .map((line) => line.split(' '))
    .filter(([, , , options]) => /^ro(?:,|$)/.test(options ?? ''))
    .map(([, folder = '']) => folder)
    .find((folder) => !folder.includes('\\') && statSync(folder, { throwIfNoEntry: false })?.isDirectory());
}

describe('.db-bootstrap without room or rights', function () {
  this.timeout(60_000);
  let project: ReturnType<typeof copyExample>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let state: string;
  beforeEach(async () => {
    project = copyExample('sql');
    state = join(project.folder, '.db-bootstrap');
    mkdirSync(state);
    // Somebody else must be able to come here.
    chmodSync(dirname(project.folder), 0o755);
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await database.drop();
    project.remove();
  });

  /** Runs the command with a shell line before it; ends it, and fails, where it hangs. */
  const run = async (before: string, ...args: string[]): Promise<Ended> => {
    const shell = join(dirname(project.folder), 'sh');
    writeFileSync(shell, `#!/bin/sh\n${before} "${process.execPath}" "$@"\n`);
    chmodSync(shell, 0o755);
    const env = { DATABASE_URL: database.url };
    const command = new Command(['run', ...args], { cwd: project.folder, env, node: shell });
    const timer = setTimeout(() => command.kill('SIGKILL'), 40_000);
    const ended = await command.ended;
    clearTimeout(timer);
    const said = ended.stdout + ended.stderr;
    assert.equal(ended.signal, null, said);
    assert.doesNotMatch(said, /^[ |]*at .*[(/:].*:\d+:\d+\)?$/m);
    assert.doesNotMatch(said, /DBB9001|Traceback/);
    return ended;
  };

  const places: Readonly<Record<string, { readonly before: () => string; readonly why: string }>> = {
    'that belongs to another user': {
      before: () => {
        if (!isRoot) chmodSync(state, 0o555);
        return asNobody;
      },
      why: 'EACCES',
    },
    'where no file may grow': { before: () => 'ulimit -f 0; exec', why: 'EFBIG' },
    // Where nothing may be mounted, the limit above stands for it.
    ...(inMounts !== undefined && {
      'on a full disk': {
        before: () =>
          `exec ${inMounts} sh -c 'mount -t tmpfs -o size=16k tmpfs "${state}" && { head -c 64k /dev/zero > "${state}/fill" 2>/dev/null; exec "$@"; }' --`,
        why: 'ENOSPC',
      },
    }),
  };

  for (const [where, { before, why }] of Object.entries(places)) {
    describe(where, () => {
      it('is a warning where the ledger is in the database, and the run is ready', async () => {
        const { code, stdout } = await run(before());
        assert.match(
          stdout,
          new RegExp(`warning\\[DBB4030\\]: ".*/.db-bootstrap" cannot be written \\(${why}\\)`),
        );
        assert.doesNotMatch(stdout, /^log of task/m);
        assert.equal(
          stdout.match(/^warning/gm)?.length,
          stdout.match(/^ {2}help: (?:make|raise) /gm)?.length,
        );
        assert.match(stdout, /^ready: 2 of 8 tasks/m);
        assert.equal(code, 0);
      });

      it('is an error where the ledger is in files: nothing is done that could not be remembered', async () => {
        const { code, stdout } = await run(before(), '--set', 'ledger=file');
        assert.match(
          stdout,
          new RegExp(
            `^error\\[DBB4030\\]: the file ledger could not be written: ${why}.*\\n {2}--> .*/\\.db-bootstrap/ledger-.*\\.json\\n {2}task: init\\n {2}help: (?:make|raise) `,
            'm',
          ),
        );
        assert.match(
          stdout,
          /^warning\[DBB4030\]: the history of runs could not be written: .*\n {2}--> .*history\.ndjson\n {2}help: /m,
        );
        assert.equal(code, 1);
      });

      it('is the end of a run without a database, whose lock is a file', async () => {
        writeFileSync(join(project.folder, '.bootstraprc'), 'tasks: { x: { use: command, run: echo hi } }\n');
        const { code, stdout } = await run(before(), '--set', 'database=none');
        assert.match(
          stdout,
          new RegExp(
            `^error\\[DBB1009\\]: the lock of this run cannot be written to .*/\\.db-bootstrap \\(${why}\\)\\n {2}help: (?:make|raise) `,
            'm',
          ),
        );
        assert.doesNotMatch(stdout, /warning|goes on/);
        assert.equal(code, 2);
      });
    });
  }

  it('a file system that is read-only is called that by the embedded server', async function () {
    rmdirSync(state);
    const here = project.folder;
    const folder = findReadOnly();
    // In CI nothing is left out: there it fails.
    if (inMounts === undefined && folder === undefined && !process.env.CI) this.skip();
    const { code, stdout, stderr } = await (inMounts === undefined
      ? run(
          `cd "${folder ?? here}" && cat "${here}/.bootstraprc" |`,
          ...['--config', '/dev/stdin', '--set', 'database=embedded'],
        )
      : run(
          `exec ${inMounts} sh -c 'mount --bind "${here}" "${here}" && mount -o remount,ro,bind "${here}" && cd "${here}" && exec "$@"' --`,
          ...['--set', 'database=embedded'],
        ));
    assert.match(
      stdout + stderr,
      /^error\[DBB4021\]: .*\.db-bootstrap: the file system is read-only \(mkdir\)$/m,
    );
    assert.equal(code, 1);
  });

  it('a history that leads to a device is one warning; what was done is done', async () => {
    symlinkSync('/dev/full', join(state, 'history.ndjson'));
    const { code, stdout } = await run('', '--set', 'ledger=file');
    const warnings = stdout.match(
      /^warning\[DBB4030\]: .*history\.ndjson" is a link, a pipe or a device.*\n {2}--> .*history\.ndjson$/gm,
    );
    assert.equal(warnings?.length, 1, stdout);
    assert.equal(stdout.match(/^warning/gm)?.length, 1, stdout);
    assert.match(stdout, /^ready: 2 of 8 tasks/m);
    assert.equal(code, 0);
  });
});
