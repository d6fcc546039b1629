import { chmodSync, cpSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from './home.js';
import { complete, isComplete, type ServerPackage } from './package.js';
import { notStarted } from './problems.js';
import { canUse, runProgram, type ServerUser } from './user.js';

/**
 * The folder with the server's programs: the package's own, completed where its postinstall script has not run; or a copy in the
 * home, where the server's user cannot reach the package or the package cannot be written.
 */
export function makePrograms(
  server: ServerPackage,
  home: Home,
  user: ServerUser | undefined,
  log: (text: string) => void,
): string {
  const usable = (native: string): boolean =>
    isComplete(native) && (user === undefined || canUse(native, user));
  if (!isComplete(server.native)) {
    try {
      complete(server.native);
    } catch {
      // A node_modules that we may not write: the copy is ours.
    }
  }
  if (usable(server.native)) return server.native;
  const name = `server-${server.version}`;
  const copy = join(home.folder, name);
  if (existsSync(copy) && usable(copy)) return copy;
  log(`copying the server's programs to ${copy}`);
  // The server is not running now, so copies of other versions, and half copies, are nobody's.
  for (const entry of readdirSync(home.folder))
    if (entry.startsWith('server-')) rmSync(join(home.folder, entry), { recursive: true, force: true });
  const draft = join(home.folder, 'server-new');
  cpSync(server.native, draft, { recursive: true, verbatimSymlinks: true });
  openUp(draft);
  complete(draft);
  renameSync(draft, copy);
  return copy;
}

/** PostgreSQL's version by its own word: "18.4". The first thing that is run, so it also finds out whether anything can be. */
export async function versionOf(native: string, user: ServerUser | undefined): Promise<string> {
  const program = join(native, 'bin/postgres');
  const { output } = await runProgram(native, 'postgres', ['--version'], user).catch((error: unknown) => {
    // The program is there; what is not is the loader that it names.
    if (!existsSync(program) || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw notStarted(
      `${program} cannot run here: it needs the GNU C library, which this system does not have`,
      {
        help: 'name a server in "database", or in DATABASE_URL',
      },
    );
  });
  const version = /\d+(\.\d+)*/.exec(output)?.[0];
  if (version === undefined || !output.includes('PostgreSQL'))
    throw notStarted(`${program} does not run on this machine`, { output });
  return version;
}

/** Lets everybody read, and enter folders: the package may have been unpacked for its owner alone. */
function openUp(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openUp(path);
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}
