import type { Json } from './define.js';

/** How many levels lists and mappings of a config may stand in each other: more than anybody writes, and fewer than any step of ours bears. */
export const deepest = 100;

/** The path of the first value that stands below more levels than `levels`; undefined where none does. */
export function deeperThan(levels: number, value: Json): (string | number)[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return [];
  const entries = Array.isArray(value) ? [...(value as Json[]).entries()] : Object.entries(value);
  for (const [key, item] of entries as [string | number, Json][]) {
    const path = deeperThan(levels - 1, item);
    if (path) return [key, ...path];
  }
  return undefined;
}
