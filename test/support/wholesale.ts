import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Plan, TaskContext, TaskHost, TaskKind, TenantSpec } from '../../config/define.js';
import { createTestDatabase, query } from './postgres.js';
import { pythonOf, type pythonSets } from './python.js';
import { testContext, type TestContextOptions } from './task-context.js';

const run = promisify(execFile);

/** The project whose tenant model asks for much. */
export const wholesaleDirectory = join(process.cwd(), 'test/fixtures/django/wholesale');

/** The project on a database of its own, with a host. */
export interface Wholesale {
  readonly url: string;
  readonly host: TaskHost;
  /** Rows of one statement, as the superuser. */
  rows<Row extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Runs a management command to its end; its output. */
  manage(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts the project on a new database, whose public schema is migrated (unless `migrated` is false); or beside another one on its
 * `database`.
 */
export async function openWholesale(
  set: keyof typeof pythonSets,
  options: { settings?: string; migrated?: boolean; database?: string; directory?: string } = {},
): Promise<Wholesale> {
  const directory = options.directory ?? wholesaleDirectory;
  const settings = options.settings ?? 'wholesale.settings';
  const database =
    options.database === undefined
      ? await createTestDatabase()
      : { url: options.database, drop: () => Promise.resolve() };
  const python = await pythonOf(set);
  const env = { ...process.env, DATABASE_URL: database.url, DJANGO_SETTINGS_MODULE: settings };
  const manage = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(python, ['manage.py', ...args], { cwd: directory, env });
    return stdout;
  };
  if (options.migrated ?? options.database === undefined)
    await manage(...(settings.endsWith('_plain') ? ['migrate'] : ['migrate_schemas', '--shared']), '-v0');
  const driver = drive(python, directory, env);
  return {
    url: database.url,
    host: driver,
    rows: (text, values) => query(database.url, text, values),
    manage,
    close: async () => {
      await driver.close();
      await database.drop();
    },
  };
}

function drive(python: string, cwd: string, env: NodeJS.ProcessEnv): TaskHost & { close(): Promise<void> } {
  const child = spawn(python, [join(process.cwd(), 'test/support/django_driver.py')], {
    cwd,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const remembered = new Map<string, object>();
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const driver: ReturnType<typeof drive> = {
    async request<Result>(
      method: string,
      params: Readonly<Record<string, unknown>> = {},
      onEvent?: (event: Readonly<Record<string, unknown>>) => void,
    ): Promise<Result> {
      child.stdin.write(JSON.stringify({ method, params }) + '\n');
      for (;;) {
        const next = await lines.next();
        if (next.done === true) throw new Error('the driver ended');
        const answer = JSON.parse(next.value) as {
          event?: Record<string, unknown>;
          result?: Result;
          error?: string;
        };
        if (answer.event) onEvent?.(answer.event);
        else if (answer.error !== undefined) throw new Error(answer.error);
        else return answer.result as Result;
      }
    },
    // It works alone.
    withPeers: (_count, work) => work([driver]),
    recall: (name) => Promise.resolve(remembered.get(name)),
    remember: (name, value) => {
      remembered.set(name, value);
      return Promise.resolve();
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
  return driver;
}

/** What a task would do now. */
export async function planOf(kind: TaskKind, context: TaskContext<unknown>): Promise<Plan> {
  const plan = await kind.plan?.(context);
  assert.ok(plan);
  return plan;
}

/** The context that the engine gives to a task of the project, with its host. */
export function wholesaleContext(
  project: Wholesale,
  options: Omit<TestContextOptions, 'root' | 'url'> & { tenants?: readonly TenantSpec[] },
): TaskContext<unknown> {
  const { tenants = [], ...rest } = options;
  const context = testContext({ ...rest, root: wholesaleDirectory, url: project.url });
  return Object.create(context, {
    host: { value: project.host },
    tenants: { value: tenants },
  }) as TaskContext<unknown>;
}
