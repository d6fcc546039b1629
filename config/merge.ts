import type { Json } from './define.js';
import type { Path, Source } from './source.js';

/** The layers in one value; every path remembers the source it came from. */
export interface Merged {
  readonly data: Record<string, Json>;
  /** By the JSON text of the path; objects have the source of their last writer. */
  readonly sources: ReadonlyMap<string, Source>;
  /** Where null took nothing away, because no layer below has the key. */
  readonly idle: readonly { readonly path: Path; readonly source: Source }[];
  /** The tasks that null took away, as the layers below had them. */
  readonly takenTasks: ReadonlyMap<string, Json>;
}

type Mutable = Record<string, Json>;

/** Whether a value merges key by key. */
export function isObject(value: unknown): value is Record<string, Json> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The texts of a list; none where there is no list. */
export function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? (value as Json[]).filter((item) => typeof item === 'string') : [];
}

/** Merges sources from the weakest to the strongest: objects key by key, arrays and scalars replace, null removes. */
export function mergeSources(sources: readonly Source[]): Merged {
  const origins = new Map<string, Source>();
  const idle: { path: Path; source: Source }[] = [];
  const takenTasks = new Map<string, Json>();
  const data: Mutable = {};
  for (const source of sources) {
    if (isObject(source.data)) mergeInto(data, source.data, [], { source, origins, idle, takenTasks });
  }
  return { data, sources: origins, idle, takenTasks };
}

/** The source that wrote a path, or the nearest parent of it. */
export function sourceOf(merged: Merged, path: Path): Source | undefined {
  for (let length = path.length; length > 0; length--) {
    const source = merged.sources.get(JSON.stringify(path.slice(0, length)));
    if (source) return source;
  }
  return undefined;
}

interface Merging {
  readonly source: Source;
  readonly origins: Map<string, Source>;
  readonly idle: { path: Path; source: Source }[];
  readonly takenTasks: Map<string, Json>;
}

function mergeInto(target: Mutable, from: Record<string, Json>, path: Path, merging: Merging): void {
  const { source, origins, idle, takenTasks } = merging;
  for (const [key, value] of Object.entries(from)) {
    const here = [...path, key];
    // Own keys only: "__proto__" and "constructor" are keys like any other.
    const old = Object.hasOwn(target, key) ? target[key] : undefined;
    if (value === null) {
      if (old === undefined) idle.push({ path: here, source });
      else if (path.length === 1 && path[0] === 'tasks') takenTasks.set(key, old);
      Reflect.deleteProperty(target, key);
      forget(origins, here);
      continue;
    }
    if (isObject(value)) {
      const merged: Mutable = isObject(old) ? old : {};
      if (old !== undefined && !isObject(old)) forget(origins, here);
      put(target, key, merged);
      origins.set(JSON.stringify(here), source);
      mergeInto(merged, value, here, merging);
    } else {
      if (old !== undefined) forget(origins, here);
      put(target, key, value);
      origins.set(JSON.stringify(here), source);
    }
  }
}

/** Assigning to "__proto__" would set no key. Defining each key is slow where there are thousands. */
function put(target: Mutable, key: string, value: Json): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function forget(origins: Map<string, Source>, path: Path): void {
  const own = JSON.stringify(path);
  const below = `${own.slice(0, -1)},`;
  for (const key of [...origins.keys()]) if (key === own || key.startsWith(below)) origins.delete(key);
}
