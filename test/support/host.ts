import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskHost } from '../../config/define.js';
import { createHostService, type HostService } from '../../lib/django/index.js';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import { createTestDatabase, query } from './postgres.js';
import { pythonOf, type pythonSets } from './python.js';

/** A Django project with the real host on a database of its own. */
export interface TestHost {
  readonly url: string;
  readonly directory: string;
  readonly service: HostService;
  /** What the project printed, as the asking task's log has it. */
  readonly printed: string[];
  /** The host as a task gets it, with its own signal and more environment. */
  forTask(options?: { signal?: AbortSignal; env?: Record<string, string> }): TaskHost;
  rows<Row extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** What a test says about its project. */
export interface TestHostOptions {
  /** A folder that is copied, so that a test may change files. */
  readonly directory: string;
  readonly settings?: string;
  readonly set?: keyof typeof pythonSets;
  readonly python?: string;
  /** A database of its own where absent. */
  readonly url?: string;
  /** The workflow's database, where it is not Django's. */
  readonly workflowUrl?: string;
  readonly env?: Record<string, string>;
  readonly grace?: number;
  /** Where answers are kept from run to run; they are not where it is absent. */
  readonly kept?: Map<string, string>;
}

/** Copies a project and opens a host for it; nothing starts before the first request. */
export async function openHost(options: TestHostOptions): Promise<TestHost> {
  const directory = await mkdtemp(join(tmpdir(), 'db-bootstrap-django-'));
  await cp(options.directory, directory, { recursive: true });
  const database =
    options.url === undefined
      ? await createTestDatabase()
      : { url: options.url, drop: () => Promise.resolve() };
  const python = options.python ?? (await pythonOf(options.set ?? 'old'));
  const { settings, grace = 2000, kept } = options;
  const parameters = resolveConnection(options.workflowUrl ?? database.url, {});
  const ours = new Database(parameters, { applicationName: 'db-bootstrap/test' });
  const service = createHostService({
    django: { directory, python, ...(settings === undefined ? {} : { settings }) },
    root: directory,
    runId: 'test',
    grace,
    ...(kept ? { answers: { database: ours, keep: true, store: storeOver(kept) } } : {}),
  });
  const printed: string[] = [];
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/',
    DATABASE_URL: database.url,
    PGAPPNAME: 'db-bootstrap/test',
    PYTHONDONTWRITEBYTECODE: '1',
    ...options.env,
  };
  return {
    url: database.url,
    directory,
    service,
    printed,
    forTask: ({ signal = new AbortController().signal, env: more = {} } = {}) =>
      service.forTask({
        name: 'test',
        signal,
        log: { output: (_stream, text) => void printed.push(text) },
        env: { ...env, ...more },
        database: ours,
      }),
    rows: (text, values) => query(database.url, text, values),
    close: async () => {
      await service.close();
      await ours.close();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Keeps answers in a map, as JSON. */
export function storeOver(kept: Map<string, string>): {
  get(key: string): Promise<unknown>;
  set(key: string, value: object): Promise<void>;
} {
  return {
    get: (key) => Promise.resolve(JSON.parse(kept.get(key) ?? 'null') ?? undefined),
    set: (key, value) => Promise.resolve(void kept.set(key, JSON.stringify(value))),
  };
}
