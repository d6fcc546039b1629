import {
  LineCounter,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  type Node,
  type Pair,
} from 'yaml';
import type { Place, Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';

/** A key path: names of keys and indexes of lists. */
export type Path = readonly (string | number)[];

/** One source of config values, which can say where each of them stands. */
export interface Source {
  /** As people name it: ".bootstraprc", "preset django-tenants", "--set". */
  readonly label: string;
  readonly data: Json;
  /** The place of a key (`key`) or of its value. The nearest parent's where the path itself is not there. */
  place(path: Path, part: 'key' | 'value'): Place;
}

/** Dotted, with indexes in brackets: "tasks.seed.needs[0]". */
export function formatPath(path: Path): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${String(part)}]` : index === 0 ? part : `.${part}`))
    .join('');
}

/** A source without lines (flags, environment, JavaScript): places are key paths. */
export function plainSource(label: string, data: Json): Source {
  return { label, data, place: (path) => ({ file: label, keyPath: formatPath(path) }) };
}

/** Reads YAML or JSON with positions; pushes what is wrong with it (syntax, duplicate keys) to `problems`. */
export function parseSource(
  label: string,
  text: string,
  problems: Problem[],
  options: { readonly at?: Path; readonly label?: string } = {},
): Source | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
    merge: true,
  });
  const sourceLines = text.split(/\r?\n/);
  const placeAt = (from: number, to: number): Place => {
    const { line, col } = lines.linePos(from);
    const source = sourceLines[line - 1] ?? '';
    return {
      file: label,
      line,
      column: col,
      source,
      length: Math.max(1, Math.min(to - from, source.length - col + 1)),
    };
  };
  for (const error of document.errors) {
    const [from, to] = error.pos;
    const duplicate = error.code === 'DUPLICATE_KEY';
    const name = duplicate ? (/^\s*(["']?)([\w.-]+)\1/.exec(text.slice(from))?.[2] ?? '') : '';
    problems.push({
      code: duplicate ? 'DBB2005' : 'DBB2002',
      message: duplicate
        ? `the key "${name}" stands twice in the same mapping`
        : `this is not valid YAML or JSON: ${error.message}`,
      place: placeAt(from, duplicate ? from + Math.max(name.length, 1) : to),
      help: duplicate ? 'merge the two, or delete one' : 'correct the syntax at this place',
    });
  }
  if (document.errors.length > 0) return undefined;
  const root =
    options.at === undefined ? document.contents : (document.getIn([...options.at], true) as Node | null);
  const find = (path: Path, part: 'key' | 'value'): Place => {
    let node: unknown = root;
    let pair: Pair | undefined;
    for (const step of path) {
      if (isMap(node)) {
        const next: Pair | undefined = node.items.find(
          (item) => isScalar(item.key) && String(item.key.value) === String(step),
        );
        if (!next) break;
        pair = next;
        node = next.value;
      } else if (isSeq(node) && typeof step === 'number') {
        const item: unknown = node.items[step];
        if (item === undefined) break;
        pair = isPair(item) ? item : undefined;
        node = item;
      } else break;
    }
    const target =
      part === 'key' && pair && isNode(pair.key)
        ? pair.key
        : isNode(node)
          ? node
          : pair && isNode(pair.key)
            ? pair.key
            : undefined;
    const range = target?.range;
    return range ? placeAt(range[0], range[1]) : { file: label, keyPath: formatPath(path) };
  };
  const data: unknown = isNode(root) ? root.toJS(document) : root;
  return { label: options.label ?? label, data: (data ?? null) as Json, place: find };
}
