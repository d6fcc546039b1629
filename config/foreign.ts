import { types } from 'node:util';
import type { Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { deepest } from './depth.js';
import { formatPath, type Path } from './source.js';

/** A value of a script that no config can hold: where it is, and what it is. */
export interface Foreign {
  readonly path: Path;
  readonly what: string;
}

// More than the tenants of any fleet have; lists that share their parts can stand for more than memory has room for.
const most = 1_000_000;

/**
 * What a script exports as JSON, and all that JSON would leave out or empty without a word: a function, a Map, a promise that nobody
 * awaited. What has a `toJSON`, such as a date, says itself what it is.
 */
export function jsonOfScript(value: unknown): { readonly data: Json; readonly foreign: readonly Foreign[] } {
  const reading: Reading = { foreign: [], above: [], path: [], values: 0 };
  return { data: read(value, reading) ?? null, foreign: reading.foreign };
}

interface Reading {
  readonly foreign: Foreign[];
  /** What the value stands in, from the outermost. */
  readonly above: object[];
  readonly path: (string | number)[];
  values: number;
}

function read(value: unknown, reading: Reading): Json | undefined {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean')
    return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const what =
    ++reading.values === most ? 'a structure of more than a million values' : whatIsForeign(value, reading);
  if (what !== undefined) {
    reading.foreign.push({ path: [...reading.path], what });
    return undefined;
  }
  if (typeof value !== 'object' || reading.values > most) return undefined;
  reading.above.push(value);
  const data = hasToJson(value) ? readSaid(value, reading) : readParts(value, reading);
  reading.above.pop();
  return data;
}

/** What a value says that it is; it is not asked again what that says. */
function readSaid(value: WithToJson, reading: Reading): Json | undefined {
  const said = value.toJSON(String(reading.path.at(-1) ?? ''));
  return hasToJson(said) ? readParts(said, reading) : read(said, reading);
}

function readParts(value: object, reading: Reading): Json {
  const part = (key: string | number, inner: unknown): Json | undefined => {
    reading.path.push(key);
    const data = read(inner, reading);
    reading.path.pop();
    return data;
  };
  if (Array.isArray(value)) return value.map((item, index) => part(index, item) ?? null);
  const entries = Object.entries(value).map(([key, inner]) => [key, part(key, inner)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

function whatIsForeign(value: unknown, { above, path }: Reading): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  if (above.includes(value)) return 'a value that holds itself';
  if (path.length > deepest) return `a value more than ${String(deepest)} levels deep`;
  // It is told here; its failure would be told once more, as one that nobody caught.
  if (types.isPromise(value)) value.catch(() => undefined);
  if (types.isDate(value) && Number.isNaN(value.getTime())) return 'an invalid date';
  if (hasToJson(value)) return undefined;
  if (Array.isArray(value)) return hasGaps(value) ? 'a list with gaps' : undefined;
  const kind = kindOf(value);
  const hollow =
    types.isBoxedPrimitive(value) || ArrayBuffer.isView(value) || Object.keys(value).length === 0;
  if (hollow && kind !== undefined) return `a value of the class ${kind}`;
  return hollow && inherits(value) ? 'an object whose keys are inherited' : undefined;
}

/** Whether it has keys that are not its own: what follows "__proto__:" in a literal. */
function inherits(value: object): boolean {
  for (const _ in value) return true;
  return false;
}

/** Whether a list has places that hold nothing, not even undefined; there may be more of them than anybody can go through. */
function hasGaps(list: readonly unknown[]): boolean {
  for (let index = 0; index < list.length; index++) if (!(index in list)) return true;
  return false;
}

interface WithToJson {
  toJSON(key: string): unknown;
}

function hasToJson(value: unknown): value is WithToJson {
  return (
    typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function'
  );
}

/** What to say about such a value in the config that a file exports. */
export function foreignProblem({ path, what }: Foreign, file: string): Problem {
  const keyPath = formatPath(path);
  if (keyPath === '') {
    return {
      code: 'DBB2004',
      message: `the config must be a mapping of keys, not ${what}`,
      place: { file },
      help: 'write "export default defineConfig({ … })"',
    };
  }
  return {
    code: 'DBB2004',
    message: `${keyPath} is ${what}, which a config cannot hold`,
    place: { file, keyPath },
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
