import {
  isAlias,
  isMap,
  isNode,
  isSeq,
  parseDocument,
  visit,
  type Document,
  type DocumentOptions,
  type Node,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml';
import type { Place, Problem } from '../lib/errors/index.js';
import { keepVariablesAsWritten } from './as-written.js';
import type { Json } from './define.js';
import { pairOf } from './pairs.js';
import { unresolved } from './unresolved.js';

/** A key path: names of keys and indexes of lists. */
export type Path = readonly (string | number)[];

/** One source of config values, which can say where each of them stands. */
export interface Source {
  /** As people name it: ".bootstraprc", "preset django-tenants", "--set". */
  readonly label: string;
  readonly data: Json;
  /** The folder that paths of modules in it start from; the project's where absent. */
  readonly folder?: string;
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
  return {
    label,
    data,
    place: (path) => (path.length === 0 ? { file: label } : { file: label, keyPath: formatPath(path) }),
  };
}

/** The place of a part of a text: offsets in UTF-16 units, from 0; cut off at the end of the line. */
export function textPlace(file: string, text: string, offset: number, length: number): Place {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  const source = text.slice(start, end < 0 ? text.length : end).replace(/\r$/, '');
  const column = Math.min(offset - start, source.length) + 1;
  return {
    file,
    line: lineOf(text, start),
    column,
    source,
    length: Math.max(1, Math.min(length, source.length - column + 1)),
  };
}

let indexed: { readonly text: string; readonly starts: readonly number[] } | undefined;

/** The line that starts at an offset, from 1. The starts of the lines are kept for the last text: every value asks for its place. */
function lineOf(text: string, start: number): number {
  if (indexed?.text !== text) {
    const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
    indexed = { text, starts };
  }
  const { starts } = indexed;
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= start) low = middle;
    else high = middle;
  }
  return low + 1;
}

// JSON cannot express sets, ordered mappings and bytes: without these tags, the parser reports them as unknown.
const unknown = /:(?:set|omap|pairs|binary)$/;
/** Options of the YAML parser for configs. */
export const yamlOptions: ParseOptions & DocumentOptions & SchemaOptions = {
  prettyErrors: false,
  merge: true,
  logLevel: 'error',
  resolveKnownTags: false,
  customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !unknown.test(tag.tag)),
};

/** Reads YAML or JSON with positions; pushes what is wrong with it (syntax, duplicate keys) to `problems`. */
export function parseSource(
  label: string,
  text: string,
  problems: Problem[],
  options: { readonly at?: Path } = {},
): Source | undefined {
  const { at } = options;
  const document = parseDocument(text, yamlOptions);
  const root = at === undefined ? document.contents : (document.getIn([...at], true) as Node | null);
  const placeAt = (from: number, to: number): Place => textPlace(label, text, from, to - from);
  // In a file of others, such as package.json, only what is ours counts.
  const [start = 0, end = text.length] = at === undefined ? [] : (root?.range ?? []);
  const isOurs = (offset: number): boolean => offset >= start && offset <= end;
  // After a mistake in the syntax the rest is read wrongly: only the first says something.
  const faults = document.errors.filter(({ pos }) => isOurs(pos[0]));
  const fault = faults.find(({ code }) => code !== 'DUPLICATE_KEY');
  const tags = document.warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED');
  const found = fault
    ? [syntaxProblem(fault, text, placeAt)]
    : [
        ...faults.map(({ pos: [from] }) => duplicateProblem(from, text, placeAt)),
        ...tags.map(({ pos: [from, to] }) => tagProblem(text.slice(from, to), placeAt(from, to))),
      ];
  problems.push(...found);
  if (found.length > 0) return undefined;
  keepVariablesAsWritten(root, document);
  let data: Json;
  try {
    data = jsonOf(isNode(root) ? root.toJS(document) : root);
  } catch (error) {
    const { message, range, help } = unresolved(document, error as Error);
    problems.push({
      code: 'DBB2002',
      message: `this is not valid YAML: ${message}`,
      place: range ? placeAt(range[0], range[1]) : { file: label },
      help,
    });
    return undefined;
  }
  const find = (path: Path, part: 'key' | 'value'): Place => {
    let node: unknown = root;
    let key: unknown;
    for (const step of path) {
      const inner = isAlias(node) ? node.resolve(document) : node;
      const next = isMap(inner) ? pairOf(inner, step, document) : undefined;
      const item: unknown = isSeq(inner) && typeof step === 'number' ? inner.items[step] : next?.value;
      if (item === undefined && !next) break;
      key = next?.key;
      node = item;
    }
    const target = part === 'key' && isNode(key) ? key : isNode(node) ? node : key;
    const range = isNode(target) ? target.range : undefined;
    return range ? placeAt(range[0], range[1]) : { file: label, keyPath: formatPath(path) };
  };
  return { label, data, place: find };
}

function syntaxProblem(
  error: Document.Parsed['errors'][number],
  text: string,
  placeAt: (from: number, to: number) => Place,
): Problem {
  const [from, to] = error.pos;
  const open = /^Flow (?:map|sequence) /.test(error.message) ? openBracket(text) : undefined;
  if (open) {
    return {
      code: 'DBB2002',
      message: `this is not valid YAML: the ${open.bracket === '[' ? 'list' : 'mapping'} that starts here is not closed`,
      place: placeAt(open.offset, open.offset + 1),
      help: `close it with "${open.bracket === '[' ? ']' : '}'}"`,
    };
  }
  return {
    code: 'DBB2002',
    message: `this is not valid YAML: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1).replace(/; please use .*/, '')}`,
    place: placeAt(from, to),
    help: 'correct the syntax at this place',
  };
}

function duplicateProblem(
  offset: number,
  text: string,
  placeAt: (from: number, to: number) => Place,
): Problem {
  const name = /^(?:"[^"\n]*"|'[^'\n]*'|[^:,}\s]+)/.exec(text.slice(offset))?.[0] ?? '';
  return {
    code: 'DBB2005',
    message: `the key "${name.replace(/^(["'])(.*)\1$/, '$2')}" occurs twice in the same mapping`,
    place: placeAt(offset, offset + name.length),
    help: 'keep one of the two',
  };
}

/** The problem of a tag: it is unknown (an application defines `!ENV`, `!include`, `!vault`), or a tag of YAML itself does not fit its value. */
function tagProblem(tag: string, place: Place): Problem {
  const own = /^!!(?:str|int|float|bool|null|map|seq)$/.test(tag);
  return {
    code: 'DBB2002',
    message: own
      ? `the tag "${tag}" does not fit its value`
      : `the tag "${tag}" is unknown: db-bootstrap cannot apply it to the value`,
    place,
    help: own ? 'take it out' : 'take it out; a variable is written ${NAME}',
  };
}

/** The innermost bracket that nothing closes. */
function openBracket(text: string): { bracket: string; offset: number } | undefined {
  let found: { bracket: string; offset: number } | undefined;
  visit(parseDocument(text, { ...yamlOptions, keepSourceTokens: true }), {
    Collection(_key, { srcToken }) {
      if (srcToken?.type !== 'flow-collection') return;
      const wanted = srcToken.start.source === '[' ? 'flow-seq-end' : 'flow-map-end';
      const isClosed = srcToken.end.some(({ type }) => type === wanted);
      if (!isClosed) found = { bracket: srcToken.start.source, offset: srcToken.start.offset };
    },
  });
  return found;
}

/** What JSON can say of a value; what it cannot, such as infinity, is a text, for the validator to refuse. */
export function jsonOf(value: unknown): Json {
  const finite = (_key: string, item: unknown): unknown =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item;
  return JSON.parse(JSON.stringify(value ?? null, finite)) as Json;
}
