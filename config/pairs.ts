import { isAlias, isMap, isScalar, isSeq, type Document, type Pair, type YAMLMap } from 'yaml';

// Every value asks for its place, so a mapping of thousands of keys is searched thousands of times.
const indexes = new WeakMap<YAMLMap, ReadonlyMap<string, readonly Pair[]>>();

/** The pair of a key; one that came in by a merge key ("<<") where the mapping has none of its own. */
export function pairOf(map: YAMLMap, step: string | number, document: Document): Pair | undefined {
  const index = indexOf(map);
  const own = index.get(String(step))?.at(-1);
  if (own) return own;
  for (const { value } of index.get('<<') ?? []) {
    for (const merged of isSeq(value) ? value.items : [value]) {
      const inner = isAlias(merged) ? merged.resolve(document) : merged;
      const pair = isMap(inner) ? pairOf(inner, step, document) : undefined;
      if (pair) return pair;
    }
  }
  return undefined;
}

function indexOf(map: YAMLMap): ReadonlyMap<string, readonly Pair[]> {
  const known = indexes.get(map);
  if (known) return known;
  const index = new Map<string, Pair[]>();
  for (const pair of map.items) {
    if (!isScalar(pair.key)) continue;
    // The value of a merge key is a symbol; its source is what is written.
    const name = typeof pair.key.value === 'symbol' ? pair.key.source : nameOf(pair.key.value);
    if (name === undefined) continue;
    const same = index.get(name);
    if (same) same.push(pair);
    else index.set(name, [pair]);
  }
  indexes.set(map, index);
  return index;
}

/** As a key, a number is its digits, and nothing at all is the empty name. */
function nameOf(key: unknown): string {
  return `${(key ?? '') as string | number | boolean}`;
}
