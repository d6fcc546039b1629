import { nearest, type Place, type Problem } from '../lib/errors/index.js';
import { validateGraph, type GraphFault } from '../lib/graph/index.js';
import type { Json, TaskKind } from './define.js';
import { parseDuration } from './duration.js';
import { problemsOfIssues, type Locate } from './issues.js';
import { isObject } from './merge.js';
import { commonTaskFields, optionShape, taskSchema } from './schema.js';
import type { Condition, RetryPolicy, TaskDefinition, Tolerance } from './workflow.js';

/** A task in the config, before it is read. */
type RawTask = Record<string, Json>;

const aliases: Readonly<Record<string, string>> = { tenant: 'tenants' };
const commonKeys = Object.keys(commonTaskFields);

/** The kind's real name: some have an alias. */
export function kindName(name: string): string {
  return aliases[name] ?? name;
}

/** Reads and validates all tasks; what is wrong with them is pushed, each with its place. */
export function readTasks(
  raw: Readonly<Record<string, Json>>,
  kinds: ReadonlyMap<string, TaskKind>,
  locate: Locate,
  problems: Problem[],
): Map<string, TaskDefinition> {
  const tasks = new Map<string, TaskDefinition>();
  for (const [name, value] of Object.entries(raw)) {
    if (!isObject(value)) continue;
    const task = readTask(name, value, kinds, locate, problems);
    if (task) tasks.set(name, task);
  }
  const names = Object.keys(raw);
  for (const fault of validateGraph(names.map((name) => nodeOf(name, raw[name]))))
    problems.push(graphProblem(fault, raw, locate));
  return tasks;
}

function nodeOf(
  name: string,
  value: Json | undefined,
): { name: string; use: string; needs: string[]; after: string[]; enabled: boolean } {
  const task = isObject(value) ? value : {};
  return {
    name,
    use: String(task.use ?? name),
    needs: textsOf(task.needs),
    after: textsOf(task.after),
    enabled: task.enabled !== false,
  };
}

function readTask(
  name: string,
  raw: RawTask,
  kinds: ReadonlyMap<string, TaskKind>,
  locate: Locate,
  problems: Problem[],
): TaskDefinition | undefined {
  const use = kindName(typeof raw.use === 'string' ? raw.use : name);
  const kind = kinds.get(use);
  if (!kind) {
    const given = typeof raw.use === 'string';
    const near = nearest(use, kinds.keys());
    problems.push({
      code: 'DBB2012',
      message: given
        ? `there is no task kind "${use}"`
        : `task "${name}" does not say which kind it is, and "${name}" is none`,
      place: given ? locate(['tasks', name, 'use'], 'value') : locate(['tasks', name], 'key'),
      help:
        near === undefined
          ? `add "use:" with one of ${[...kinds.keys()].join(', ')}`
          : `did you mean "${near}"?`,
    });
    return undefined;
  }
  const parsed = taskSchema(kind).safeParse(raw, { reportInput: true });
  if (!parsed.success) {
    const keys = [...commonKeys, ...Object.keys(optionShape(kind))];
    problems.push(
      ...problemsOfIssues(parsed.error.issues, ['tasks', name], locate, (path) =>
        path.length === 2 ? keys : [],
      ),
    );
    return undefined;
  }
  // The options as the kind's own schema reads them: its defaults, and its rules about several options together.
  const own = Object.fromEntries(
    Object.entries(raw).filter(([key]) => !commonKeys.includes(key) || key in optionShape(kind)),
  );
  const options = kind.options.safeParse(own, { reportInput: true });
  if (!options.success) {
    problems.push(
      ...problemsOfIssues(options.error.issues, ['tasks', name], locate, () =>
        Object.keys(optionShape(kind)),
      ),
    );
    return undefined;
  }
  const timeout = durationOf(raw.timeout);
  return {
    name,
    use,
    kind,
    needs: textsOf(raw.needs),
    after: textsOf(raw.after),
    enabled: raw.enabled !== false,
    ...(raw.enabled === false ? { disabledReason: 'disabled in the config' } : {}),
    ...(raw.if === undefined
      ? {}
      : { if: typeof raw.if === 'string' ? { command: raw.if } : (raw.if as unknown as Condition) }),
    retry: retryOf(raw.retry),
    ...(timeout === undefined ? {} : { timeout }),
    ...(typeof raw.onFailure === 'string'
      ? { onFailure: raw.onFailure as NonNullable<TaskDefinition['onFailure']> }
      : {}),
    tolerate: (raw.tolerate ?? []) as unknown as readonly Tolerance[],
    env: textRecord(raw.env),
    options: options.data,
  };
}

/** Milliseconds of a duration that the validator has let pass. */
export function durationOf(value: Json | undefined): number | undefined {
  return typeof value === 'string' || typeof value === 'number' ? parseDuration(value) : undefined;
}

function retryOf(value: Json | undefined): RetryPolicy {
  const given = typeof value === 'number' ? { attempts: value } : isObject(value) ? value : {};
  const on = given.on;
  return {
    attempts: typeof given.attempts === 'number' ? given.attempts : isObject(value) ? 3 : 1,
    delay: durationOf(given.delay) ?? 200,
    factor: typeof given.factor === 'number' ? given.factor : 2,
    maxDelay: durationOf(given.maxDelay) ?? 10_000,
    jitter: given.jitter !== false,
    ...(on === undefined ? {} : { on: typeof on === 'string' ? [on] : textsOf(on) }),
  };
}

/** A record whose values are texts: YAML writes numbers and booleans without quotes. */
export function textRecord(value: Json | undefined): Record<string, string> {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item as string)]))
    : {};
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? (value as Json[]).filter((item) => typeof item === 'string') : [];
}

function graphProblem(fault: GraphFault, raw: Readonly<Record<string, Json>>, locate: Locate): Problem {
  const entry = (task: string, via: 'needs' | 'after', need: string): Place => {
    const list = isObject(raw[task]) ? textsOf(raw[task][via]) : [];
    return locate(['tasks', task, via, Math.max(0, list.indexOf(need))], 'value');
  };
  switch (fault.type) {
    case 'unknown-need':
      return {
        code: 'DBB3001',
        message: `task "${fault.task}" ${fault.via === 'needs' ? 'needs' : 'comes after'} "${fault.need}", which does not exist`,
        place: entry(fault.task, fault.via, fault.need),
        help:
          fault.nearest === undefined
            ? `the tasks are ${Object.keys(raw).join(', ')}`
            : `did you mean "${fault.nearest}"?`,
      };
    case 'self-need':
      return {
        code: 'DBB3003',
        message: `task "${fault.task}" depends on itself`,
        place: entry(fault.task, fault.via, fault.task),
        help: 'take it out of the list',
      };
    case 'cycle': {
      const [first = '', second = ''] = fault.path;
      // The path runs along the arrows: its second task has the first among what it waits for, or the other way round.
      const waits = (task: string, need: string): 'needs' | 'after' | undefined =>
        (['needs', 'after'] as const).find(
          (via) => isObject(raw[task]) && textsOf(raw[task][via]).includes(need),
        );
      const via = waits(second, first);
      const place =
        via === undefined ? entry(first, waits(first, second) ?? 'needs', second) : entry(second, via, first);
      return {
        code: 'DBB3002',
        message: `these tasks depend on each other in a circle: ${fault.path.join(' → ')}`,
        place,
        help: 'take one of these dependencies out',
      };
    }
  }
}
