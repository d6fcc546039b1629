import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Place } from '../../errors/index.js';

/** A file of YAML, or of JSON, with the place of each of its values. */
export class YamlSource {
  readonly file: string;
  readonly root: YAMLMap | undefined;
  /** Why it is no YAML, and where. */
  readonly fault: { readonly message: string; readonly place: Place } | undefined;
  readonly #lines: readonly string[];
  readonly #source: string;
  readonly #counter = new LineCounter();
  readonly #document: Document;

  constructor(file: string, source: string) {
    this.file = file;
    this.#source = source;
    this.#lines = source.split('\n');
    this.#document = parseDocument(source, { lineCounter: this.#counter, uniqueKeys: false });
    this.root = this.map(this.#document.contents);
    const [error] = this.#document.errors;
    this.fault = error && {
      message: (error.message.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, ''),
      place: this.#at(error.pos[0], error.pos[1] - error.pos[0]),
    };
  }

  includes(text: string): boolean {
    return this.#source.includes(text);
  }

  map(node: unknown): YAMLMap | undefined {
    const value = this.#resolved(node);
    return isMap(value) ? value : undefined;
  }

  /** The map that keys lead to. */
  mapAt(from: YAMLMap | undefined, ...keys: readonly string[]): YAMLMap | undefined {
    return keys.reduce<YAMLMap | undefined>((map, key) => this.map(this.#get(map, key)), from);
  }

  has(map: YAMLMap | undefined, key: string): boolean {
    return this.#get(map, key) !== undefined;
  }

  /** The items of a list; empty for anything else. */
  list(map: YAMLMap | undefined, key: string): readonly unknown[] {
    const node = this.#get(map, key);
    return isSeq(node) ? node.items.map((item) => this.#resolved(item)) : [];
  }

  scalar(map: YAMLMap | undefined, key: string): Scalar | undefined {
    const node = this.#get(map, key);
    return isScalar(node) ? node : undefined;
  }

  /** What an alias stands for. */
  #resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  /** A value of a map: its own, or one that `<<` takes over from another. */
  #get(map: YAMLMap | undefined, key: string): unknown {
    return this.#resolved(this.#pairs(map).find((pair) => String(pair.key) === key)?.value);
  }

  /** Its own pairs first, then those of the maps behind `<<`. */
  #pairs(map: YAMLMap | undefined, depth = 0): YAMLMap['items'] {
    const own = map?.items ?? [];
    if (depth > 5) return own;
    const merged = own
      .filter(({ key }) => String(key) === '<<')
      .map(({ value }) => this.#resolved(value))
      .flatMap((value) => (isSeq(value) ? value.items : [value]))
      .flatMap((value) => this.#pairs(this.map(value), depth + 1));
    return [...own, ...merged];
  }

  text(map: YAMLMap | undefined, key: string): string | undefined {
    const value = this.scalar(map, key)?.value;
    return typeof value === 'string' ? value : undefined;
  }

  /** The names and texts of a map; what is no scalar is an empty text. */
  texts(map: YAMLMap | undefined, key: string): readonly (readonly [string, string])[] {
    const pairs = this.#pairs(this.mapAt(map, key));
    // Of two values for one name, that of the map itself counts: it is the last.
    return pairs.reverse().map(({ key: name, value }) => {
      const node = this.#resolved(value);
      return [String(name), isScalar(node) ? String(node.value) : ''];
    });
  }

  placeOf(node: Node): Place {
    const [start = 0, end = start] = node.range ?? [];
    return this.#at(start, Math.max(1, end - start));
  }

  #at(offset: number, length: number): Place {
    const { line, col } = this.#counter.linePos(offset);
    const source = this.#lines[line - 1] ?? '';
    const rest = Math.max(1, source.length - col + 1);
    return { file: this.file, line, column: col, length: Math.min(length, rest), source };
  }

  /** A scalar's text as it is written, and where each part of it stands. Folded lines are joined as YAML joins them. */
  located(node: Scalar): { text: string; placeOf: (offset: number, length: number) => Place } {
    const [start = 0, end = start] = node.range ?? [];
    const raw = this.#source.slice(start, end);
    const isBlock = /^[|>]/.test(raw);
    const [quote] = /^['"]/.exec(raw) ?? [];
    const isQuoted = quote !== undefined;
    const isFolded = raw.startsWith('>') || (!isBlock && raw.includes('\n'));
    const offsets: number[] = [];
    let text = '';
    let at = isBlock ? raw.indexOf('\n') + 1 : isQuoted ? 1 : 0;
    const stop = isQuoted ? raw.length - 1 : raw.length;
    while (at < stop) {
      const lineEnd = raw.indexOf('\n', at);
      const to = lineEnd < 0 || lineEnd > stop ? stop : lineEnd;
      const line = raw.slice(at, to);
      const indent = line.length - line.trimStart().length;
      for (let index = indent; index < line.length; index++) {
        const [escaped] = escapes[quote ?? '']?.exec(line.slice(index)) ?? [];
        offsets.push(start + at + index);
        text += escaped === undefined ? line.charAt(index) : valueOf(escaped);
        index += (escaped?.length ?? 1) - 1;
      }
      if (to < stop) {
        // Of folded lines, an empty one ends the line.
        text += isFolded && line.trim() !== '' ? ' ' : '\n';
        offsets.push(start + to);
      }
      at = to + 1;
    }
    return { text, placeOf: (offset, length) => this.#at(offsets[offset] ?? start, length) };
  }
}

const escapes: Readonly<Record<string, RegExp>> = { '"': /^\\(?:[\\"/bfnrt]|u[\da-fA-F]{4})/, "'": /^''/ };

function valueOf(escaped: string): string {
  return escaped.startsWith('\\') ? String(JSON.parse(`"${escaped}"`)) : escaped.charAt(1);
}
