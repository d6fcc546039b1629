import * as z from 'zod/mini';
import { type Problem } from '../lib/errors/index.js';
import { checksLast, validateGraph } from '../lib/graph/index.js';
import { coerceTexts } from './coerce.js';
import type { Json, TaskKind } from './define.js';
import { withDatabases } from './databases.js';
import { gateProblem, graphProblem } from './graph-problem.js';
import { problemsOfIssues, unknownKeyProblem, type Locate } from './issues.js';
import { isObject, textsOf } from './merge.js';
import { commonTaskFields, optionNames, taskSchema } from './schema.js';
import type { Path } from './source.js';
import type { Condition, RetryPolicy, TaskDefinition, Tolerance } from './workflow.js';
import { nearest, parseDuration } from '../lib/text/index.js';

/** A task in the config, before it is read. */
type RawTask = Record<string, Json>;

/** Other names of kinds. */
export const kindAliases: Readonly<Record<string, string>> = { tenant: 'tenants' };
const commonKeys = Object.keys(commonTaskFields);

/** The kind's real name: some have an alias. */
export function kindName(name: string): string {
  return Object.hasOwn(kindAliases, name) ? (kindAliases[name] ?? name) : name;
}

/** What reading tasks takes beside the tasks. */
export interface TaskReading {
  readonly kinds: ReadonlyMap<string, TaskKind>;
  readonly builtinKinds: ReadonlyMap<string, TaskKind>;
  /** False where a plugin is missing: an unknown kind may be its. */
  readonly allKinds: boolean;
  readonly locate: Locate;
  /** Whether the value at a path holds a variable's value. */
  readonly isFromVariable: (path: Path) => boolean;
  /** Whether the text at a path still holds a variable: in a disabled task nobody demands them. */
  readonly isOpen: (path: Path) => boolean;
  readonly problems: Problem[];
}

/** Reads and validates all tasks; what is wrong with them is pushed, each with its place. */
export function readTasks(
  raw: Readonly<Record<string, Json>>,
  reading: TaskReading,
): Map<string, TaskDefinition> {
  const tasks = new Map<string, TaskDefinition>();
  const names = Object.keys(raw);
  for (const [name, value] of Object.entries(raw)) {
    if (!isObject(value)) continue;
    const task = readTask(name, value, reading, names);
    if (task) tasks.set(name, task);
  }
  for (const fault of validateGraph(names.map((name) => nodeOf(name, raw[name]))))
    reading.problems.push(graphProblem(fault, raw, reading.locate));
  const isCheck = ({ kind }: TaskDefinition): boolean => kind.check === true;
  const { nodes, gates } = checksLast(withDatabases([...tasks.values()]), isCheck);
  const gateNames = new Set(gates.map(({ check }) => check.name));
  const atTheEnd = new Set(nodes.filter(({ name }) => !gateNames.has(name)).map(({ use }) => use));
  for (const { check, before } of gates)
    if (check.enabled && !atTheEnd.has(check.use))
      reading.problems.push(gateProblem(check, before, raw, reading.locate));
  return new Map(nodes.map((task) => [task.name, task]));
}

function nodeOf(
  name: string,
  value: Json | undefined,
): { name: string; use: string; needs: string[]; after: string[]; enabled: boolean } {
  const task = isObject(value) ? value : {};
  return {
    name,
    use: typeof task.use === 'string' ? task.use : name,
    needs: textsOf(task.needs),
    after: textsOf(task.after),
    enabled: task.enabled !== false,
  };
}

function readTask(
  name: string,
  written: RawTask,
  reading: TaskReading,
  tasks: readonly string[],
): TaskDefinition | undefined {
  const use = kindName(typeof written.use === 'string' ? written.use : name);
  const kind = reading.kinds.get(use);
  if (!kind) {
    if (reading.allKinds) reading.problems.push(unknownKindProblem(name, use, written, reading, tasks));
    checkCommonFields(name, written, reading);
    return undefined;
  }
  const schema = taskSchema(kind);
  const base = ['tasks', name];
  const raw = coerceTexts(schema, written, (path) => reading.isFromVariable([...base, ...path])) as RawTask;
  // The options as the kind's own schema reads them: its defaults, and its rules about several options together.
  const names = optionNames(kind);
  const own = Object.fromEntries(
    Object.entries(raw).filter(([key]) => !commonKeys.includes(key) || names.includes(key)),
  );
  const whole = z.safeParse(schema, raw, { reportInput: true });
  const options = z.safeParse(kind.options, own, { reportInput: true });
  const issues = whole.success ? (options.error?.issues ?? []) : whole.error.issues;
  const closed = issues.filter((issue) => !isOpenIssue(issue, base, reading.isOpen));
  if (closed.length > 0) {
    const keys = z.intersection(z.object(commonTaskFields), kind.options);
    reading.problems.push(...problemsOfIssues(closed, base, reading.locate, keys));
  }
  if (!(kind.options instanceof z.core.$ZodObject) && names.length > 0) {
    const unknown = Object.keys(own).filter((key) => !names.includes(key));
    const valid = [...commonKeys, ...names];
    reading.problems.push(...unknown.map((key) => unknownKeyProblem(base, key, valid, reading.locate)));
  }
  if (closed.length > 0) return undefined;
  const timeout = durationOf(raw.timeout);
  return {
    name,
    use,
    kind,
    ...(reading.builtinKinds.has(use) ? {} : { plugin: true }),
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
    options: options.success ? options.data : own,
  };
}

/** What can be said of a task whose kind is unknown. */
function checkCommonFields(name: string, written: RawTask, reading: TaskReading): void {
  const base = ['tasks', name];
  const schema = z.looseObject(commonTaskFields);
  const raw = coerceTexts(schema, written, (path) => reading.isFromVariable([...base, ...path]));
  const issues = z.safeParse(schema, raw, { reportInput: true }).error?.issues ?? [];
  const closed = issues.filter((issue) => !isOpenIssue(issue, base, reading.isOpen));
  reading.problems.push(...problemsOfIssues(closed, base, reading.locate, schema));
}

/** Whether all that an issue says is of texts whose variables are left open. */
function isOpenIssue(issue: z.core.$ZodIssue, base: Path, isOpen: TaskReading['isOpen']): boolean {
  const path = [...base, ...(issue.path as Path)];
  if (isOpen(path)) return true;
  if (issue.code !== 'invalid_union') return false;
  return issue.errors.some((branch) => branch.every((inner) => isOpenIssue(inner, path, isOpen)));
}

/** The problem for a task whose kind is none. */
export function unknownKindProblem(
  name: string,
  use: string,
  raw: RawTask,
  { kinds, locate }: Pick<TaskReading, 'kinds' | 'locate'>,
  tasks: readonly string[],
): Problem {
  const given = typeof raw.use === 'string';
  // Without "use", the name may be a misspelled kind, or that of a task of a layer below.
  const others = given ? [] : tasks.filter((other) => other !== name);
  const near = nearest(use, [...kinds.keys(), ...others]);
  return {
    code: 'DBB2012',
    message: given
      ? `there is no task kind "${use}"`
      : `task "${name}" does not say which kind it is, and "${name}" is none`,
    place: given ? locate(['tasks', name, 'use'], 'value') : locate(['tasks', name], 'key'),
    help:
      near === undefined
        ? `add "use:" with one of ${[...kinds.keys()].join(', ')}`
        : `did you mean "${near}"?`,
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
  return Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).flatMap(([key, item]) =>
      typeof item === 'object' ? [] : [[key, String(item)]],
    ),
  );
}
