import { spawn, spawnSync } from 'node:child_process';
import { chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError, shortageProblem } from '../../errors/index.js';
import { notStarted } from './problems.js';

/** The user that the server runs as, where that is not ourselves: PostgreSQL refuses to run as root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** The owner of the data where there is one already; else "postgres", else "nobody"; undefined where we are not root. */
export function serverUser(data: string): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(data, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const user = userNamed('postgres') ?? userNamed('nobody');
  if (user) return user;
  throw notStarted('PostgreSQL does not run as root, and there is neither a user "postgres" nor "nobody"', {
    help: 'add a user "postgres", or start as another user than root',
  });
}

// Users may come from elsewhere than /etc/passwd, which `id` knows; and the shell knows where programs like that are, whatever PATH says.
const ask = 'id=$(command -v id || command -pv id) || exit 127; "$id" -u -- "$1" && "$id" -g -- "$1"';

function userNamed(name: string): ServerUser | undefined {
  const { status, stdout, error } = spawnSync('/bin/sh', ['-c', ask, 'sh', name], { encoding: 'utf8' });
  const shortage = shortageProblem(error);
  if (shortage) throw new BootstrapError(shortage, { cause: error });
  if (error || status === 127) {
    throw notStarted(
      `PostgreSQL does not run as root, and the system cannot be asked for another user: ${
        error
          ? `/bin/sh cannot be started (${(error as NodeJS.ErrnoException).code ?? error.message})`
          : 'the program "id" is missing'
      }`,
      { help: 'install it, or start as another user than root' },
    );
  }
  const [uid, gid] = stdout.split('\n').map(Number);
  return status === 0 && uid !== undefined && gid !== undefined ? { uid, gid } : undefined;
}

/** Gives a file or folder to the server's user. */
export function give(path: string, user: ServerUser | undefined): void {
  if (user) chownSync(path, user.uid, user.gid);
}

/** Whether that user, really, can enter a folder. */
export function canEnter(folder: string, user: ServerUser): boolean {
  return (
    spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], { ...user, cwd: '/', stdio: 'ignore' })
      .status === 0
  );
}

/** Whether the server's user can execute its programs and read what they read. */
export function canUse(native: string, user: ServerUser): boolean {
  const script = '"$1/bin/initdb" --version && test -r "$1/lib" -a -r "$1/share"';
  return (
    spawnSync('/bin/sh', ['-c', script, 'sh', native], { ...user, cwd: '/', stdio: 'ignore' }).status === 0
  );
}

/** Runs one of the server's programs to its end. */
export function runProgram(
  native: string,
  program: string,
  args: readonly string[],
  user: ServerUser | undefined,
): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve, reject) => {
    // A process group of its own: an interrupt from the terminal is for us, and initdb half done helps nobody.
    const child = spawn(join(native, 'bin', program), args, {
      ...user,
      cwd: '/',
      env: serverEnvironment(),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/** What the server may know of our environment: it outlives us, so no secret and no PG* variable of ours may stay in it. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'TMPDIR', 'TEMP', 'TZ', 'SystemRoot', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'];
  const env: NodeJS.ProcessEnv = { LC_ALL: process.platform === 'darwin' ? 'en_US.UTF-8' : 'C' };
  for (const name of kept) if (process.env[name] !== undefined) env[name] = process.env[name];
  return env;
}
