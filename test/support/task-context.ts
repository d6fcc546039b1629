import * as z from 'zod/mini';
import type { Json, TaskContext, TaskDatabase, TaskLedger } from '../../config/define.js';
import { Database, endSessions, resolveConnection } from '../../lib/postgres/index.js';
import { createContext } from '../../lib/run/context.js';
import type { RunEventBody } from '../../lib/run/events.js';
import type { RunServices } from '../../lib/run/services.js';
import { TaskLog } from '../../lib/run/task-log.js';
import type { Origin, TaskDefinition, Workflow } from '../../config/workflow.js';
import type { TaskKind } from '../../config/define.js';

/** What a test says about the context of one task. */
export interface TestContextOptions {
  readonly kind: TaskKind;
  /** Parsed by the kind's schema. */
  readonly options?: unknown;
  readonly root: string;
  /** Without one, no database is configured. */
  readonly url?: string;
  /** In place of the process's own environment. */
  readonly base?: Readonly<Record<string, string>>;
  /** The task's own `env`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Kept from context to context by tests that run a task twice. */
  readonly memory?: TestMemory;
  readonly signal?: AbortSignal;
  readonly runId?: string;
  readonly name?: string;
  /** Where the config says what. */
  readonly origins?: Workflow['origins'];
}

/** Ledgers in memory, and everything that was told. */
export interface TestMemory {
  readonly ledger: Map<string, Json>;
  readonly local: Map<string, Json>;
  readonly events: RunEventBody[];
}

export function testMemory(): TestMemory {
  return { ledger: new Map(), local: new Map(), events: [] };
}

/** The context that the engine gives to a task: its own, over a real database, with ledgers in memory. */
export function testContext<Options>(options: TestContextOptions): TaskContext<Options> {
  const { kind, root, url, name = 'init', runId = 'test', memory = testMemory() } = options;
  const env = options.base ?? { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' };
  const task = {
    name,
    use: kind.kind,
    kind,
    env: options.env ?? {},
    options: z.parse(kind.options, options.options ?? {}),
  };
  const workflow = {
    root,
    database: url === undefined ? { kind: 'none' } : { kind: 'url', url },
    env,
    tenants: [],
    origins: options.origins ?? new Map<string, Origin>(),
  };
  const services = {
    database: () => testDatabase(url, signal),
    endSessions: async (applicationName: string) => {
      if (url === undefined) return;
      const database = new Database(resolveConnection(url, {}), { applicationName: 'db-bootstrap/end' });
      await endSessions(database, applicationName).finally(() => database.close());
    },
    ledger: { forTask: () => ledgerOver(memory.ledger), local: () => ledgerOver(memory.local) },
  };
  const signal = options.signal ?? new AbortController().signal;
  const emit = (event: RunEventBody): void => void memory.events.push(event);
  const log = new TaskLog({ task: name, emit, redact: (text) => text, unwritable: () => undefined });
  return createContext(
    {
      runId,
      workflow: { ...workflow, concurrency: 2, grace: 500 } as unknown as Workflow,
      services: services as unknown as RunServices,
      kill: new AbortController().signal,
      emit,
    },
    task as unknown as TaskDefinition,
    { number: 1, signal, log },
  ) as TaskContext<Options>;
}

/** The lines of a task's log, without their streams. */
export function logOf(memory: TestMemory): string[] {
  return memory.events.flatMap((event) => (event.type === 'task.log' ? [event.line] : []));
}

export function ledgerOver(map: Map<string, Json>): TaskLedger {
  return {
    get: (key) => Promise.resolve(map.get(key)),
    set: (key, value) => Promise.resolve(void map.set(key, value)),
    delete: (key) => Promise.resolve(void map.delete(key)),
    entries: () => Promise.resolve(new Map(map)),
  };
}

function testDatabase(text: string | undefined, signal: AbortSignal): TaskDatabase {
  if (text === undefined) return {} as TaskDatabase;
  return new Database(resolveConnection(text, {}), { applicationName: 'db-bootstrap/test', signal });
}
