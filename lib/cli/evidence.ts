import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { TaskHost } from '../../config/define.js';
import type { TaskDefinition, Workflow } from '../../config/workflow.js';
import type { Evidence, Rule } from '../diagnose/index.js';
import { BootstrapError, type Problem } from '../errors/index.js';
import { aborted } from '../run/index.js';
import type { RepositoryFacts } from './init/facts.js';
import type { Io } from './io.js';
import { load } from './load.js';
import { mayWarm } from './may-warm.js';
import type { ConfigOptions } from './options.js';
import type { Session } from './session.js';
import { silent } from './silent-log.js';

/** What a doctor starts from: the workflow as it resolves, or what stands in for it. */
export interface Case {
  readonly root: string;
  /** What sessions are opened with; undefined where the config is wrong, so that nobody knows what it would have said. */
  readonly workflow: Workflow | undefined;
  /** False where the project has no config, and the workflow is what `init` would begin with. */
  readonly configured: boolean;
  /** Mistakes in the config. */
  readonly problems: readonly Problem[];
  readonly projectDirectory: string | undefined;
}

/** Reads the config; mistakes in it are told beside what else is found. Throws those of the command line. */
export async function openCase(options: ConfigOptions, io: Io): Promise<Case> {
  try {
    return caseOf((await load(options)).workflow);
  } catch (error) {
    if (!(error instanceof BootstrapError) || error.problems.some(isUsage)) throw error;
    if (error.code === 'DBB2001') return withoutConfig(options, io);
    if (error.code === 'DBB4005') return caseOf(await withoutDatabase(options), error.problems);
    const { django } = await inspectFolder(io.cwd);
    return {
      root: io.cwd,
      workflow: undefined,
      configured: true,
      problems: error.problems,
      projectDirectory: django && resolve(io.cwd, django.directory),
    };
  }
}

/** What a part of the evidence lacks: why it could not be had. */
export type Missing = Readonly<Partial<Record<Rule['reads'][number], string>>>;

/** The evidence of a case, and why parts of it are missing. The host loads the project meanwhile. */
export async function collectEvidence(options: {
  readonly case: Case;
  readonly session: Session | undefined;
  readonly signal: AbortSignal;
}): Promise<{ readonly evidence: Evidence; readonly missing: Missing }> {
  const { root, workflow, configured, projectDirectory } = options.case;
  const { session, signal } = options;
  const missing: { -readonly [Part in keyof Missing]: Missing[Part] } = {};
  if (!configured) missing.workflow = 'there is no config';
  else if (!workflow) missing.workflow = 'the config has mistakes';
  const user = { name: 'doctor', signal, log: silent };
  const answers = (await session?.services.databaseAnswers(signal)) ?? false;
  signal.throwIfAborted();
  if (!answers) missing.database = whyNoDatabase(options.case, session);
  // Where there is a ledger it is read: it may hold what Django has answered before.
  else await Promise.race([session?.services.ledger.attach().catch(() => []), aborted(signal)]);
  const env = workflow && session ? hostEnvironment(workflow, session) : {};
  const host = await openHost(options.case, session, { ...user, env });
  if (typeof host === 'string') missing.host = host;
  return {
    evidence: {
      root,
      env: session?.environment() ?? {},
      ...(configured && workflow ? { workflow } : {}),
      ...(projectDirectory === undefined ? {} : { projectDirectory }),
      ...(typeof host === 'string' ? {} : { host }),
      ...(session?.connection ? { connection: session.connection } : {}),
      ...(answers && session ? { database: session.services.database(user) } : {}),
      workflowFiles: workflowFilesOf(root),
      signal,
    },
    missing,
  };
}

/** A config is a place of its own; what an option of the command says is not. */
function isUsage({ code, place }: Problem): boolean {
  return code.startsWith('DBB1') || place?.file.startsWith('--') === true;
}

async function withoutConfig(options: ConfigOptions, io: Io): Promise<Case> {
  const { django } = await inspectFolder(io.cwd);
  const preset = django?.tenancy ? 'django-tenants' : django ? 'django' : 'sql';
  const set = [
    ...(options.set ?? []),
    `preset=${preset}`,
    ...(django ? [`django.directory=${django.directory}`] : []),
  ];
  // In CI none is started by itself, which is a mistake only where a config asks for one.
  const workflow = await load({ ...options, set }).then(
    (loaded) => loaded.workflow,
    (error: unknown) => {
      if (error instanceof BootstrapError && error.code === 'DBB4005')
        return withoutDatabase({ ...options, set });
      throw error;
    },
  );
  return { ...caseOf(workflow), configured: false };
}

async function withoutDatabase(options: ConfigOptions): Promise<Workflow> {
  return (await load({ ...options, set: [...(options.set ?? []), 'database=none'] })).workflow;
}

function caseOf(workflow: Workflow, problems: readonly Problem[] = []): Case {
  return {
    root: workflow.root,
    workflow,
    configured: true,
    problems,
    projectDirectory: projectDirectoryOf(workflow),
  };
}

/** The folder of manage.py, where there is one. */
export function projectDirectoryOf({ django }: Workflow): string | undefined {
  return existsSync(join(django.directory, 'manage.py')) ? django.directory : undefined;
}

/** The environment in which the workflow's tasks ask Django: that of the first of them. */
export function hostEnvironment(workflow: Workflow, session: Session): Readonly<Record<string, string>> {
  return session.environment(hostTaskOf(workflow)?.env);
}

/** The first of the workflow's tasks that ask Django. */
export function hostTaskOf({ tasks }: Workflow): TaskDefinition | undefined {
  return [...tasks.values()].find(({ enabled, kind }) => enabled && kind.host === true);
}

async function inspectFolder(folder: string): Promise<RepositoryFacts> {
  return (await import('./init/index.js')).inspectRepository(folder);
}

/** The host, or why there is none. */
async function openHost(
  { workflow, projectDirectory }: Case,
  session: Session | undefined,
  user: Parameters<Session['services']['host']>[0],
): Promise<TaskHost | string> {
  if (!workflow || !session) return 'the config says how to load it, and has mistakes';
  if (projectDirectory === undefined && !hostTaskOf(workflow)) return 'the project has none';
  const raw = session.services.host(user);
  // Every rule would wait for a project that does not load, and tell it; it is loaded once.
  const loaded = raw.request('inspect');
  loaded.catch(() => undefined);
  const host: TaskHost = {
    request: async (method, params, onEvent) => {
      // These tell what stands in the way, and what can be told nevertheless.
      if (method !== 'preflight' && method !== 'otherSettings') await loaded;
      return raw.request(method, params, onEvent);
    },
    withPeers: (count, work) => raw.withPeers(count, work),
    recall: (name) => raw.recall(name),
    remember: (name, value) => raw.remember(name, value),
  };
  if (mayWarm(workflow)) return host;
  // A task of this workflow may make the virtual environment: that there is none yet is no fault.
  const failure = await loaded.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof BootstrapError) || !['DBB6001', 'DBB6002'].includes(failure.code)) return host;
  return `${failure.problems[0].message}, and a task of the workflow may have to make it first`;
}

function whyNoDatabase({ workflow }: Case, session: Session | undefined): string {
  if (!workflow || !session) return 'the config says where it is, and has mistakes';
  if (session.connection) return 'it does not answer';
  const { kind } = workflow.database;
  if (kind === 'url') return 'its URL cannot be read';
  return kind === 'embedded' ? 'no embedded server is running' : 'none is configured';
}

/** The workflow files of GitHub Actions in the repository that a folder is part of. */
function workflowFilesOf(root: string): readonly string[] {
  const folder = join(repositoryOf(root), '.github/workflows');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** The folder above (or at) this one that holds ".git"; the folder itself where there is none. */
function repositoryOf(root: string): string {
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (dirname(folder) === folder) return root;
  }
}
