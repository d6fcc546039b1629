import { createHash } from 'node:crypto';
import { relative, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Inspection, Places, Sources } from '../project-answers.js';
import { withDigests, type StateDatabase } from '../recorded-states.js';
import { databaseState, snapshotOf, type DatabaseState } from './database-state.js';
import {
  difference,
  fingerprintProject,
  isCovered,
  withoutTimes,
  type Fingerprint,
  type LoadedAs,
} from './fingerprint.js';

/** Where answers are kept from run to run. */
export interface AnswerStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: object): Promise<void>;
  /** Grows whenever the run may have written files; absent: it may do so at any time. */
  edition?(): number;
}

type Params = Readonly<Record<string, unknown>>;
type Ask = (method: string, params: Params) => Promise<unknown>;

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
  readonly fingerprint: Fingerprint;
  /** The places that the fingerprint covers in addition to the project's folders. Paths below the root are relative to it. */
  readonly places: Places;
  readonly answers: Readonly<Record<string, Answer>>;
  /** The reason if no answers were kept. */
  readonly doubt?: string;
}

/** The project as it was before a host loaded it. */
interface Loading {
  readonly places: Places;
  /** Includes the modification times of code: a file may have had other contents while it was loaded, and the old contents again later. */
  readonly withTimes: Fingerprint;
}

/** Methods that read nothing but files. */
const ofFiles = new Set([
  'inspect',
  'preflight',
  'expectedTables',
  'expectedRules',
  'modelCatalog',
  'ownCode',
  'tableMigrations',
  'autodetect',
]);
/** Methods that read, beside files, nothing but what `databaseState` covers. */
const ofState = new Set(['states', 'tenants']);

type Values = Readonly<Record<string, unknown>>;

/** What runs have remembered by name, for a project of this fingerprint: JSON, gzipped, as base64, since every run reads the ledger. */
interface Memory {
  readonly fingerprint: Fingerprint;
  readonly packed: string;
}

/**
 * The host's answers of earlier runs. An answer is valid while the contents of the project's files, and the state of the database where
 * the answer depends on it, are unchanged. Answers are kept only if the contents were the same before Django loaded them and after the
 * last question. In doubt, the host is asked again.
 */
export class AnswerBook {
  readonly #store: AnswerStore;
  readonly #loaded: LoadedAs;
  #page: Page | undefined;
  /** Places that an earlier run found; some become known only when the project is loaded. */
  readonly #known: Places;
  #loading: Loading | undefined;
  #changed = false;
  #reason: string;
  /** The edition of the files for which the fingerprint was found to hold. */
  #verified: number | undefined;
  #read:
    { readonly edition: number | undefined; readonly state: Promise<DatabaseState | undefined> } | undefined;
  readonly #noted = new Map<string, Noted>();
  readonly #remembered = new Map<string, object>();

  private constructor(store: AnswerStore, loaded: LoadedAs, page: Page | undefined, fresh: boolean) {
    this.#store = store;
    this.#loaded = loaded;
    this.#known = absolute(page?.places ?? { folders: [], sitePackages: [] }, loaded.root);
    this.#page = fresh || page?.doubt !== undefined ? undefined : page;
    this.#reason = fresh
      ? 'kept answers are not used'
      : (page?.doubt ?? 'no earlier run has kept its answers');
  }

  /** Opens the book for a project; empty where anything that Django would read has changed, or where it is asked for `fresh`. */
  static async open(store: AnswerStore, loaded: LoadedAs, fresh: boolean): Promise<AnswerBook> {
    const page = (await store.get(`answers ${loaded.settings}`).catch(() => undefined)) as Page | undefined;
    const book = new AnswerBook(store, loaded, page, fresh);
    book.#check();
    return book;
  }

  /** Whether it holds answers for the project as it is. */
  get isOpen(): boolean {
    return this.#page !== undefined;
  }

  /** Why the host was asked instead of using kept answers, as a phrase. */
  get reason(): string {
    return this.#reason;
  }

  /** The answer to a question, or undefined where the host has to be asked. */
  async find(method: string, params: Params, database: StateDatabase): Promise<unknown> {
    this.#check();
    const answer = this.#page?.answers[idOf(method, params)];
    if (this.isOpen) this.#reason = `no earlier run has kept an answer to "${method}"`;
    if (answer?.state === undefined) return answer?.result;
    if ((await this.#state(database))?.digest === answer.state) return answer.result;
    this.#reason = 'migrations or tenants in the database have changed';
    return undefined;
  }

  /** Takes the fingerprint of the project that a host is about to load; `places` is where Python looks for it. */
  loading(places: Places): void {
    const all = united(places, this.#known);
    const withTimes = fingerprintProject(this.#loaded, all, true);
    // Another host of this run loads the project again: what both have answered must come from the same files.
    if (this.#loading && difference(this.#loading.withTimes, withTimes) !== undefined) this.#changed = true;
    this.#loading ??= { places: all, withTimes };
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

  /** Keeps the answers for the next run. Asks again the questions that depend on the database, which the run may have changed. */
  async keep(ask: Ask, database: StateDatabase): Promise<void> {
    const loading = this.#loading;
    if (!loading || this.#changed) return;
    const news = await this.#news(ask, database);
    if (!news) return;
    // Ask this last: earlier questions may have loaded more code.
    const sources = (await ask('sources', {})) as Sources;
    const withTimes = fingerprintProject(this.#loaded, loading.places, true);
    if (difference(loading.withTimes, withTimes) !== undefined) return;
    const fingerprint = withoutTimes(withTimes);
    const { root, settings } = this.#loaded;
    const old =
      this.#page && difference(this.#page.fingerprint, fingerprint) === undefined ? this.#page : undefined;
    const doubt = this.#doubtOf(sources, loading.places);
    const page: Page = doubt
      ? { fingerprint, places: relativeTo(united(sources, loading.places), root), answers: {}, doubt }
      : { fingerprint, places: relativeTo(loading.places, root), answers: { ...old?.answers, ...news } };
    await this.#store.set(`answers ${settings}`, page);
    if (this.#remembered.size === 0 || doubt) return;
    const values = { ...(await this.#memory(fingerprint)), ...Object.fromEntries(this.#remembered) };
    await this.#store.set(`memory ${settings}`, { fingerprint, packed: pack(values) } satisfies Memory);
  }

  /** The answers to keep; undefined if another session changes the database meanwhile. */
  async #news(ask: Ask, database: StateDatabase): Promise<Record<string, Answer> | undefined> {
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
    return isSame ? news : undefined;
  }

  /** Why answers cannot be kept though no file has changed. */
  #doubtOf({ folders, sitePackages, doubts }: Sources, covered: Places): string | undefined {
    const late = [...folders, ...sitePackages].find((path) => !isCovered(path, this.#loaded, covered));
    return late === undefined ? doubts[0] : `code in ${late} was not known before Django loaded it`;
  }

  /** All that is remembered for a fingerprint. */
  async #memory(fingerprint: Fingerprint | undefined): Promise<Values> {
    if (fingerprint === undefined) return {};
    const memory = (await this.#store.get(`memory ${this.#loaded.settings}`).catch(() => undefined)) as
      Memory | undefined;
    return memory && difference(memory.fingerprint, fingerprint) === undefined ? unpack(memory.packed) : {};
  }

  /** Closes the book where the project is no longer what it was; tasks of the same run may have written files since the last question. */
  #check(): void {
    const edition = this.#store.edition?.();
    if (edition !== undefined && edition === this.#verified) return;
    this.#verified = edition;
    if (!this.#page) return;
    const changed = difference(this.#page.fingerprint, fingerprintProject(this.#loaded, this.#known));
    if (changed === undefined) return;
    this.#page = undefined;
    this.#reason = `changed since answers were kept: ${changed}`;
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

function united(one: Places, other: Places): Places {
  const both = (name: 'folders' | 'sitePackages'): string[] =>
    [...new Set([...one[name], ...other[name]])].sort();
  return { folders: both('folders'), sitePackages: both('sitePackages') };
}

/** Paths below the root mean the same files in another checkout. */
function relativeTo({ folders, sitePackages }: Places, root: string): Places {
  const short = (path: string): string => (`${path}/`.startsWith(`${root}/`) ? relative(root, path) : path);
  return { folders: folders.map(short), sitePackages: sitePackages.map(short) };
}

function absolute({ folders, sitePackages }: Places, root: string): Places {
  const long = (path: string): string => resolve(root, path);
  return { folders: folders.map(long), sitePackages: sitePackages.map(long) };
}

function isLasting(method: string, params: Params): boolean {
  return ofFiles.has(method) && params.write !== true;
}

function isOfState(method: string, params: Params): boolean {
  // The state is that of the main database.
  if (params.alias !== undefined) return false;
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
