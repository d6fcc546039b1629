import type { ShellCommand, Word } from './shell.js';

/** The text of a command substitution, and where it begins in the script. */
export interface Substitution {
  readonly text: string;
  readonly offset: number;
}

/** What the words of a command compute by other commands: `OUT=$(psql … || true)`. */
export function substitutionsOf(source: string, { words }: ShellCommand): readonly Substitution[] {
  return words.flatMap((word) => inWord(source, word));
}

function inWord(source: string, { offset, length }: Word): readonly Substitution[] {
  const raw = source.slice(offset, offset + length);
  // Between single quotes, nothing is computed.
  const seen = raw.replace(/'[^']*'/g, (quoted) => (raw.includes('"') ? quoted : ' '.repeat(quoted.length)));
  const found: Substitution[] = [];
  for (let at = seen.indexOf('$('); at >= 0; at = seen.indexOf('$(', at + 1)) {
    if (seen.startsWith('$((', at)) continue;
    const end = closing(seen, at + 2);
    found.push({ text: raw.slice(at + 2, end), offset: offset + at + 2 });
    at = end;
  }
  return found;
}

function closing(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text.charAt(at) === '(') depth++;
    else if (text.charAt(at) === ')' && --depth === 0) return at;
  }
  return text.length;
}
