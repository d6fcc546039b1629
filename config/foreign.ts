import type { Path } from './source.js';

/** A value of a script that no config can hold: where it is, and what it is. */
export interface Foreign {
  readonly path: Path;
  readonly what: string;
}

/**
 * The first value that JSON would leave out or empty without a word: a function, a Map, a promise that nobody awaited. What has a
 * `toJSON`, such as a date, says itself what it is.
 */
export function foreignValue(
  value: unknown,
  path: Path = [],
  above: readonly object[] = [],
): Foreign | undefined {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
    return { path, what: `a ${typeof value}` };
  if (typeof value === 'number' && !Number.isFinite(value)) return { path, what: String(value) };
  // Circles are told by whoever makes JSON of it.
  if (typeof value !== 'object' || value === null || 'toJSON' in value || above.includes(value))
    return undefined;
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  const kind = kindOf(value);
  if (entries.length === 0 && kind !== undefined) return { path, what: `a value of the class ${kind}` };
  for (const [key, inner] of entries) {
    const found = foreignValue(inner, [...path, key], [...above, value]);
    if (found) return found;
  }
  return undefined;
}

/** The name of the class of what is no plain object and no list. */
function kindOf(value: object): string | undefined {
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (kind !== 'Object') return kind === 'Array' ? undefined : kind;
  const { constructor: own } = value as { readonly constructor?: { readonly name: string } };
  return own?.name === 'Object' ? undefined : own?.name;
}
