/** The recipes of some targets in one makefile. */
export interface Recipes {
  /** The whole text, with blanks for all that is no command: what is left stands where it stood. */
  readonly text: string;
  /** Whether the line at an offset begins with "-", so that make passes over its failure. */
  readonly passesOver: (offset: number) => boolean;
}

/**
 * What `make` runs for targets, those that they need included, in each of the makefiles that it reads as one; the first target of all where
 * none is named.
 */
export function recipesOf(makefiles: readonly string[], targets: readonly string[]): readonly Recipes[] {
  const files = makefiles.map((makefile) => {
    const lines = makefile.split('\n');
    return { lines, rules: readRules(lines) };
  });
  const [first] = files.flatMap(({ rules }) => [...rules.keys()]);
  const wanted = new Set(targets.length > 0 ? targets : first === undefined ? [] : [first]);
  for (const name of wanted)
    for (const { rules } of files) for (const need of rules.get(name)?.needs ?? []) wanted.add(need);
  return files.map(({ lines, rules }) =>
    linesOf(lines, new Set([...wanted].flatMap((name) => rules.get(name)?.lines ?? []))),
  );
}

function linesOf(lines: readonly string[], kept: ReadonlySet<number>): Recipes {
  const ignored: (readonly [start: number, end: number])[] = [];
  let offset = 0;
  const text = lines.map((line, index) => {
    const start = offset;
    offset += line.length + 1;
    if (!kept.has(index)) return ' '.repeat(line.length);
    const goesOn = lines[index - 1]?.endsWith('\\') === true;
    const [prefix = ''] = goesOn ? [] : (/^\t[ \t@+-]*/.exec(line) ?? []);
    if (prefix.includes('-')) ignored.push([start, offset]);
    return ' '.repeat(prefix.length) + line.slice(prefix.length);
  });
  return {
    text: text.join('\n'),
    passesOver: (at) => ignored.some(([start, end]) => at >= start && at < end),
  };
}

interface Rule {
  readonly needs: string[];
  /** Indexes of the lines of its recipe. */
  readonly lines: number[];
}

function readRules(lines: readonly string[]): ReadonlyMap<string, Rule> {
  const rules = new Map<string, Rule>();
  let current: readonly Rule[] = [];
  for (const [index, line] of lines.entries()) {
    const head = /^([\w./ -]+?)\s*::?(?![=:])([^=]*)$/.exec(line);
    if (line.startsWith('\t') || lines[index - 1]?.endsWith('\\') === true) {
      for (const rule of current) rule.lines.push(index);
    } else if (head) {
      const needs = (head[2] ?? '').replace(/#.*$/, '').split(/\s+/).filter(Boolean);
      const names = (head[1] ?? '').split(/\s+/).filter((name) => !name.startsWith('.'));
      current = names.map((name) => {
        const rule = rules.get(name) ?? { needs: [], lines: [] };
        rule.needs.push(...needs);
        rules.set(name, rule);
        return rule;
      });
    } else if (line.trim() !== '' && !line.startsWith('#')) current = [];
  }
  return rules;
}
