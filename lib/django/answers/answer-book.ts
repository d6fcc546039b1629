import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Inspection, Sources } from '../project-answers.js';
import { withDigests, type StateDatabase } from '../recorded-states.js';
import { databaseState, snapshotOf, type DatabaseState } from './database-state.js';
import { fingerprintProject, newestChange, type LoadedAs } from './fingerprint.js';

/** Where answers are kept from run to run. */
export interface AnswerStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: object): Promise<void>;
  /** Grows whenever the run may have written files; absent: it may do so at any time. */
  edition?(): number;
}

type Params = Readonly<Record<string, unknown>>;

/** An answer, and the state of the database that it holds for; absent: it depends on the project's files alone. */
interface Answer {
  readonly result: unknown;
  readonly state?: string;
}

/** A question that was asked in this run. Its parameters may hold values of the config, so they are never stored. */
interface Noted {
  readonly method: string;
  readonly params: Params;
  readonly result: unknown;
}

/** All that is kept about a project. */
interface Page {
  readonly fingerprint: string;
  /** Where the project was: paths of the sources below it mean the same files in another checkout. */
  readonly root: string;
  readonly sources: Sources;
  readonly answers: Readonly<Record<string, Answer>>;
}

/** Methods that read nothing but files. */
const ofFiles = new Set([
  'inspect',
  'preflight',
  'expectedTables',
  'expectedRules',
  'tableMigrations',
  'autodetect',
]);
/** Methods that read, beside files, nothing but what `databaseState` covers. */
const ofState = new Set(['states', 'tenants']);

type Values = Readonly<Record<string, unknown>>;

/** What runs have remembered by name, for a project of this fingerprint: JSON, gzipped, as base64, since every run reads the ledger. */
interface Memory {
  readonly fingerprint: string;
  readonly packed: string;
}

/**
 * What the host has answered in earlier runs, as long as it would answer the same: the project's fingerprint is the same, and, where
 * the answer depends on it, so is the database's. Any doubt means asking the host.
 */
export class AnswerBook {
  readonly #store: AnswerStore;
  readonly #loaded: LoadedAs;
  #page: Page | undefined;
  /** The edition of the files for which the fingerprint was found to hold. */
  #verified: number | undefined;
  #read:
    { readonly edition: number | undefined; readonly state: Promise<DatabaseState | undefined> } | undefined;
  readonly #noted = new Map<string, Noted>();
  readonly #remembered = new Map<string, object>();

  private constructor(store: AnswerStore, loaded: LoadedAs, page: Page | undefined) {
    this.#store = store;
    this.#loaded = loaded;
    this.#page = page;
  }

  /** Opens the book for a project; empty where anything that Django would read has changed, or where it is asked for `fresh`. */
  static async open(store: AnswerStore, loaded: LoadedAs, fresh: boolean): Promise<AnswerBook> {
    const page = fresh
      ? undefined
      : ((await store.get(`answers ${loaded.settings}`).catch(() => undefined)) as Page | undefined);
    const book = new AnswerBook(store, loaded, page);
    book.#check();
    return book;
  }

  /** Whether it holds answers for the project as it is. */
  get isOpen(): boolean {
    return this.#page !== undefined;
  }

  /** The answer to a question, or undefined where the host has to be asked. */
  async find(method: string, params: Params, database: StateDatabase): Promise<unknown> {
    this.#check();
    const answer = this.#page?.answers[idOf(method, params)];
    if (answer?.state === undefined) return answer?.result;
    return (await this.#state(database))?.digest === answer.state ? answer.result : undefined;
  }

  /** Remembers what the host has answered; only questions of which this book knows what their answers depend on. */
  note(method: string, params: Params, result: unknown): void {
    if (isLasting(method, params) || isOfState(method, params)) {
      this.#noted.set(idOf(method, params), { method, params, result });
    }
  }

  /** What an earlier run has remembered by this name for the project as it is. */
  async recall(name: string): Promise<unknown> {
    this.#check();
    return (await this.#memory(this.#page?.fingerprint))[name];
  }

  /** For later runs; it must depend on nothing but the project and what its name tells. */
  remember(name: string, value: object): void {
    this.#remembered.set(name, value);
  }

  /** Whether there is anything that is worth keeping. */
  get hasNews(): boolean {
    return this.#noted.size > 0 || this.#remembered.size > 0;
  }

  /**
   * Keeps the answers for the next run. What depends on the database is asked once more: the run may have changed it since. `since`
   * is when the project was loaded, in milliseconds since the epoch: files written later were not what it loaded.
   */
  async keep(
    ask: (method: string, params: Params) => Promise<unknown>,
    database: StateDatabase,
    since: number,
  ): Promise<void> {
    const inspection = (await ask('inspect', {})) as Inspection;
    const first = await snapshotOf(database);
    const before = await databaseState(database, inspection);
    const news: Record<string, Answer> = { [idOf('inspect', {})]: { result: inspection } };
    for (const { method, params, result } of this.#noted.values()) {
      if (isLasting(method, params)) news[idOf(method, params)] = { result };
      else if (before !== undefined) {
        const again = await ask(method, await withDigests(method, params, database, before.recorded));
        if (isSettled(method, again)) news[idOf(method, params)] = { result: again, state: before.digest };
      }
    }
    const isSame =
      (await snapshotOf(database)) === first ||
      (await databaseState(database, inspection))?.digest === before?.digest;
    if (!isSame) return;
    // Asked for last: answering may have read more.
    const asked = (await ask('sources', {})) as Sources;
    if (asked.doubts.length > 0) return;
    // What was answered before holds only as long as what it was answered from.
    this.#verified = undefined;
    this.#check();
    const old = this.#page;
    const sources = old ? united(asked, moved(old, this.#loaded.root)) : asked;
    const fingerprint = fingerprintProject(this.#loaded, sources);
    if (newestChange(this.#loaded, sources) >= since) return;
    const answers = { ...old?.answers, ...news };
    const { root, settings } = this.#loaded;
    await this.#store.set(`answers ${settings}`, { fingerprint, root, sources, answers } satisfies Page);
    if (this.#remembered.size === 0 && fingerprint === old?.fingerprint) return;
    const values = { ...(await this.#memory(old?.fingerprint)), ...Object.fromEntries(this.#remembered) };
    if (Object.keys(values).length > 0)
      await this.#store.set(`memory ${settings}`, { fingerprint, packed: pack(values) } satisfies Memory);
  }

  /** All that is remembered for a fingerprint. */
  async #memory(fingerprint: string | undefined): Promise<Values> {
    if (fingerprint === undefined) return {};
    const memory = (await this.#store.get(`memory ${this.#loaded.settings}`).catch(() => undefined)) as
      Memory | undefined;
    return memory?.fingerprint === fingerprint ? unpack(memory.packed) : {};
  }

  /** Closes the book where the project is no longer what it was; tasks of the same run may have written files since the last question. */
  #check(): void {
    const edition = this.#store.edition?.();
    if (edition !== undefined && edition === this.#verified) return;
    this.#verified = edition;
    const page = this.#page;
    if (page && fingerprintProject(this.#loaded, moved(page, this.#loaded.root)) !== page.fingerprint) {
      this.#page = undefined;
    }
  }

  /** The database's state, read again only where the run may have changed it since. */
  #state(database: StateDatabase): Promise<DatabaseState | undefined> {
    const edition = this.#store.edition?.();
    if (edition === undefined || edition !== this.#read?.edition) {
      const inspection = this.#page?.answers[idOf('inspect', {})]?.result as Inspection | undefined;
      const state = inspection ? databaseState(database, inspection) : Promise.resolve(undefined);
      this.#read = { edition, state };
    }
    return this.#read.state;
  }
}

function pack(values: Values): string {
  return gzipSync(JSON.stringify(values)).toString('base64');
}

/** Nothing where it is damaged: what is remembered only saves time. */
function unpack(packed: string): Values {
  try {
    return JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString()) as Values;
  } catch {
    return {};
  }
}

function moved({ sources, root }: Page, here: string): Sources {
  const move = (paths: readonly string[]): string[] =>
    paths.map((path) =>
      path === root || path.startsWith(`${root}/`) ? here + path.slice(root.length) : path,
    );
  const { files, folders, sitePackages } = sources;
  return { ...sources, files: move(files), folders: move(folders), sitePackages: move(sitePackages) };
}

function united(one: Sources, other: Sources): Sources {
  const both = (name: keyof Sources): string[] => [...new Set([...one[name], ...other[name]])].sort();
  return {
    files: both('files'),
    folders: both('folders'),
    variables: both('variables'),
    sitePackages: both('sitePackages'),
    doubts: one.doubts,
  };
}

function isLasting(method: string, params: Params): boolean {
  return ofFiles.has(method) && params.write !== true;
}

function isOfState(method: string, params: Params): boolean {
  return ofState.has(method) || (method === 'ensureTenants' && params.plan === true);
}

/** Answers of a plan count only where nothing is to be done: then every value was compared with a row that is part of the state. */
function isSettled(method: string, result: unknown): boolean {
  if (method !== 'ensureTenants') return true;
  const {
    tenants,
    problems = [],
    missing,
  } = result as { tenants: readonly { status: string }[]; problems?: readonly unknown[]; missing?: string };
  return (
    missing === undefined && problems.length === 0 && tenants.every(({ status }) => status === 'unchanged')
  );
}

function idOf(method: string, params: Params): string {
  return `${method} ${createHash('sha256').update(JSON.stringify(params)).digest('hex').slice(0, 16)}`;
}
