import { isAlias, isMap, isNode, isScalar, isSeq, visit, type Alias, type Document } from 'yaml';

/** What in a document has no value although its syntax is right: what is wrong with it, where, and what to do. */
interface Unresolved {
  readonly message: string;
  readonly range?: readonly [number, number, ...unknown[]] | null | undefined;
  readonly help: string;
}

/** Why a document cannot be turned into values: its aliases, or a merge key that merges no mapping. */
export function unresolved(document: Document.Parsed, error: Error): Unresolved {
  const alias = firstAlias(document);
  const lost = alias !== undefined && alias.resolve(document) === undefined;
  const merged = lost ? undefined : wrongMerge(document);
  if (merged !== undefined) {
    return {
      message: 'a merge key ("<<") takes mappings only',
      range: isNode(merged) ? merged.range : undefined,
      help: 'write an alias of a mapping there, such as <<: *name',
    };
  }
  return {
    message: lost ? 'an alias has no anchor before it' : aliasFault(error.message),
    range: alias?.range,
    help: 'write the values out where aliases stand',
  };
}

/** The alias that has no anchor; where all have one, the first. */
function firstAlias(document: Document.Parsed): Alias | undefined {
  let found: Alias | undefined;
  visit(document, {
    Alias(_key, alias) {
      const lost = alias.resolve(document) === undefined;
      if (!found || lost) found = alias;
      return lost ? visit.BREAK : undefined;
    },
  });
  return found;
}

/** What a merge key would merge, and cannot. */
function wrongMerge(document: Document.Parsed): unknown {
  let found: unknown;
  visit(document, {
    Pair(_position, { key, value }) {
      if (!isScalar(key) || typeof key.value !== 'symbol') return undefined;
      const sources = isSeq(value) ? value.items : [value];
      found = sources.find((source) => !isMap(isAlias(source) ? source.resolve(document) : source));
      return found === undefined ? undefined : visit.BREAK;
    },
  });
  return found;
}

function aliasFault(message: string): string {
  if (message.startsWith('Converting circular')) return 'an alias stands for a value that contains it';
  if (message.startsWith('Excessive alias count')) return 'its aliases expand to too many values';
  return message.split('\n')[0] ?? '';
}
