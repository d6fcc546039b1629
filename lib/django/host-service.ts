import { BootstrapError } from '../errors/index.js';
import { AnswerBook, type AnswerStore } from './answers/answer-book.js';
import { findInterpreter } from './find-interpreter.js';
import { findSettings } from './find-settings.js';
import { LoadedProject, type HostUser } from './loaded-project.js';
import { PeerHost } from './peer-host.js';
import { withDigests, type StateDatabase } from './recorded-states.js';
import type { OnEvent } from './requests.js';

/** How the project is found. */
export interface HostServiceOptions {
  readonly django: {
    /** Absolute path of the folder that holds manage.py. */
    readonly directory: string;
    readonly python?: string;
    readonly settings?: string;
  };
  readonly root: string;
  /** Absolute path of the workflow's config: what Django answers does not depend on it. */
  readonly config?: string;
  readonly runId: string;
  /** Between asking and killing, in milliseconds. */
  readonly grace: number;
  /** Where answers are kept from run to run; absent: the host is always asked. */
  readonly answers?: {
    readonly store: AnswerStore;
    /** The workflow's database, outside of any task. */
    readonly database: StateDatabase;
    /** False: kept answers are used, and none are added. */
    readonly keep: boolean;
    /** The host is asked all the same, and what it answers takes the place of what was kept. */
    readonly fresh?: boolean;
  };
}

/** Asks the host in the name of one task. */
export interface HostClient {
  request<Result = unknown>(
    method: string,
    params?: Readonly<Record<string, unknown>>,
    onEvent?: (event: Readonly<Record<string, unknown>>) => void,
  ): Promise<Result>;
  /** So many hosts side by side, the first of which is this one; the others end with `work`. */
  withPeers<Result>(count: number, work: (hosts: readonly HostClient[]) => Promise<Result>): Promise<Result>;
  /** What an earlier run has remembered for the project as it is; undefined where there is none. */
  recall(name: string): Promise<unknown>;
  /** Keeps a JSON value for later runs, where this run's answers are kept. */
  remember(name: string, value: object): Promise<void>;
}

/** One Python process for all tasks of a run, and others beside it for as long as a task has work for them. */
export interface HostService {
  forTask(user: HostUser): HostClient;
  /** Loads the project now, unless earlier runs have answered for it; what fails is told at the first request. */
  warm(env: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

/**
 * Makes the service; the process starts at the first question that earlier runs have not answered, in the environment of the task
 * that asks.
 */
export function createHostService(options: HostServiceOptions): HostService {
  let current: { readonly key: string; readonly project: Promise<LoadedProject> } | undefined;
  let opened: { readonly key: string; readonly book: Promise<AnswerBook | undefined> } | undefined;
  let told: string | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const peers = new Set<PeerHost>();
  let closed = false;
  let failed = false;
  const isClosed = (): boolean => closed;

  const open = async (env: Readonly<Record<string, string>>): Promise<LoadedProject> => {
    const key = keyOf(env);
    const last = await current?.project.catch(() => undefined);
    // A task with an environment of its own has other settings, or another database: it needs a process of its own.
    if (current && last?.usable === true && current.key === key) return last;
    await last?.close();
    // Whoever closed meanwhile has not seen the process that would start now.
    if (closed) throw new Error('the host is closed');
    const book = await bookFor(env);
    const project = LoadedProject.open(options, env, (places) => book?.loading(places));
    current = { key, project };
    return project;
  };

  const bookFor = (env: Readonly<Record<string, string>>): Promise<AnswerBook | undefined> => {
    const key = keyOf(env);
    if (opened?.key !== key) opened = { key, book: openBook(options, env) };
    return opened.book;
  };

  const ask = async (
    method: string,
    params: Readonly<Record<string, unknown>>,
    user: HostUser,
    onEvent: (event: Readonly<Record<string, unknown>>) => void,
  ): Promise<unknown> => {
    if (closed || user.signal.aborted) throw interrupted(user.name, method);
    const book = await bookFor(user.env);
    const known = await book?.find(method, params, user.database);
    if (known !== undefined) return known;
    if (isClosed()) throw interrupted(user.name, method);
    const project = await open(user.env);
    if (book && told !== book.reason) {
      told = book.reason;
      user.log.output('stderr', `Django is asked: ${told}\n`);
    }
    const result = await project.request(
      method,
      await withDigests(method, params, user.database),
      user,
      onEvent,
    );
    book?.note(method, params, result);
    return result;
  };

  /** Only after a run in which every question was answered: whoever was interrupted wants to end. */
  const keepAnswers = async (): Promise<void> => {
    const book = await opened?.book;
    const project = await current?.project.catch(() => undefined);
    const { answers } = options;
    if (
      !answers?.keep ||
      failed ||
      !current ||
      !book?.hasNews ||
      project?.alive !== true ||
      opened?.key !== current.key
    )
      return;
    const user = {
      name: 'run',
      signal: new AbortController().signal,
      log: { output: () => undefined },
      env: {},
      database: { display: '', query: answers.database.query.bind(answers.database) },
    };
    await book.keep(
      (method, params) => project.request(method, params, user, () => undefined),
      answers.database,
    );
  };

  const clientOf = (
    answer: (method: string, params: Params, onEvent: OnEvent) => Promise<unknown>,
    user: HostUser,
  ): HostClient => {
    const client: HostClient = {
      request: (method, params = {}, onEvent = () => undefined) => {
        const answered = answer(method, params, onEvent);
        answered.catch(() => {
          failed = true;
        });
        return answered as Promise<never>;
      },
      withPeers: async (count, work) => {
        const others = Array.from({ length: Math.max(0, count - 1) }, () => new PeerHost(options, user));
        for (const peer of others) peers.add(peer);
        try {
          return await work([client, ...others.map((peer) => clientOf(peer.request.bind(peer), user))]);
        } finally {
          for (const peer of others) peers.delete(peer);
          await Promise.all(others.map((peer) => peer.close()));
        }
      },
      recall: async (name) => (await bookFor(user.env))?.recall(name),
      remember: async (name, value) => (await bookFor(user.env))?.remember(name, value),
    };
    return client;
  };

  return {
    forTask: (user) =>
      clientOf((method, params, onEvent) => {
        // One after the other: the process has one connection.
        const answer = queue.then(() => ask(method, params, user, onEvent));
        queue = answer.catch(() => undefined);
        return answer;
      }, user),
    warm: (env) => {
      queue = queue
        .then(async () => {
          if (closed || (await bookFor(env))?.isOpen === true) return;
          await (await open(env)).warm();
        })
        .catch(() => undefined);
    },
    close: async () => {
      await keepAnswers().catch(() => undefined);
      closed = true;
      const project = await current?.project.catch(() => undefined);
      await Promise.all([...peers].map((peer) => peer.close()));
      await project?.close();
      await queue;
    },
  };
}

type Params = Readonly<Record<string, unknown>>;

const keys = new WeakMap<Readonly<Record<string, string>>, string>();

/** Equal for equal environments; each question of a task has the same one. */
function keyOf(env: Readonly<Record<string, string>>): string {
  const key = keys.get(env) ?? JSON.stringify(Object.entries(env).sort());
  keys.set(env, key);
  return key;
}

/** What earlier runs have answered about the project; undefined where nothing is kept, or no project is found. */
async function openBook(
  options: HostServiceOptions,
  env: Readonly<Record<string, string>>,
): Promise<AnswerBook | undefined> {
  const { answers, django, root, config } = options;
  if (!answers) return undefined;
  const { directory } = django;
  try {
    const settings = findSettings({ settings: django.settings, directory, env });
    const { path } = await findInterpreter({ python: django.python, directory, root, env });
    return await AnswerBook.open(
      answers.store,
      { python: path, settings, directory, root, env, ...(config === undefined ? {} : { config }) },
      answers.fresh === true,
    );
  } catch {
    // Whatever is wrong with the project, the host says it better.
    return undefined;
  }
}

function interrupted(task: string, method: string): BootstrapError {
  return new BootstrapError({
    code: 'DBB5020',
    message: `task "${task}" was interrupted before Django answered "${method}"`,
  });
}
