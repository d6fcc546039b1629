import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import type {
  Json,
  TaskContext,
  TaskDatabase,
  TaskKind,
  TaskLedger,
  TaskResult,
} from '../../config/define.js';
import type { TaskDefinition, Workflow } from '../../config/workflow.js';
import { BootstrapError } from '../../lib/errors/index.js';
import type { RunEventBody } from '../../lib/run/events.js';
import {
  planWorkflow,
  runWorkflow,
  type Ledger,
  type RunResult,
  type RunServices,
  type TaskPlan,
} from '../../lib/run/index.js';
import type { FakeCommands } from './fake-command.js';

/** Runs workflows with everything real except the lock and the ledger, which only write down what is asked of them. */
export class RunTrial {
  readonly root = mkdtempSync(join(tmpdir(), 'dbb-run-'));
  readonly events: RunEventBody[] = [];
  /** What was asked of lock and ledger, in order. */
  readonly journal: string[] = [];
  readonly interrupt = new AbortController();
  readonly kill = new AbortController();
  readonly lost = new AbortController();
  readonly memory = new Map<string, Json>();
  /** What a test changes about lock and ledger, by the word in the journal: throw, or wait. */
  readonly on = new Map<string, () => void | Promise<void>>();
  answers = true;
  /** A real ledger in the place of the one that only writes down. */
  ledger: Ledger | undefined;
  /** Who finds causes; nobody where absent. */
  explain: RunServices['explain'];
  /** Who judges a deletion; nobody where absent. */
  mayDelete: RunServices['mayDelete'];
  /** What is looked for before a task changes anything. */
  preflight: RunServices['preflight'];
  /** The URL of a real database; without one the workflow has none. */
  url: string | undefined;

  async run(
    tasks: readonly TaskDraft[],
    workflow: Partial<Workflow> = {},
    more: { verbose?: boolean; resume?: string } = {},
  ): Promise<RunResult> {
    return runWorkflow({
      runId: 'run-1',
      version: '0.0.0',
      workflow: this.workflow(tasks, workflow),
      emit: (event) => this.events.push(event),
      interrupt: this.interrupt.signal,
      kill: this.kill.signal,
      services: this.services(),
      ...more,
    });
  }

  plan(tasks: readonly TaskDraft[], workflow: Partial<Workflow> = {}): Promise<readonly TaskPlan[]> {
    return planWorkflow({
      runId: 'plan-1',
      workflow: this.workflow(tasks, workflow),
      services: this.services(),
      interrupt: this.interrupt.signal,
      kill: this.kill.signal,
    });
  }

  workflow(tasks: readonly TaskDraft[], more: Partial<Workflow> = {}): Workflow {
    return {
      root: this.root,
      database: this.url === undefined ? { kind: 'none' } : { kind: 'url', url: this.url },
      env: { PATH: process.env.PATH ?? '' },
      django: { directory: this.root },
      tenants: [],
      tasks: new Map(tasks.map((task) => [task.name, definition(task)])),
      concurrency: 4,
      grace: 20_000,
      onFailure: 'stop',
      guards: { allowDestructive: false, hosts: [] },
      ledger: { kind: 'file' },
      raw: {},
      origins: new Map(),
      layers: [],
      placeOfValue: () => ({ file: 'config' }),
      placeOfVariable: (name) => ({ file: name }),
      secrets: [],
      ...more,
    };
  }

  of<Type extends RunEventBody['type']>(type: Type): Extract<RunEventBody, { type: Type }>[] {
    return this.events.filter((event): event is Extract<RunEventBody, { type: Type }> => event.type === type);
  }

  /** "name status" of every task that has ended, in the order of their ends. */
  ends(): string[] {
    return this.of('task.end').map(({ name, status }) => `${name} ${status}`);
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  private services(): RunServices {
    const note = async (word: string): Promise<void> => {
      this.journal.push(word);
      await this.on.get(word)?.();
    };
    return {
      database: () => database(this.url),
      host: () => {
        const none = (): Promise<never> => Promise.reject(new Error('this workflow has no host'));
        return { request: none, withPeers: none, recall: none, remember: none };
      },
      lock: { acquire: () => note('lock'), lost: this.lost.signal, release: () => note('release') },
      ledger: this.ledger ?? {
        lastRun: () => Promise.resolve(undefined),
        attach: async () => {
          await note('attach');
          return [];
        },
        startRun: ({ id }) => note(`start ${id}`),
        taskStarted: (name) => note(`started ${name}`),
        taskEnded: ({ name, status }) => note(`ended ${name} ${status}`),
        endRun: (status, exitCode) => note(`end ${status} ${exitCode}`),
        forTask: () => ledger(this.memory),
        forget: async (names) => {
          await note(`forget ${names.join(' ')}`);
          return [];
        },
        local: () => ledger(this.memory),
      },
      ...(this.preflight ? { preflight: this.preflight.bind(undefined) } : {}),
      ...(this.mayDelete ? { mayDelete: this.mayDelete.bind(undefined) } : {}),
      ...(this.explain ? { explain: this.explain.bind(undefined) } : {}),
      databaseAnswers: () => Promise.resolve(this.answers),
      endSessions: () => Promise.resolve(),
      close: () => note('close'),
    };
  }
}

/** A task of a test: a name, and whatever differs from the plainest task. */
export type TaskDraft = Partial<TaskDefinition> & { readonly name: string };

/** A kind from what it does; without anything it succeeds. */
export function kindOf(
  run: (context: TaskContext<unknown>) => unknown = () => undefined,
  more: Partial<TaskKind> = {},
): TaskKind {
  return {
    kind: 'test',
    description: 'A kind of a test.',
    options: z.unknown(),
    ...more,
    run: async (context) =>
      ((await run(context)) as TaskResult | undefined) ?? { changed: true, summary: 'done' },
  };
}

/** A kind that runs a fake command of the task's name, and fails with DBB5001 as the real one does. */
export function fakeKind(fakes: FakeCommands, more: Partial<TaskKind> = {}): TaskKind {
  return kindOf(async (context) => {
    const { command, args } = fakes.program(context.task);
    const { exitCode, output } = await context.exec(command, { args });
    if (exitCode === 0) return;
    const facts = exitCode === undefined ? {} : { exitCode };
    throw context.fail({
      code: 'DBB5001',
      message: `a command ended with ${exitCode ?? 'a signal'}`,
      facts,
      output,
    });
  }, more);
}

function definition(draft: TaskDraft): TaskDefinition {
  return {
    use: draft.kind?.kind ?? 'test',
    kind: kindOf(),
    needs: [],
    after: [],
    enabled: true,
    retry: { attempts: 1, delay: 0, factor: 1, maxDelay: 0, jitter: false },
    tolerate: [],
    env: {},
    options: {},
    ...draft,
  };
}

function ledger(memory: Map<string, Json>): TaskLedger {
  return {
    get: (key) => Promise.resolve(memory.get(key)),
    set: (key, value) => Promise.resolve(void memory.set(key, value)),
    delete: (key) => Promise.resolve(void memory.delete(key)),
    entries: () => Promise.resolve(memory),
  };
}

function database(text: string | undefined): TaskDatabase {
  const missing = (): never => {
    throw new BootstrapError({ code: 'DBB4005', message: 'no database is configured' });
  };
  if (text === undefined) return new Proxy({} as TaskDatabase, { get: missing });
  const url = new URL(text);
  const withClient: TaskDatabase['withClient'] = async (work) => {
    const client = new pg.Client({ connectionString: text });
    await client.connect();
    try {
      return await work({
        query: async <Row extends object>(statement: string, values?: readonly unknown[]) =>
          (await client.query(statement, values ? [...values] : [])).rows as Row[],
      });
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      throw new BootstrapError({
        code: 'DBB5004',
        message: error.message,
        facts: { sqlstate: error.code ?? '' },
      });
    } finally {
      await client.end();
    }
  };
  return {
    url: text,
    display: text.replace(url.password, '***'),
    host: url.hostname,
    port: Number(url.port),
    name: decodeURIComponent(url.pathname.slice(1)),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    connected: false,
    withClient,
    transaction: withClient,
    query: (statement, values) => withClient((client) => client.query(statement, values)),
  };
}
