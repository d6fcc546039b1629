import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command, copyExample, type Ended } from '../support/command.js';
import { createTestDatabase } from '../support/postgres.js';

const isRoot = process.getuid?.() === 0;
const asNobody = isRoot ? 'setpriv --reuid=65534 --regid=65534 --clear-groups' : '';
const inMounts = `unshare ${isRoot ? '' : '--map-root-user '}--mount`;
const mayMount = spawnSync('sh', ['-c', `${inMounts} mount -t tmpfs tmpfs /mnt`]).status === 0;

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

  it('stands in the working directory where the config comes through a pipe', async () => {
    const { code, stderr } = await run('cat .bootstraprc |', '--config', '/dev/stdin');
    assert.equal(code, 0, stderr);
    assert.ok(existsSync(join(state, '.gitignore')));
  });

  const places: Readonly<Record<string, { readonly before: () => string; readonly why: string }>> = {
    'that belongs to another user': {
      before: () => {
        if (!isRoot) chmodSync(state, 0o555);
        return asNobody;
      },
      why: 'EACCES',
    },
    ...(mayMount && {
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
        assert.match(stdout, /^ready: 2 of 8 tasks/m);
        assert.equal(code, 0);
      });

      it('is an error where the ledger is in files: nothing is done that could not be remembered', async () => {
        const { code, stdout } = await run(before(), '--set', 'ledger=file');
        assert.match(
          stdout,
          new RegExp(
            `^error\\[DBB4030\\]: the file ledger could not be written: ${why}.*\\n {2}--> .*/\\.db-bootstrap/ledger-.*\\.json\\n {2}task: init\\n {2}help: make room`,
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
            `^error\\[DBB1009\\]: the lock of this run cannot be written to .*/\\.db-bootstrap \\(${why}\\)\\n {2}help: make`,
            'm',
          ),
        );
        assert.equal(code, 2);
      });
    });
  }

  (mayMount ? it : it.skip)(
    'a file system that is read-only is called that by the embedded server',
    async () => {
      rmdirSync(state);
      const here = project.folder;
      const { code, stdout, stderr } = await run(
        `exec ${inMounts} sh -c 'mount --bind "${here}" "${here}" && mount -o remount,ro,bind "${here}" && cd "${here}" && exec "$@"' --`,
        ...['--set', 'database=embedded'],
      );
      assert.match(
        stdout + stderr,
        /^error\[DBB4021\]: .*\.db-bootstrap: the file system is read-only \(mkdir\)$/m,
      );
      assert.equal(code, 1);
    },
  );

  it('a history on a full disk is one warning; what was done is done', async () => {
    symlinkSync('/dev/full', join(state, 'history.ndjson'));
    const { code, stdout } = await run('', '--set', 'ledger=file');
    const warnings = stdout.match(/^warning\[DBB4030\]: .*ENOSPC.*\n {2}--> .*history\.ndjson$/gm);
    assert.equal(warnings?.length, 1, stdout);
    assert.equal(stdout.match(/^warning/gm)?.length, 1, stdout);
    assert.match(stdout, /^ready: 2 of 8 tasks/m);
    assert.equal(code, 0);
  });
});
