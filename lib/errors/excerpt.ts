import { displayWidth } from '../text/index.js';

/** A line of a file, and the part of it that is wrong (1-based, in UTF-16 units; no squiggles without `column`). */
export interface Excerpt {
  readonly line: number;
  readonly source: string;
  readonly column?: number | undefined;
  readonly length?: number | undefined;
}

// A minified file is one line of thousands of characters: the neighbourhood is what counts.
const widest = 120;
const neighbourhood = 40;

/** The line between gutters, with squiggles under the wrong part. */
export function renderExcerpt(
  excerpt: Excerpt,
  clean: (text: string) => string,
  paint: (text: string) => string,
): string[] {
  const { line, column } = excerpt;
  const gutter = ' '.repeat(String(line).length);
  const { before, marked, after } = split(excerpt);
  // Cleaned in three parts, so that the squiggles stay under what they mean; a secret that spans them is masked in the whole line first.
  const whole = clean(excerpt.source);
  const secret = whole !== excerpt.source && whole !== clean(before) + clean(marked) + clean(after);
  const parts = secret
    ? { before: '', marked: '', after: whole }
    : shorten(clean(before), clean(marked), clean(after));
  const lines = [`${gutter} |`, `${line} | ${parts.before}${parts.marked}${parts.after}`.trimEnd()];
  if (column === undefined || secret) return lines;
  // Tabs keep their width under the squiggles only if they are repeated there.
  const indent = parts.before.replace(/[^\t]+/g, (text) => ' '.repeat(displayWidth(text)));
  return [...lines, `${gutter} | ${indent}${paint('~'.repeat(Math.max(1, displayWidth(parts.marked))))}`];
}

function split({ source, column = 1, length = 1 }: Excerpt): Parts {
  const from = Math.min(column - 1, source.length);
  const to = Math.min(from + Math.max(1, length), source.length);
  return { before: source.slice(0, from), marked: source.slice(from, to), after: source.slice(to) };
}

interface Parts {
  readonly before: string;
  readonly marked: string;
  readonly after: string;
}

function shorten(before: string, marked: string, after: string): Parts {
  if (before.length + marked.length + after.length <= widest) return { before, marked, after };
  const head = before.length > neighbourhood ? `…${before.slice(-neighbourhood)}` : before;
  const middle = marked.length > neighbourhood ? `${marked.slice(0, neighbourhood)}…` : marked;
  const room = widest - head.length - middle.length;
  const tail = after.length > room ? `${after.slice(0, room)}…` : after;
  return { before: head, marked: middle, after: tail };
}
