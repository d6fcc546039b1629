import { availableParallelism } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { BootstrapError, type Place, type Problem } from '../lib/errors/index.js';
import { resolveDatabase } from './database-setting.js';
import type { Json, TaskKind, TenantSpec } from './define.js';
import { findConfig, givenConfig } from './discover.js';
import { readEnvironment } from './environment.js';
import { interpolate, missingVariableProblem } from './interpolate.js';
import { problemsOfIssues } from './issues.js';
import { environmentSources, extendedSources, presetSource, profileSource, setSources } from './layers.js';
import { isObject, mergeSources, sourceOf, type Merged } from './merge.js';
import { loadKinds } from './plugins.js';
import { readConfigFile, throwProblems } from './read-file.js';
import { configShape, topLevelKeys } from './schema.js';
import { secretsOf } from './secrets.js';
import { select, type Selection } from './select.js';
import { formatPath, plainSource, type Path, type Source } from './source.js';
import { durationOf, readTasks } from './tasks.js';
import { checkTenants } from './tenants.js';
import type { LedgerSetting, Origin, Workflow } from './workflow.js';

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
  const file = await configFile(options);
  const sources = await collectSources(options, file, problems);
  throwProblems(problems);
  const merged = mergeSources(sources);
  const root = file === undefined ? cwd : rootOf(file);
  const locate = (path: Path, part: 'key' | 'value'): Place => placeOf(merged, sources, path, part);
  const environment = readEnvironment({ data: merged.data, env, root, locate, problems });
  const data = interpolate(
    merged.data,
    environment,
    (missing) => problems.push({ ...missingVariableProblem(missing), place: locate(missing.path, 'value') }),
    (path) => isUnused(merged.data, path),
  ) as Record<string, Json>;
  const shape = configShape.safeParse(data, { reportInput: true });
  if (!shape.success)
    problems.push(...problemsOfIssues(shape.error.issues, [], locate, (path) => keysAt(path)));
  const kinds = await loadKinds({
    plugins: data.plugins,
    builtinKinds: options.builtinKinds,
    root,
    place: (index) => locate(['plugins', index], 'value'),
    problems,
  });
  const rawTasks = isObject(data.tasks) ? data.tasks : {};
  const tasks = readTasks(rawTasks, kinds, locate, problems);
  checkTenants(data.tenants, locate, problems);
  throwProblems(problems);
  const selected = select(tasks, options.select ?? {});
  const database = resolveDatabase({
    value: data.database,
    env: environment,
    tasks: selected,
    root,
    locate,
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
    secrets: secretsOf(data, environment, database),
  };
  return { workflow, kinds };
}

async function configFile({ cwd, env, file, set = [] }: LoadOptions): Promise<string | undefined> {
  const given = file ?? (env.DB_BOOTSTRAP_CONFIG || undefined);
  if (given !== undefined) return givenConfig(given, cwd);
  const found = await findConfig(cwd);
  if (found !== undefined || set.some((entry) => entry.startsWith('preset='))) return found;
  throw new BootstrapError({
    code: 'DBB2001',
    message: `no config file was found in ${cwd} or above it`,
    help: 'run "db-bootstrap init", which looks at the project and writes one',
  });
}

/** All layers but the defaults, weakest first. */
async function collectSources(
  options: LoadOptions,
  file: string | undefined,
  problems: Problem[],
): Promise<Source[]> {
  const { cwd, env, set = [], flags = {} } = options;
  const own = file === undefined ? undefined : await readConfigFile(file, cwd, problems);
  const extended = own && file !== undefined ? await extendedSources(own, file, cwd, problems) : [];
  const configs = [...extended, ...(own ? [own] : [])];
  const name = options.profile ?? (env.DB_BOOTSTRAP_PROFILE || undefined);
  const asked = options.profile === undefined ? 'DB_BOOTSTRAP_PROFILE' : '--profile';
  const profile =
    name === undefined || (file !== undefined && !own) ? [] : profileSource(name, configs, problems, asked);
  const overrides = [...configs, ...profile];
  const environment = environmentSources(env, mergeSources(overrides).data, problems);
  const above = [...overrides, ...environment, ...flagSources(flags), ...setSources(set, problems)];
  const merged = mergeSources(above);
  const preset = merged.data.preset;
  const asking = sourceOf(merged, ['preset']);
  const base = typeof preset === 'string' && asking ? presetSource(preset, asking, problems) : undefined;
  return [...(base ? [base] : []), ...above];
}

function flagSources(flags: NonNullable<LoadOptions['flags']>): Source[] {
  const names = {
    concurrency: '--concurrency',
    timeout: '--timeout',
    onFailure: '--on-failure',
    reporter: '--reporter',
  } as const;
  return Object.entries(flags).map(([key, value]) =>
    plainSource(names[key as keyof typeof names], {
      [key]: key === 'concurrency' && /^\d+$/.test(value) ? Number(value) : value,
    }),
  );
}

/** The project's folder: a config in `.config/` speaks of the folder above. */
function rootOf(file: string): string {
  const folder = dirname(file);
  return folder.endsWith('/.config') ? join(folder, '..') : folder;
}

/** Variables in a disabled task, and in profiles that are not chosen, are nobody's. */
function isUnused(data: Record<string, Json>, path: Path): boolean {
  if (path[0] === 'profiles' || path[0] === 'env') return true;
  if (path[0] !== 'tasks' || path.length !== 2 || !isObject(data.tasks)) return false;
  const task = data.tasks[String(path[1])];
  return isObject(task) && task.enabled === false;
}

function keysAt(path: Path): readonly string[] {
  if (path.length === 0) return topLevelKeys;
  const known: Readonly<Record<string, readonly string[]>> = {
    django: ['directory', 'python', 'settings'],
    guards: ['allowDestructive', 'databases', 'hosts'],
    tenants: ['schema', 'domain', 'domains', 'fields', 'domainFields'],
    database: ['url', 'embedded', 'host', 'port', 'name', 'user', 'password'],
  };
  return known[String(path[0])] ?? [];
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

function originsOf(merged: Merged): Map<string, Origin> {
  return new Map(
    [...merged.sources].map(([key, source]) => {
      const path = JSON.parse(key) as Path;
      return [formatPath(path), { layer: source.label, place: source.place(path, 'key') }];
    }),
  );
}
