import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { makeStateDirectory } from '../../process/index.js';
import { notStarted } from './problems.js';
import { canEnter, serverUser } from './user.js';

/** All that belongs to one embedded server, in one folder. */
export interface Home {
  readonly folder: string;
  readonly data: string;
  readonly log: string;
}

/** What is kept from start to start. */
export interface Settings {
  readonly port: number;
  /** The database that was asked for last. */
  readonly name: string;
}

/** The folder of an embedded server inside the project's state directory. */
export function serverFolder(stateDirectory: string): string {
  return join(stateDirectory, 'postgres');
}

/** The home as an earlier start left it; it may hold nothing yet. */
export function findHome(stateDirectory: string): Home {
  const folder = serverFolder(stateDirectory);
  return homeIn(read(join(folder, 'moved-to'))?.trim() || folder);
}

/** Makes the state directory (ignored by git) and the home: inside it, or, where the server's user cannot go there, outside. */
export function makeHome(stateDirectory: string): Home {
  const folder = serverFolder(stateDirectory);
  makeServerFolder(stateDirectory);
  const found = findHome(stateDirectory);
  if (found.folder !== folder) {
    if (makeOwn(found.folder)) return found;
    throw notStarted(`${found.folder} is not ours alone: it may have been made by somebody else`, {
      help: `remove ${join(folder, 'moved-to')} to begin with an empty server at another place`,
    });
  }
  const user = serverUser(found.data);
  if (user === undefined || canEnter(folder, user)) return found;
  if (lstatSync(found.data, { throwIfNoEntry: false }))
    throw notStarted(`the server's user can no longer reach its data in ${found.data}`, {
      help: 'let everybody pass through the folders above it: chmod a+x',
    });
  const outside = makeOutside(stateDirectory, (candidate) => canEnter(candidate, user));
  writeWhole(join(folder, 'moved-to'), `${outside}\n`, 0o644);
  return homeIn(outside);
}

/** Makes the state directory and the server's folder in it. */
export function makeServerFolder(stateDirectory: string): void {
  makeStateDirectory(stateDirectory);
  mkdirSync(serverFolder(stateDirectory), { recursive: true });
}

/** The superuser's password: made once, readable by the caller alone. */
export function passwordOf(home: Home): string {
  const file = join(home.folder, 'password');
  const known = readPassword(home);
  if (known !== undefined) return known;
  if (lstatSync(home.data, { throwIfNoEntry: false }) !== undefined)
    throw notStarted(`the password of the embedded server is missing: ${file}`, {
      help: `remove ${home.folder} to begin with an empty server`,
    });
  const password = randomBytes(18).toString('base64url');
  writeWhole(file, password, 0o600);
  return password;
}

/** The superuser's password, where one has been made. */
function readPassword(home: Home): string | undefined {
  return read(join(home.folder, 'password'));
}

/** What the last start kept. */
export function readSettings(home: Home): Settings | undefined {
  const text = read(join(home.folder, 'server.json'));
  if (text === undefined) return undefined;
  try {
    const { port, name } = JSON.parse(text) as Partial<Settings>;
    return typeof port === 'number' && typeof name === 'string' ? { port, name } : undefined;
  } catch {
    // Edited by hand: another port is chosen then.
    return undefined;
  }
}

/** Keeps port and name for the next start. */
export function writeSettings(home: Home, settings: Settings): void {
  const text = `${JSON.stringify(settings)}\n`;
  const file = join(home.folder, 'server.json');
  if (read(file) !== text) writeWhole(file, text, 0o644);
}

/** Writes a file so that a crash leaves the old one or the new one, never half of it. */
function writeWhole(file: string, text: string, mode: number): void {
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  const handle = openSync(draft, 'wx', mode);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  chmodSync(draft, mode);
  renameSync(draft, file);
}

function homeIn(folder: string): Home {
  const real = lstatSync(folder, { throwIfNoEntry: false }) ? realpathSync(folder) : folder;
  return { folder: real, data: join(real, 'data'), log: join(real, 'server.log') };
}

/** /var/lib before the folders for temporary files: those are swept by age, file by file, which would ruin a database. */
function makeOutside(stateDirectory: string, isReachable: (folder: string) => boolean): string {
  const project = dirname(realpathSync(stateDirectory));
  const hash = createHash('sha256').update(realpathSync(stateDirectory)).digest('hex').slice(0, 12);
  const name = `${basename(project).replace(/[^\w-]/g, '_')}-${hash}`;
  const tried: string[] = [];
  for (const parent of ['/var/lib/db-bootstrap', '/var/tmp', tmpdir(), '/tmp']) {
    const folder = parent.endsWith('db-bootstrap')
      ? join(parent, name)
      : join(parent, `db-bootstrap-${name}`);
    tried.push(folder);
    if (!makeOwn(folder) || !isReachable(folder)) continue;
    writeWhole(join(folder, 'project'), `${project}\n`, 0o644);
    return folder;
  }
  throw notStarted(`the server's user can reach neither ${stateDirectory} nor any other folder`, {
    notes: [{ label: 'tried', text: tried.join(', ') }],
    help: `let everybody pass through the folders above ${stateDirectory}: chmod a+x`,
  });
}

/** Makes a folder that only we write to; false where one stands there that is not ours alone, as anybody may make in /tmp. */
function makeOwn(folder: string): boolean {
  try {
    if (mkdirSync(dirname(folder), { recursive: true }) !== undefined) chmodSync(dirname(folder), 0o755);
    mkdirSync(folder);
    chmodSync(folder, 0o755);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
  }
  const found = lstatSync(folder);
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
