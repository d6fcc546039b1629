import { createHash, type Hash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Sources } from '../project-answers.js';
import { contentOf, namesIn, projectFiles, skipped } from './files.js';
import { hostDigest } from './host-digest.js';

/** The project as a process would load it: what decides, beside the files, which answers it gives. */
export interface LoadedAs {
  readonly python: string;
  readonly settings: string;
  readonly directory: string;
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path of the workflow's own config. */
  readonly config?: string;
}

/** Variables that differ from run to run and say nothing of the project. */
const volatile = new Set([
  'PGAPPNAME',
  'DB_BOOTSTRAP_RUN',
  'PWD',
  'OLDPWD',
  'SHLVL',
  '_',
  'RANDOM',
  'TERM',
  'COLUMNS',
  'LINES',
]);
const settingsLike = /^\.env|\.(?:env|toml|ya?ml|json|ini|cfg|conf)$/;

/**
 * A digest (SHA-256, hex) of all that Django would read: the project's Python files, whatever else it opened or listed while it was
 * loaded, the variables that it asked for, the interpreter, and the installed distributions. Paths count relative to the root, so
 * that another checkout of the same files has the same digest.
 */
export function fingerprintProject(loaded: LoadedAs, sources: Sources): string {
  const hash = createHash('sha256');
  const add = (label: string, value: string | Buffer): void =>
    void hash.update(`${label}\0${String(value.length)}\0`).update(value);
  const { root, directory } = loaded;
  const shown = (path: string): string => relative(root, path);
  addInterpreter(hash, loaded);
  add('settings', loaded.settings);
  add('directory', shown(directory));
  for (const [name, value] of variablesOf(loaded.env, sources.variables))
    add(`variable ${name}`, value ?? '(unset)');
  for (const folder of sources.sitePackages) {
    add('installed', namesIn(folder).join('\n'));
    for (const [name, content] of distributions(folder)) add(`distribution ${name}`, content);
  }
  // The workflow's config, in which tenants come and go, counts where Django has read it.
  const beside = [...settingsFiles(directory), ...settingsFiles(root)].filter(
    (path) => path !== loaded.config,
  );
  const files = new Set([...sources.files, ...projectFiles(directory), ...beside]);
  for (const path of [...files].sort()) add(`file ${shown(path)}`, contentOf(path));
  for (const path of [...sources.folders].sort()) add(`folder ${shown(path)}`, listed(path));
  add('host', hostDigest());
  return hash.digest('hex');
}

/** When the newest of the files was written, in milliseconds since the epoch. */
export function newestChange(loaded: LoadedAs, sources: Sources): number {
  const paths = [...sources.files, ...sources.folders, ...projectFiles(loaded.directory)];
  let newest = 0;
  for (const path of paths) {
    try {
      // Whoever copies a file may set its time of change to the past, but not that of its status.
      const { mtimeMs, ctimeMs } = statSync(path);
      if (!isByBytecode(path, ctimeMs)) newest = Math.max(newest, mtimeMs, ctimeMs);
    } catch {
      // Not there: nothing was written.
    }
  }
  return newest;
}

/** Whether a folder last changed when Python put its bytecode there. */
function isByBytecode(folder: string, changed: number): boolean {
  const made = statSync(join(folder, '__pycache__'), { throwIfNoEntry: false })?.birthtimeMs;
  return made !== undefined && Math.abs(made - changed) < 20;
}

/** The names in a folder but those that running the project adds. */
function listed(folder: string): string {
  return namesIn(folder)
    .filter((name) => !skipped.has(name))
    .join('\n');
}

function addInterpreter(hash: Hash, { python, root }: LoadedAs): void {
  hash.update(`python\0${relative(root, python)}\0`);
  try {
    const path = realpathSync(python);
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${String(size)}\0${String(mtimeMs)}\0`);
  } catch {
    hash.update('(missing)\0');
  }
  hash.update(contentOf(join(dirname(dirname(python)), 'pyvenv.cfg')));
}

/** The variables that were asked for; a `*` among them stands for all. */
function variablesOf(env: LoadedAs['env'], names: readonly string[]): [string, string | undefined][] {
  // The interpreter, the C library and libpq read theirs without anybody who could watch.
  const unwatched = Object.keys(env).filter((name) => /^(?:PYTHON|PG|LC_|LANG|LD_|TZ$|HOME$)/.test(name));
  const wanted = new Set([...names, ...unwatched, ...(names.includes('*') ? Object.keys(env) : [])]);
  return [...wanted]
    .filter((name) => name !== '*' && !volatile.has(name))
    .sort()
    .map((name) => [name, env[name]]);
}

/** What is installed in a folder: each distribution's list of files, which has their hashes. */
function distributions(folder: string): [string, Buffer | string][] {
  return namesIn(folder)
    .filter((name) => /\.(?:dist-info|egg-info|pth|egg-link)$/.test(name))
    .map((name) => [
      name,
      name.endsWith('.dist-info') ? contentOf(join(folder, name, 'RECORD')) : contentOf(join(folder, name)),
    ]);
}

/** Files beside manage.py or the config that settings may look for without opening them each time: ".env" and its like. */
function settingsFiles(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => settingsLike.test(name))
    .map((name) => join(folder, name));
}
