import { spawn } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers, makeDatabase, urlOf } from './connect.js';
import { checkMajor, configure, majorOfData, makeData, removeDrafts } from './data.js';
import {
  findHome,
  makeHome,
  makeServerFolder,
  readSettings,
  serverFolder,
  writeSettings,
  type Home,
} from './home.js';
import { withLock } from './lock.js';
import { findPackage } from './package.js';
import { disownPid, ended, runningPostmaster } from './postmaster.js';
import { explained, lastWords, notStarted } from './problems.js';
import { makePrograms, versionOf } from './programs.js';
import { serverEnvironment, serverUser, type ServerUser } from './user.js';

/** Where the server's files are, which database it must have, and where its package may be installed. */
export interface StartOptions {
  /** Absolute path of `.db-bootstrap`. */
  readonly stateDirectory: string;
  /** The database that exists afterwards. */
  readonly name: string;
  /** A port that must be used; absent: the last one, or any free one. */
  readonly port?: number;
  /** Folders in (or above) whose node_modules the server's package is looked for, in order. */
  readonly packageRoots: readonly string[];
  /** Receives a line for each step that takes time. */
  readonly log?: (text: string) => void;
}

/** A running server. */
export interface EmbeddedServer {
  /** URL of the database as the superuser, password included. */
  readonly url: string;
  /** False where it was running already. */
  readonly started: boolean;
  /** "18.4" */
  readonly version: string;
}

/** Milliseconds until a server must let us in; recovery after a crash counts. */
const patience = 120_000;

/**
 * Brings the embedded server up, with the database, and leaves it running when this process ends. Safe to call at any moment, from
 * several processes at once, and after any crash. Failures are DBB4020 (not installed), DBB4021 (did not start, and why) and
 * DBB4023 (data of another major version).
 */
export async function startEmbedded(options: StartOptions): Promise<EmbeddedServer> {
  try {
    makeServerFolder(options.stateDirectory);
    const lock = join(serverFolder(options.stateDirectory), 'lock');
    return await withLock(lock, () => bringUp(options));
  } catch (error) {
    throw explained(error);
  }
}

async function bringUp({
  stateDirectory,
  name,
  port,
  packageRoots,
  log = ignore,
}: StartOptions): Promise<EmbeddedServer> {
  // First: without a server to put there, no folder outside the project is made.
  if (!runningPostmaster(findHome(stateDirectory))) findPackage(packageRoots);
  const home = makeHome(stateDirectory);
  const running = await findRunning(home);
  if (running && port !== undefined && running.port !== port)
    throw notStarted(`the embedded server is running at port ${running.port}, not ${port}`, {
      help: 'db-bootstrap db stop, then start again',
    });
  const server = running ?? (await start(home, port, packageRoots, log));
  await makeDatabase(home, server.port, name);
  writeSettings(home, { port: server.port, name });
  return { url: urlOf(home, server.port, name), started: running === undefined, version: server.version };
}

async function findRunning(home: Home): Promise<{ port: number; version: string } | undefined> {
  const postmaster = runningPostmaster(home);
  if (!postmaster) return undefined;
  const alive = (): boolean => runningPostmaster(home)?.pid === postmaster.pid;
  const version = await answers(home, postmaster.port, alive, patience);
  return version === false ? undefined : { port: postmaster.port, version };
}

async function start(
  home: Home,
  wanted: number | undefined,
  packageRoots: readonly string[],
  log: (text: string) => void,
): Promise<{ port: number; version: string }> {
  const user = serverUser(home.data);
  const native = makePrograms(findPackage(packageRoots), home, user, log);
  const version = await versionOf(native, user);
  checkMajor(home, version);
  if (majorOfData(home) === undefined) {
    log(`making a data directory for PostgreSQL ${version} in ${home.folder}`);
    await makeData(home, native, user);
  }
  removeDrafts(home);
  disownPid(home);
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort(wanted, attempt === 1 ? readSettings(home)?.port : undefined);
    configure(home, port, user);
    log(`starting PostgreSQL ${version} at port ${port}`);
    const failure = await launch(home, native, user, port);
    if (failure === undefined) return { port, version };
    // A start that was killed has left a server that was on its way.
    const running = /lock file "postmaster.pid" already exists/.test(failure)
      ? await findRunning(home)
      : undefined;
    if (running) return running;
    // Somebody took the port meanwhile; or backends of a killed server are not gone yet.
    const passing = wanted === undefined && /could not create any TCP\/IP sockets/.test(failure);
    const leaving = /pre-existing shared memory block/.test(failure);
    if (attempt >= (leaving ? 50 : 3) || !(passing || leaving)) throw becauseOf(home, failure);
    await sleep(leaving ? 200 : 0);
  }
}

/** Starts the server in a session of its own and waits until it answers; otherwise what it wrote to its log. */
async function launch(
  home: Home,
  native: string,
  user: ServerUser | undefined,
  port: number,
): Promise<string | undefined> {
  const log = openLog(home);
  let failure: Error | undefined;
  let exited = false;
  try {
    const child = spawn(join(native, 'bin', 'postgres'), ['-D', home.data], {
      ...user,
      cwd: '/',
      env: serverEnvironment(),
      detached: true,
      stdio: ['ignore', log.handle, log.handle],
    });
    child.on('error', (error) => ([failure, exited] = [error, true]));
    child.on('exit', () => (exited = true));
    child.unref();
    if ((await answers(home, port, () => !exited, patience)) !== false) return undefined;
    if (failure) throw failure;
    if (child.pid !== undefined) await ended(child.pid, 1000);
    return readFileSync(home.log, 'utf8').slice(log.length);
  } finally {
    closeSync(log.handle);
  }
}

function becauseOf(home: Home, text: string): Error {
  const { cause, ...words } = lastWords(text);
  return notStarted(cause ?? `the server ended at once and said nothing (${home.log})`, {
    notes: [{ label: 'found by', text: `the start of the embedded server; its log is ${home.log}` }],
    ...words,
  });
}

function openLog(home: Home): { handle: number; length: number } {
  const handle = openSync(home.log, 'a', 0o600);
  // Nobody else rotates it.
  if (fstatSync(handle).size > 10_000_000) ftruncateSync(handle);
  return { handle, length: readFileSync(home.log, 'utf8').length };
}

async function choosePort(wanted: number | undefined, last: number | undefined): Promise<number> {
  if (wanted !== undefined) {
    if ((await tryPort(wanted)) === undefined)
      throw notStarted(`port ${wanted} of 127.0.0.1 is taken or may not be used`, {
        help: 'name another port, or none: then a free one is used',
      });
    return wanted;
  }
  const port = (last === undefined ? undefined : await tryPort(last)) ?? (await tryPort(0));
  if (port === undefined) throw notStarted('no port of 127.0.0.1 is free');
  return port;
}

/** The port, if it can be listened to now; a free one for 0. */
function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.on('error', () => resolve(undefined));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}

function ignore(): void {
  // Nobody listens.
}
