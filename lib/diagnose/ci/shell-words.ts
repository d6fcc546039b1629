import type { Assignment, Redirection, Word as ParsedWord, WordPart } from 'unbash';

/** A word of a command, as it would be passed, with where it stands in the script. */
export interface Word {
  readonly text: string;
  /** 0-based, in the script. */
  readonly offset: number;
  /** Characters in the script, quotes included. */
  readonly length: number;
}

/** The text of a command substitution, and where it begins in the script. */
export interface Substitution {
  readonly text: string;
  readonly offset: number;
}

type Part = ParsedWord | Assignment | Redirection;

/** The words of a command in their order; assignments and redirections are words, here documents are none. */
export function wordsOf(script: string, parts: readonly Part[]): readonly Word[] {
  return [...parts].sort((a, b) => a.pos - b.pos).flatMap((part) => wordsOfPart(script, part));
}

function wordsOfPart(script: string, part: Part): readonly Word[] {
  const { pos, end } = part;
  switch (part.type) {
    case 'Word':
      return [wordOf(script, pos, { end, value: part.value })];
    case 'Assignment': {
      const { value } = part;
      if (value.type !== 'Word') return [wordOf(script, pos, { end, value: script.slice(pos, end) })];
      return [wordOf(script, pos, { end, value: script.slice(pos, value.pos) + value.value })];
    }
    case 'HereDoc':
      return [];
    default: {
      const { target } = part;
      if (!target) return [wordOf(script, pos, { end, value: script.slice(pos, end) })];
      const operator = script.slice(pos, target.pos).trimEnd();
      if (pos + operator.length === target.pos)
        return [wordOf(script, pos, { end, value: operator + target.value })];
      return [
        { text: operator, offset: pos, length: operator.length },
        wordOf(script, target.pos, { end: target.end, value: target.value }),
      ];
    }
  }
}

/** A word with the expressions of GitHub's that were hidden from the parser. */
function wordOf(script: string, pos: number, { end, value }: { end: number; value: string }): Word {
  const hidden = [...script.slice(pos, end).matchAll(/\$\{\{[^]*?\}\}/g)].map(([all]) => all);
  const text = hidden.length === 0 ? value : value.replace(/\$\{_{3,}\}/g, (all) => hidden.shift() ?? all);
  return { text, offset: pos, length: end - pos };
}

/** The command substitutions in the words of a command. */
export function substitutionsIn(parts: readonly Part[]): readonly Substitution[] {
  return parts.flatMap((part) => {
    const word =
      part.type === 'Word'
        ? part
        : part.type === 'Assignment'
          ? part.value
          : part.type === 'HereDoc'
            ? undefined
            : part.target;
    return word?.type === 'Word' ? inParts(word.parts ?? []) : [];
  });
}

function inParts(parts: readonly WordPart[]): readonly Substitution[] {
  return parts.flatMap((part) => {
    if (part.type === 'DoubleQuoted') return inParts(part.parts);
    if (part.type !== 'CommandExpansion') return [];
    const start = part.text.startsWith('$(') ? 2 : 1;
    return [{ text: part.text.slice(start, -1), offset: part.pos + start }];
  });
}
