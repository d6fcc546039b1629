import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { BootstrapError, packageRoot, redact } from '../errors/index.js';
import { embeddedUrl, openPsql, startEmbedded, stopEmbedded } from '../postgres/embedded/index.js';
import { print, type Io } from './io.js';
import { load, openIo } from './load.js';
import type { DatabaseSetting } from '../../config/workflow.js';
import type { ConfigOptions } from './options.js';
import { nearest } from '../text/index.js';

const actions = ['start', 'stop', 'url', 'psql'] as const;

/** What can be done with the embedded server. */
export type DbAction = (typeof actions)[number];

/** The embedded server of one project, and where to say what was done. */
export interface DbSettings {
  /** Absolute path of the project: its node_modules come first. */
  readonly root: string;
  /** Absolute path of `.db-bootstrap`. */
  readonly stateDirectory: string;
  /** The database to make, or to name in the URL; absent: the one of the last start. */
  readonly name?: string;
  readonly port?: number;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** For psql. */
  readonly args?: readonly string[];
}

/** `db-bootstrap db ACTION`: starts, stops, names or opens the embedded server of the project whose config holds here. */
export async function dbCommand(
  action: string,
  words: readonly string[],
  options: ConfigOptions,
): Promise<number> {
  const known = actions.find((each) => each === action);
  if (known === undefined) throw unknownAction(action);
  if (known !== 'psql' && words.length > 0) {
    throw new BootstrapError({
      code: 'DBB1003',
      message: `"db ${known}" takes no arguments: ${words.join(' ')}`,
      help: 'run "db-bootstrap db --help"',
    });
  }
  const { io, root, database } = await project(options);
  return runDb(known, {
    root,
    stateDirectory: join(root, '.db-bootstrap'),
    stdout: io.stdout,
    stderr: io.stderr,
    // As npm and heroku have it, "--" may stand before what is psql's, and is not.
    args: words[0] === '--' ? words.slice(1) : words,
    ...(database.kind === 'embedded' ? { name: database.name } : {}),
    ...(database.kind === 'embedded' && database.port !== undefined ? { port: database.port } : {}),
  });
}

/** The project by its config, which need not name a database; a folder without one may have a server as well. */
async function project(options: ConfigOptions): Promise<{ io: Io; root: string; database: DatabaseSetting }> {
  try {
    const { io, workflow } = await load(options).catch((error: unknown) => {
      if (!(error instanceof BootstrapError) || !lacking.has(error.code)) throw error;
      return load({ ...options, set: [...(options.set ?? []), 'database=embedded'] });
    });
    return { io, root: workflow.root, database: workflow.database };
  } catch (error) {
    if (!(error instanceof BootstrapError) || error.code !== 'DBB2001') throw error;
    const io = openIo(options);
    return { io, root: io.cwd, database: { kind: 'none' } };
  }
}

/** No database, or a variable that is not set: the embedded server needs neither. */
const lacking: ReadonlySet<string> = new Set(['DBB4005', 'DBB2010']);

/** One action on the embedded server; resolves with the exit code. `url` prints the whole URL and nothing else. */
export async function runDb(action: DbAction, settings: DbSettings): Promise<number> {
  const { root, stateDirectory, stdout, stderr, name, port, args } = settings;
  const database = { stateDirectory, ...(name === undefined ? {} : { name }) };
  if (action === 'psql') return openPsql({ ...database, ...(args ? { args } : {}) });
  if (action === 'url') {
    print(stdout, embeddedUrl(database));
    return 0;
  }
  if (action === 'stop') {
    const stopped = await stopEmbedded({ stateDirectory });
    print(
      stdout,
      stopped ? 'the embedded server is stopped; its data stay' : 'no embedded server was running',
    );
    return 0;
  }
  const server = await startEmbedded({
    stateDirectory,
    name: name ?? 'app_dev',
    packageRoots: [root, packageRoot()],
    log: (text) => print(stderr, text),
    ...(port === undefined ? {} : { port }),
  });
  const state = server.started ? 'is running' : 'was running already';
  print(stdout, `PostgreSQL ${server.version} ${state}: ${redact(server.url)}`);
  print(stderr, 'the whole URL, with its password: db-bootstrap db url');
  return 0;
}

function unknownAction(action: string): BootstrapError {
  const near = nearest(action, actions);
  return new BootstrapError({
    code: 'DBB1002',
    message: `there is no command "db ${action}"`,
    help: near === undefined ? `use one of ${actions.join(', ')}` : `did you mean "db ${near}"?`,
  });
}
