import type { Problem } from '../lib/errors/index.js';
import { formatPath, type Path } from './source.js';

/** Far deeper than any config; what is deeper has no end that a person has written. */
const deepest = 100;

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
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return undefined;
  if (above.includes(value)) return { path, what: 'an object that holds itself' };
  if (path.length > deepest)
    return { path: path.slice(0, 3), what: `nested more than ${String(deepest)} levels deep` };
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  const kind = kindOf(value);
  if (entries.length === 0 && kind !== undefined) return { path, what: `a value of the class ${kind}` };
  if (entries.length === 0 && inherits(value)) return { path, what: 'an object whose keys are inherited' };
  for (const [key, inner] of entries) {
    const found = foreignValue(inner, [...path, key], [...above, value]);
    if (found) return found;
  }
  return undefined;
}

/** Whether it has keys that are not its own: what follows "__proto__:" in a literal. */
function inherits(value: object): boolean {
  for (const _ in value) return true;
  return false;
}

/** What to say about such a value in the config that a file exports. */
export function foreignProblem({ path, what }: Foreign, file: string): Problem {
  if (path.length === 0) {
    return {
      code: 'DBB2004',
      message: `the config must be a mapping of keys, not ${what}`,
      place: { file },
      help: 'write "export default defineConfig({ … })"',
    };
  }
  return {
    code: 'DBB2004',
    message: `${formatPath(path)} is ${what}, which a config cannot hold`,
    place: { file, keyPath: formatPath(path) },
    help: what.endsWith(' Promise')
      ? 'await it'
      : 'write a text, a number, true, false, null, a list or a plain object',
  };
}

/** The name of the class of what is no plain object and no list. */
function kindOf(value: object): string | undefined {
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (kind !== 'Object') return kind === 'Array' ? undefined : kind;
  const { constructor: own } = value as { readonly constructor?: { readonly name: string } };
  return own?.name === 'Object' ? undefined : own?.name;
}
