import { availableParallelism } from 'node:os';
import { dirname, relative, resolve } from 'node:path';
import { BootstrapError, type Place, type Problem } from '../lib/errors/index.js';
import { coerceTexts, valueAt } from './coerce.js';
import { collectLayers, configFile } from './collect.js';
import { checkDatabase, resolveDatabase } from './database-setting.js';
import type { Json, TaskKind, TenantSpec } from './define.js';
import { readEnvironment } from './environment.js';
import { problemsOfIssues } from './issues.js';
import { isObject, mergeSources, sourceOf, type Merged } from './merge.js';
import { patienceOf } from './patience.js';
import { loadKinds } from './plugins.js';
import { profileProblems, profileTaskProblems } from './profiles.js';
import { configShape } from './schema.js';
import { secretsOf } from './secrets.js';
import { select, type Selection } from './select.js';
import { formatPath, type Path, type Source } from './source.js';
import { passThrough } from './taken-away.js';
import { durationOf, readTasks } from './tasks.js';
import { idleProblems } from './idle.js';
import { checkTenants } from './tenants.js';
import { unfitProblems } from './unfit.js';
import { readVariables } from './variables.js';
import { wholeVariable } from './interpolate.js';
import type { LedgerSetting, Origin, TaskDefinition, Workflow } from './workflow.js';

/** What decides which config holds, and with which changes. */
export interface LoadOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly builtinKinds: ReadonlyMap<string, TaskKind>;
  /** --config. */
  readonly file?: string;
  readonly profile?: string;
  /** `key=value`, each. */
  readonly set?: readonly string[];
  readonly flags?: {
    readonly concurrency?: string;
    readonly timeout?: string;
    readonly onFailure?: string;
    readonly reporter?: string;
  };
  readonly select?: Selection;
}

/** Finds, reads, merges and validates the config; throws one BootstrapError with every mistake in it. */
export async function loadWorkflow(
  options: LoadOptions,
): Promise<{ workflow: Workflow; kinds: ReadonlyMap<string, TaskKind> }> {
  const { cwd, env } = options;
  const problems: Problem[] = [];
  const patience = patienceOf(options.flags?.timeout);
  const file = configFile(options);
  const layers = await collectLayers(options, file, { cwd, patience, problems });
  if (!layers) throw failure(problems);
  const merged = mergeSources(layers.sources);
  const root = file === undefined ? cwd : dirname(file);
  const locate = (path: Path, part: 'key' | 'value'): Place => placeOf(merged, layers.sources, path, part);
  const { variables: environment, placeOf: placeOfVariable } = readEnvironment({
    data: merged.data,
    env,
    root,
    locate,
    problems,
  });
  const placeOfValue = (path: Path): Place => {
    const name = wholeVariable(valueAt(merged.data, path));
    return name !== undefined && environment[name] ? placeOfVariable(name) : locate(path, 'value');
  };
  const variables = readVariables(merged.data, environment, root, locate, problems);
  const data = coerceTexts(configShape, variables.data, variables.isFromVariable) as Record<string, Json>;
  const shape = configShape.safeParse(data, { reportInput: true });
  problems.push(...problemsOfIssues(shape.error?.issues ?? [], [], locate, configShape));
  problems.push(...unfitProblems(data, locate));
  problems.push(...profileProblems(layers.profiles));
  const before = problems.length;
  const kinds = await loadKinds({
    plugins: data.plugins,
    builtinKinds: options.builtinKinds,
    folder: sourceOf(merged, ['plugins'])?.folder ?? root,
    patience,
    place: (index) => locate(['plugins', index], 'value'),
    problems,
  });
  const allKinds = problems.length === before;
  // With a layer missing, its tasks are missing too, and whatever names them would look like a mistake.
  const tasks = layers.complete
    ? readTasks(passThrough(isObject(data.tasks) ? data.tasks : {}, merged.takenTasks), {
        kinds,
        builtinKinds: options.builtinKinds,
        allKinds,
        locate,
        problems,
        ...variables,
      })
    : new Map<string, TaskDefinition>();
  if (layers.complete) problems.push(...idleProblems(merged, kinds));
  if (layers.complete && allKinds && isObject(data.tasks))
    problems.push(...profileTaskProblems(layers.profiles, data.tasks, kinds));
  checkTenants(data.tenants, locate, problems);
  checkDatabase(data.database, placeOfValue, problems);
  if (problems.length > 0) throw failure(problems);
  const selected = select(tasks, options.select ?? {});
  const database = resolveDatabase({
    value: data.database,
    env: environment,
    tasks: selected,
    root,
    file: file && relative(cwd, file),
  });
  const django = isObject(data.django) ? data.django : {};
  const guards = isObject(data.guards) ? data.guards : {};
  const timeout = durationOf(data.timeout);
  const profile = options.profile ?? env.DB_BOOTSTRAP_PROFILE;
  const workflow: Workflow = {
    root,
    ...(file === undefined ? {} : { file: relative(cwd, file) }),
    ...(profile === undefined || profile === '' ? {} : { profile }),
    database,
    env: environment,
    django: {
      directory: resolve(root, typeof django.directory === 'string' ? django.directory : '.'),
      ...(typeof django.python === 'string' ? { python: django.python } : {}),
      ...(typeof django.settings === 'string' ? { settings: django.settings } : {}),
    },
    tenants: (data.tenants ?? []) as unknown as readonly TenantSpec[],
    tasks: selected,
    concurrency:
      typeof data.concurrency === 'number' ? data.concurrency : Math.max(2, availableParallelism()),
    ...(timeout === undefined ? {} : { timeout }),
    grace: durationOf(data.grace) ?? 5000,
    onFailure: (data.onFailure ?? 'stop') as Workflow['onFailure'],
    guards: {
      allowDestructive: guards.allowDestructive === true,
      ...(Array.isArray(guards.databases) ? { databases: guards.databases as string[] } : {}),
      hosts: (guards.hosts ?? []) as string[],
    },
    ledger: ledgerOf(data.ledger, database.kind === 'none'),
    ...(data.reporter === undefined ? {} : { reporter: data.reporter as NonNullable<Workflow['reporter']> }),
    raw: data,
    origins: originsOf(merged),
    layers: layers.sources,
    placeOfValue,
    placeOfVariable,
    secrets: secretsOf(data, environment, database),
  };
  return { workflow, kinds };
}

function placeOf(merged: Merged, sources: readonly Source[], path: Path, part: 'key' | 'value'): Place {
  const source = sourceOf(merged, path) ?? sources.at(-1);
  return source ? source.place(path, part) : { file: formatPath(path) };
}

function ledgerOf(value: Json | undefined, noDatabase: boolean): LedgerSetting {
  if (value === 'off' || value === 'file') return { kind: value };
  if (noDatabase) return { kind: 'file' };
  return {
    kind: 'database',
    schema: isObject(value) && typeof value.schema === 'string' ? value.schema : 'db_bootstrap',
  };
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

function originsOf(merged: Merged): Map<string, Origin> {
  const origins = new Map<string, Origin>();
  const note = (path: Path, source: Source): void => {
    // Found when it is asked for: few of them ever are.
    const place = once(() => source.place(path, 'key'));
    origins.set(formatPath(path), {
      layer: source.label,
      get place() {
        return place();
      },
    });
  };
  // A list comes from one layer as a whole; its parts have lines of their own.
  const inside = (value: Json | undefined, path: Path, source: Source): void => {
    const entries = isObject(value)
      ? Object.entries(value)
      : [...(Array.isArray(value) ? value : []).entries()];
    for (const [key, item] of entries as [string | number, Json][]) {
      note([...path, key], source);
      inside(item, [...path, key], source);
    }
  };
  for (const [key, source] of merged.sources) {
    const path = JSON.parse(key) as Path;
    note(path, source);
    const value = valueAt(merged.data, path);
    if (Array.isArray(value)) inside(value, path, source);
  }
  return origins;
}

/** All problems in one error: by file, and inside a file from top to bottom; a place that two layers share is named once. */
function failure(found: readonly Problem[]): BootstrapError {
  const problems = found.map(ofFlag);
  const files = [...new Set(problems.map(({ place }) => place?.file))];
  const unset = new Set(problems.filter(({ code }) => code === 'DBB2010').map(placeKey));
  const seen = new Set<string>();
  const sorted = problems
    .filter((problem) => {
      const key = problemKey(problem);
      return !seen.has(key) && seen.add(key);
    })
    // What a text without its variable looks like is no mistake of its own.
    .filter((problem) => problem.code === 'DBB2010' || !unset.has(placeKey(problem)))
    .sort(
      (a, b) =>
        files.indexOf(a.place?.file) - files.indexOf(b.place?.file) ||
        (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
        (a.place?.column ?? 0) - (b.place?.column ?? 0),
    );
  return new BootstrapError(sorted as [Problem, ...Problem[]]);
}

/** A value that an option of the command cannot take is a mistake of usage. */
function ofFlag(problem: Problem): Problem {
  const { code, place } = problem;
  if (!place || !/^--(?!set\b)/.test(place.file) || (code !== 'DBB2004' && code !== 'DBB2011'))
    return problem;
  return { ...problem, code: 'DBB1003', place: { file: place.file } };
}

/** The same for what is the same mistake. */
function problemKey(problem: Problem): string {
  const { code, message, place } = problem;
  const said = place?.line === undefined || code === 'DBB2010' ? message : '';
  return JSON.stringify([code, placeKey(problem), said]);
}

function placeKey({ place }: Problem): string {
  const { file, line, column, keyPath } = place ?? {};
  return JSON.stringify([file, line, column, keyPath]);
}
