import { createHash, randomUUID, type Hash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import type { Places } from '../project-answers.js';
import { contentOf, filesBelow, settingsLike, withParents } from './files.js';
import { hostDigest } from './host-digest.js';
import { installedIn } from './installed.js';
import { NamedVariables } from './variables.js';

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

/** A digest (16 hex digits) for each part of what Django would read, by a phrase that names the part. */
export type Fingerprint = Readonly<Record<string, string>>;

/** The part that is different after each save, even if the contents are the same again. */
const timesOfCode = 'the times of code';

/** Beyond so many bytes, a file that is not Python's counts by its size and time of change. */
const large = 1_000_000;

/**
 * A digest of the contents that Django's answers depend on: the project's Python files and what settings commonly read beside them,
 * the variables that these name, the interpreter, and what is installed. Paths count relative to the root, so that another checkout
 * of the same files has the same digest. docs/django.md lists what is covered. With `times`, a part of its own digests when code was
 * saved: `withoutTimes` removes it.
 */
export function fingerprintProject(loaded: LoadedAs, places: Places, times = false): Fingerprint {
  const { root, directory, settings, env } = loaded;
  const shown = (path: string): string => (isBelow(path, root) ? relative(root, path) || '.' : path);
  const parts = new Parts();
  addInterpreter(parts, loaded);
  parts.add('the settings module', settings, shown(directory));
  parts.add('db-bootstrap itself', hostDigest());
  for (const folder of places.sitePackages)
    for (const [name, content] of installedIn(folder)) parts.add('the installed packages', name, content);

  const variables = new NamedVariables(env);
  const named = new Set<string>();
  let namesConfig = false;
  const { python, data, excess } = filesOf(loaded, places);
  const addFile = (path: string, content: Buffer | string): void =>
    parts.add(`files in ${shown(dirname(path))}`, basename(path), content);
  for (const path of python) {
    const content = contentOf(path);
    addFile(path, content);
    if (times) parts.add(timesOfCode, path, timeOf(path));
    const text = typeof content === 'string' ? '' : content.toString('latin1');
    variables.add(text);
    for (const [file] of text.matchAll(/(?<=["'])[~/][^"'\n]*\/[^"'\n]+(?=["'])/g)) named.add(file);
    namesConfig ||= loaded.config !== undefined && text.includes(basename(loaded.config));
  }
  for (const [name, value] of variables.entries()) {
    parts.add('variables that the project names', name, value);
    if (value.startsWith('/')) named.add(value);
  }
  const elsewhere = [...named]
    .map((path) => path.replace(/^~/, env.HOME ?? '~'))
    .filter((path) => path.startsWith('/') && isReadable(path));
  for (const path of new Set([...data, ...elsewhere].sort())) {
    // Tenants come and go in the workflow's config, which settings seldom read.
    if (path !== loaded.config || namesConfig) addFile(path, dataOf(path));
  }
  // A digest that never comes again: Django is asked each time.
  for (const folder of excess) parts.add(`more than 20,000 files in ${shown(folder)}`, randomUUID());
  return parts.digests();
}

/** The fingerprint of the contents alone. */
export function withoutTimes(fingerprint: Fingerprint): Fingerprint {
  return Object.fromEntries(Object.entries(fingerprint).filter(([part]) => part !== timesOfCode));
}

/** The first part that differs between two fingerprints; undefined where they are equal. */
export function difference(one: Fingerprint, other: Fingerprint): string | undefined {
  return [...Object.keys(one), ...Object.keys(other)].find((part) => one[part] !== other[part]);
}

/** Whether the fingerprint covers a file or a folder that Django has read. */
export function isCovered(path: string, { directory, root }: LoadedAs, places: Places): boolean {
  return [directory, root, ...places.folders, ...places.sitePackages].some((folder) => isBelow(path, folder));
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

interface Files {
  readonly python: readonly string[];
  readonly data: readonly string[];
  /** Folders that hold too many. */
  readonly excess: readonly string[];
}

function filesOf({ directory, root }: LoadedAs, places: Places): Files {
  const python = new Set<string>();
  const data = new Set<string>();
  const excess: string[] = [];
  for (const folder of new Set([directory, root, ...places.folders])) {
    // A single module or an archive is in Python's path as well.
    if (isFile(folder)) python.add(folder);
    const found = filesBelow(folder);
    for (const path of found.python) python.add(path);
    for (const path of found.data) data.add(path);
    if (!found.complete) excess.push(folder);
  }
  // Libraries look for these in all folders above the settings.
  for (const folder of withParents(directory))
    for (const path of ['.env', 'settings.ini'].map((name) => join(folder, name)))
      if (isReadable(path)) data.add(path);
  return { python: [...python].sort(), data: [...data], excess };
}

/** Whether a path leads to a file that settings may read, and no log or device that they name. */
function isReadable(path: string): boolean {
  if (/^\/(?:proc|sys|dev)\//.test(path)) return false;
  if (extname(path) !== '' && !settingsLike.test(basename(path))) return false;
  return isFile(path);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The inode and its last change (ctime), which programs cannot set. */
function timeOf(path: string): string {
  const { ino, ctimeNs } = statSync(path, { bigint: true, throwIfNoEntry: false }) ?? {};
  return `${String(ino)} ${String(ctimeNs)}`;
}

function dataOf(path: string): Buffer | string {
  const { size = 0, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return size > large ? `${String(size)} ${String(mtimeMs)}` : contentOf(path);
}

function addInterpreter(parts: Parts, { python, root }: LoadedAs): void {
  const add = (...values: (string | Buffer)[]): void => parts.add('the interpreter', ...values);
  add(relative(root, python));
  try {
    const path = realpathSync(python);
    const { size, mtimeMs } = statSync(path);
    add(path, String(size), String(mtimeMs));
  } catch {
    add('(missing)');
  }
  add(contentOf(join(dirname(dirname(python)), 'pyvenv.cfg')));
}

/** Digests that grow. */
class Parts {
  readonly #hashes = new Map<string, Hash>();

  add(part: string, ...values: readonly (string | Buffer)[]): void {
    const hash = this.#hashes.get(part) ?? createHash('sha256');
    this.#hashes.set(part, hash);
    for (const value of values) hash.update(`${String(value.length)}\0`).update(value);
  }

  digests(): Fingerprint {
    const sorted = [...this.#hashes].sort(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(sorted.map(([part, hash]) => [part, hash.digest('hex').slice(0, 16)]));
  }
}
