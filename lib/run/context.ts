import { join, resolve } from 'node:path';
import type { ExecOptions, ExecResult, TaskContext, TaskLedger } from '../../config/define.js';
import type { TaskDefinition, Workflow } from '../../config/workflow.js';
import { BootstrapError } from '../errors/index.js';
import { runProcess } from '../process/index.js';
import { applicationName, taskEnvironment } from './environment.js';
import type { RunEventBody } from './events.js';
import type { RunServices } from './services.js';
import type { TaskLog } from './task-log.js';

/** What the contexts of all tasks of a run share. */
export interface ContextSource {
  readonly runId: string;
  readonly workflow: Workflow;
  readonly services: RunServices;
  readonly kill: AbortSignal;
  emit(event: RunEventBody): void;
  /** Wraps what a task remembers about the database, or about files: `plan` refuses writes. */
  readonly ledgerOf?: (ledger: TaskLedger, about: 'database' | 'files') => TaskLedger;
}

/** Absolute path of the folder of our own files. */
export function stateDirectoryOf(workflow: Workflow): string {
  return join(workflow.root, '.db-bootstrap');
}

/** All that one attempt of a task can reach. Services are asked for when they are first used. */
export function createContext(
  source: ContextSource,
  task: TaskDefinition,
  attempt: {
    readonly number: number;
    readonly signal: AbortSignal;
    readonly log: TaskLog;
    /** Whether it is for us, who look for the cause of a failure. */
    readonly explains?: true;
  },
): TaskContext<unknown> {
  const { workflow, services, runId, kill } = source;
  const { signal, log } = attempt;
  const user = { name: task.name, signal, log };
  const wrap = source.ledgerOf ?? ((ledger: TaskLedger): TaskLedger => ledger);
  const once = lazy();
  const context: TaskContext<unknown> = {
    task: task.name,
    options: task.options,
    root: workflow.root,
    stateDirectory: stateDirectoryOf(workflow),
    get env() {
      return once('env', () =>
        taskEnvironment({
          base: workflow.env,
          own: task.env,
          database: workflow.database.kind === 'none' ? undefined : services.database(user),
          runId,
          task: task.name,
        }),
      );
    },
    taskEnv: task.env,
    ci: isContinuousIntegration(workflow.env),
    runId,
    attempt: attempt.number,
    concurrency: workflow.concurrency,
    get database() {
      return once('database', () =>
        services.database({ ...user, others: attempt.explains !== true && task.plugin === true }),
      );
    },
    get host() {
      return once('host', () => services.host({ ...user, env: context.env }));
    },
    tenants: workflow.tenants,
    log,
    get ledger() {
      return once('ledger', () => wrap(services.ledger.forTask(task.name), 'database'));
    },
    get localLedger() {
      return once('localLedger', () => wrap(services.ledger.local(task.name), 'files'));
    },
    signal,
    exec: async (command: string, options: ExecOptions = {}): Promise<ExecResult> => {
      const { args, shell, cwd, env, input, log: logged = true } = options;
      const { cancelled, ...result } = await runProcess({
        command,
        ...(args === undefined ? {} : { args }),
        ...(shell === undefined ? {} : { shell }),
        ...(input === undefined ? {} : { input }),
        cwd: resolve(workflow.root, cwd ?? '.'),
        env: merged(context.env, env),
        grace: workflow.grace,
        signal,
        kill,
        ...(logged ? { onOutput: (stream, text) => log.output(stream, text) } : {}),
      });
      if (logged) log.flush();
      if (cancelled) {
        // A server goes on with a statement whose client is gone, until it has something to say to it.
        await services.endSessions(applicationName(runId, task.name)).catch(() => undefined);
        throw interrupted(task.name, command, result);
      }
      return result;
    },
    tenantEnd: ({ schema, status, ms, reason, problem }) =>
      source.emit({
        type: 'tenant.end',
        task: task.name,
        schema,
        status,
        ...(ms === undefined ? {} : { ms }),
        ...(reason === undefined ? {} : { reason }),
        ...(problem === undefined ? {} : { problem }),
      }),
    placeOf: (keyPath) => workflow.origins.get(keyPath)?.place,
    fail: (problem, cause) => new BootstrapError(problem, { cause }),
  };
  return context;
}

/** Whether an environment is that of continuous integration. */
function isContinuousIntegration(env: Readonly<Record<string, string>>): boolean {
  return env.CI !== undefined && !['', '0', 'false'].includes(env.CI.toLowerCase());
}

/** The resolved database for children; undefined where the workflow has none. */
/** Each value is made at its first use and kept: a context that nobody asks for a database opens none. */
function lazy(): <Value>(key: string, make: () => Value) => Value {
  const values = new Map<string, unknown>();
  return <Value>(key: string, make: () => Value): Value => {
    if (!values.has(key)) values.set(key, make());
    return values.get(key) as Value;
  };
}

function merged(
  base: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...base, ...own }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

function interrupted(task: string, command: string, result: ExecResult): BootstrapError {
  return new BootstrapError({
    code: 'DBB5020',
    message: `task "${task}" was interrupted while "${command}" ran`,
    output: result.output,
    ...(result.signal === undefined ? {} : { facts: { signal: result.signal } }),
  });
}
