import { basename, join } from 'node:path';
import type { Json, TaskDatabase, TaskHost, TaskKind } from '../../config/define.js';
import { worthMasking } from '../../config/secrets.js';
import type { Workflow } from '../../config/workflow.js';
import type { HostService } from '../django/index.js';
import { BootstrapError, packageRoot } from '../errors/index.js';
import { startEmbedded } from '../postgres/embedded/start.js';
import { embeddedUrl } from '../postgres/embedded/stop.js';
import {
  Database,
  endSessions,
  passwordFromFile,
  resolveConnection,
  type ConnectionParameters,
} from '../postgres/index.js';
import {
  applicationName,
  databaseLedger,
  databaseLock,
  fileLedger,
  fileLock,
  noLedger,
  stateDirectoryOf,
  taskEnvironment,
  type Ledger,
  type RunLock,
  type RunServices,
  type TaskEnd,
} from '../run/index.js';
import { connectionOf } from './connection-of.js';
import { print, type Io } from './io.js';
import { mayWarm } from './may-warm.js';

/** Milliseconds that a statement of the ledger may take: it reads or writes a few rows, and nobody should wait for them for long. */
const ledgerLimit = 30_000;

/** What a workflow is executed with. */
export interface Session {
  readonly services: RunServices;
  /** Where the database is; undefined for a workflow without one, and for an embedded server that a plan does not start. */
  readonly connection: ConnectionParameters | undefined;
  /** Values that may stand in no output, beside those of the config. */
  readonly secrets: readonly string[];
  /** Whether the database that the run has connected to is one behind a pooler; false where nothing is connected yet. */
  isPooled(signal: AbortSignal): Promise<boolean>;
  /** The environment that tasks have; `own` is what one of them adds. */
  environment(own?: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
}

/** What decides how a session is opened. */
export interface SessionOptions {
  readonly io: Io;
  readonly workflow: Workflow;
  readonly runId: string;
  /** Milliseconds to wait for another run. */
  readonly waitLock: number;
  /** For plans and checks: starts no server, installs and writes nothing. */
  readonly readOnly: boolean;
  /** Django is asked even where its answers are kept. */
  readonly force?: boolean;
}

/** Opens all that a run needs from outside; nothing connects before it is used, but the embedded server starts here. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { workflow, runId, readOnly } = options;
  const connection = await resolveDatabase(options);
  const database = connection && new Database(connection, { applicationName: applicationName(runId) });
  const stateDirectory = stateDirectoryOf(workflow);
  const ledger = ledgerOf(options, stateDirectory, database?.within(ledgerLimit));
  let edition = 0;
  const host = lazyHost(options, ledger, database, () => edition);
  const environment = (own: Readonly<Record<string, string>> = {}): Record<string, string> =>
    taskEnvironment({ base: workflow.env, own, database, runId });
  const services: RunServices = {
    database: ({ signal, others = false }) =>
      (others ? database?.forOthers() : database)?.bind(signal) ?? noDatabase(workflow),
    // One process serves all tasks, so its sessions bear the run's name and not that of the task which happens to ask first.
    host: (user) =>
      host.forTask({
        ...user,
        env: hostEnvironment(user.env, runId),
        database: services.database(user),
      }),
    lock: lockOf(options, stateDirectory, connection, database),
    ledger,
    attached: () => {
      // Loading Django takes longer than all that usually comes before the first question.
      if (!readOnly && mayWarm(workflow)) host.warm(hostEnvironment(environment(), runId));
    },
    taskEnded: (end) => {
      if (mayHaveWritten(end, workflow.tasks.get(end.name)?.kind)) edition += 1;
    },
    explain: async (problems, failed) =>
      (await import('../diagnose/failure/index.js')).explainFailure(problems, failed),
    databaseAnswers: async (signal) =>
      (await database
        ?.bind(signal)
        .query('select 1')
        .then(
          () => true,
          () => false,
        )) ?? false,
    endSessions: async (name) => {
      if (database) await endSessions(database, name);
    },
    close: async () => {
      await host.close();
      await database?.close();
    },
  };
  return {
    services,
    connection,
    secrets: connection ? secretsOf(connection) : [],
    isPooled: async (signal) => {
      if (database?.connected !== true) return false;
      return database
        .bind(signal)
        .isPooled()
        .catch(() => false);
    },
    environment,
  };
}

/** The password, from wherever it comes. */
function secretsOf(connection: ConnectionParameters): readonly string[] {
  const password = connection.password ?? passwordFromFile(connection, connection.keywords.passfile);
  if (password === undefined) return [];
  return worthMasking([password], [connection.user, connection.database, connection.host]);
}

/** A login that is not answered is given up, as by our own connections, unless the project says how long it may take. */
function hostEnvironment(env: Readonly<Record<string, string>>, runId: string): Record<string, string> {
  return { PGCONNECT_TIMEOUT: '10', ...env, PGAPPNAME: applicationName(runId) };
}

async function resolveDatabase({
  io,
  workflow,
  readOnly,
}: SessionOptions): Promise<ConnectionParameters | undefined> {
  const { database } = workflow;
  if (database.kind === 'none') return undefined;
  if (database.kind === 'url') return connectionOf(workflow, database.url);
  const stateDirectory = stateDirectoryOf(workflow);
  // The embedded server is what was asked for; PG* of the environment speak of another.
  if (readOnly) {
    try {
      return resolveConnection(embeddedUrl({ stateDirectory, name: database.name }), {});
    } catch (error) {
      if (error instanceof BootstrapError && error.code === 'DBB4022') return undefined;
      throw error;
    }
  }
  const server = await startEmbedded({
    stateDirectory,
    name: database.name,
    packageRoots: [workflow.root, packageRoot()],
    log: (text) => print(io.stderr, text),
    ...(database.port === undefined ? {} : { port: database.port }),
  });
  const connection = resolveConnection(server.url, {});
  print(
    io.stderr,
    `database: ${connection.display} (embedded PostgreSQL ${server.version}; "db-bootstrap db url" prints the password)`,
  );
  return connection;
}

function lockOf(
  { workflow, runId, waitLock, readOnly }: SessionOptions,
  stateDirectory: string,
  connection: ConnectionParameters | undefined,
  database: Database | undefined,
): RunLock {
  if (readOnly)
    return {
      lost: new AbortController().signal,
      acquire: () => Promise.resolve(),
      release: () => Promise.resolve(),
    };
  if (!connection || !database) return fileLock(stateDirectory, { runId, wait: waitLock });
  return databaseLock(connection, { runId, wait: waitLock, grace: workflow.grace });
}

function ledgerOf(
  { workflow, readOnly }: SessionOptions,
  stateDirectory: string,
  database: Database | undefined,
): Ledger {
  const options = { stateDirectory, readOnly };
  if (workflow.ledger.kind === 'off') return noLedger(options);
  if (workflow.ledger.kind === 'file' || !database) return fileLedger(options, database);
  return databaseLedger(database, workflow.ledger.schema, options);
}

type HostUser = Parameters<RunServices['host']>[0] & { readonly database: TaskDatabase };

/** The host, whose code is loaded, and whose process starts, at the first request. */
function lazyHost(
  { workflow, runId, readOnly, force }: SessionOptions,
  ledger: Ledger,
  database: Database | undefined,
  edition: () => number,
): {
  forTask(user: HostUser): TaskHost;
  warm(env: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
} {
  const open = async (): Promise<HostService> => {
    const { createHostService } = await import('../django/index.js');
    const store = {
      get: async (key: string) => ledger.forTask('(host)').get(key),
      set: async (key: string, value: object) => ledger.forTask('(host)').set(key, value as Json),
      edition,
    };
    return createHostService({
      django: workflow.django,
      root: workflow.root,
      ...(workflow.file === undefined ? {} : { config: join(workflow.root, basename(workflow.file)) }),
      runId,
      grace: workflow.grace,
      ...(database && workflow.ledger.kind !== 'off'
        ? { answers: { store, database, keep: !readOnly, fresh: force === true } }
        : {}),
    });
  };
  let service: Promise<HostService> | undefined;
  // Django waits for the server over connections of its own.
  const whileAlive = <T>(
    opened: HostService,
    user: HostUser,
    ask: (client: ReturnType<HostService['forTask']>) => Promise<T>,
  ): Promise<T> => {
    if (!database) return ask(opened.forTask(user));
    return database.whileAlive((lost) =>
      ask(opened.forTask({ ...user, signal: AbortSignal.any([user.signal, lost]) })),
    );
  };
  return {
    forTask: (user) => ({
      request: async (method, params, onEvent) => {
        service ??= open();
        return whileAlive(await service, user, (client) => client.request(method, params, onEvent));
      },
      withPeers: async (count, work) => {
        service ??= open();
        return whileAlive(await service, user, (client) => client.withPeers(count, work));
      },
      recall: async (name) => {
        service ??= open();
        return (await service).forTask(user).recall(name);
      },
      remember: async (name, value) => {
        service ??= open();
        return (await service).forTask(user).remember(name, value);
      },
    }),
    warm: (env) => {
      service ??= open();
      void service.then((opened) => opened.warm(env)).catch(() => undefined);
    },
    close: async () => (await service)?.close(),
  };
}

/** Whether a task may have left files behind: not one that only looks, or that had nothing to do. */
function mayHaveWritten({ status }: TaskEnd, kind: TaskKind | undefined): boolean {
  if (status === 'up-to-date' || status === 'skipped' || status === 'blocked') return false;
  return kind?.check !== true && kind?.readies !== true;
}

/** Stands where no database is: reading anything of it but its name says why there is none. */
function noDatabase({ database }: Workflow): TaskDatabase {
  const refuse = (): never => {
    throw new BootstrapError(
      database.kind === 'embedded'
        ? { code: 'DBB4022', message: 'no embedded server is running', help: 'run "db-bootstrap db start"' }
        : {
            code: 'DBB4005',
            message: 'no database is configured, and this task needs one',
            help: 'set DATABASE_URL, or "database:" in the config',
          },
    );
  };
  return new Proxy({} as TaskDatabase, {
    // A plan names what a run would start.
    get: (_target, key) =>
      database.kind === 'embedded' && key === 'display'
        ? 'the embedded server, once it is started'
        : refuse(),
  });
}
