import type { TaskContext, TaskKind } from '../../config/define.js';
import type { TestHost } from './host.js';
import { testContext, testMemory, type TestMemory } from './task-context.js';

/** What a test says about one task of a project. */
export interface DjangoTaskOptions {
  readonly options?: unknown;
  readonly memory?: TestMemory;
  readonly signal?: AbortSignal;
  readonly ci?: boolean;
}

/** The context that the engine gives to a task of a project, with the real host. */
export function djangoTask(
  project: TestHost,
  kind: TaskKind,
  { options, memory = testMemory(), signal, ci = false }: DjangoTaskOptions = {},
): TaskContext<unknown> {
  const context = testContext({
    kind,
    options,
    memory,
    name: kind.kind,
    root: project.directory,
    url: project.url,
    ...(signal === undefined ? {} : { signal }),
    base: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', ...(ci ? { CI: 'true' } : {}) },
  });
  const host = project.forTask(signal === undefined ? {} : { signal });
  return Object.create(context, { host: { value: host } }) as TaskContext<unknown>;
}

/** How each tenant ended, as the task told it. */
export function tenantEnds(memory: TestMemory): [string, string][] {
  return memory.events.flatMap((event) =>
    event.type === 'tenant.end' ? [[event.schema, event.status] as [string, string]] : [],
  );
}
