/** A word of a command, as it would be passed, with where it stands in the script. */
export interface Word {
  readonly text: string;
  /** 0-based, in the script. */
  readonly offset: number;
  /** Characters in the script, quotes included. */
  readonly length: number;
}

/** One simple command of a script. */
export interface ShellCommand {
  readonly words: readonly Word[];
  /** What stands between it and the next command: "&&", "||", "|", "&", ";", a line's end, or "" at the end of the script. */
  readonly operator: string;
  /** Keywords and brackets that stand before it: "until", "while", "if", "!", "do", "then", "(", …, outermost first. */
  readonly keywords: readonly Word[];
  /** The text of the here document that is its standard input. */
  readonly heredoc?: string;
  /** Where that text begins in the script. */
  readonly heredocAt?: number;
}

const keywords = new Set([
  'if',
  'then',
  'elif',
  'else',
  'fi',
  'for',
  'while',
  'until',
  'do',
  'done',
  'case',
  'esac',
  '{',
  '}',
  '!',
  'time',
]);
const operators = ['&&', '||', ';;', '|&', '|', ';', '&', '\n', '(', ')'];

/**
 * The commands of a shell script in order, well enough to know which programs it starts, how their failures are treated, and in which
 * loops they stand. What is computed (`$(…)`, variables) stays as it is written. Never throws.
 */
export function parseShell(script: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: Word[] = [];
  let before: Word[] = [];
  const heredocs: { readonly end: string; owner?: number }[] = [];
  const close = (operator: string): void => {
    if (words.length > 0 || before.length > 0) {
      for (const each of heredocs) each.owner ??= commands.length;
      commands.push({ words, operator, keywords: before });
    }
    words = [];
    before = [];
  };
  let at = 0;
  while (at < script.length) {
    const char = script.charAt(at);
    if (script.startsWith('\\\n', at)) at += 2;
    else if (char === ' ' || char === '\t' || char === '\r') at++;
    else if (char === '#') at = endOfLine(script, at);
    else if (script.startsWith('<<', at) && !script.startsWith('<<<', at)) {
      const [all, quoted] = /^<<-?\s*(['"]?[\w.-]+['"]?)/.exec(script.slice(at)) ?? ['<<'];
      if (quoted !== undefined) heredocs.push({ end: quoted.replace(/['"]/g, '') });
      at += all.length;
    } else {
      // Of "&>" and "&>>" no operator begins: output goes to a file.
      const operator = script.startsWith('&>', at)
        ? undefined
        : operators.find((each) => script.startsWith(each, at));
      if (operator !== undefined) {
        const isBracket = operator === '(' || operator === ')';
        if (!isBracket || operator === ')' || words.length > 0) close(isBracket ? ';' : operator);
        if (isBracket) before.push({ text: operator, offset: at, length: 1 });
        at += operator.length;
        if (operator === '\n')
          for (const { end, owner = -1 } of heredocs.splice(0)) {
            const { text, next } = readHeredoc(script, at, end);
            const command = commands[owner];
            if (command) commands[owner] = { ...command, heredoc: text, heredocAt: at };
            at = next;
          }
      } else {
        const word = readWord(script, at);
        at = word.offset + Math.max(word.length, 1);
        if (words.length === 0 && keywords.has(word.text)) before.push(word);
        else words.push(word);
      }
    }
  }
  close('');
  return commands;
}

function endOfLine(script: string, from: number): number {
  const end = script.indexOf('\n', from);
  return end < 0 ? script.length : end;
}

function readHeredoc(script: string, from: number, end: string): { text: string; next: number } {
  let at = from;
  while (at < script.length) {
    const stop = endOfLine(script, at);
    const line = script.slice(at, stop).trim();
    const next = Math.min(stop + 1, script.length);
    if (line === end) return { text: script.slice(from, at), next };
    at = next;
  }
  return { text: script.slice(from), next: script.length };
}

function readWord(script: string, from: number): Word {
  let text = '';
  let at = from;
  while (at < script.length) {
    const char = script.charAt(at);
    // "2>&1", "<&3", ">|" and "&>": a redirection holds what is an operator elsewhere.
    const redirects = /[<>]/.test(script.charAt(at - 1)) && at > from;
    if (char === '&' && (redirects || script.charAt(at + 1) === '>')) {
      text += char;
      at++;
      continue;
    }
    if (/[\s;&|()]/.test(char) && !(char === '|' && redirects)) break;
    if (char === '\\') {
      text += script.charAt(at + 1);
      at += 2;
    } else if (char === "'" || char === '"' || char === '`') {
      const end = closing(script, at, char);
      text += char === '`' ? script.slice(at, end + 1) : script.slice(at + 1, end);
      at = end + 1;
    } else if (script.startsWith('$(', at) || script.startsWith('${', at)) {
      const end = balanced(script, at + 1);
      text += script.slice(at, end);
      at = end;
    } else {
      text += char;
      at++;
    }
  }
  return { text, offset: from, length: Math.min(at, script.length) - from };
}

function closing(script: string, from: number, quote: string): number {
  for (let at = from + 1; at < script.length; at++) {
    const char = script.charAt(at);
    if (char === '\\' && quote !== "'") at++;
    else if (char === quote) return at;
  }
  return script.length;
}

/** Behind the bracket that closes the one at `from`. */
function balanced(script: string, from: number): number {
  let depth = 0;
  for (let at = from; at < script.length; at++) {
    const char = script.charAt(at);
    if (char === "'" || char === '"') at = closing(script, at, char);
    else if (char === '(' || char === '{') depth++;
    else if ((char === ')' || char === '}') && --depth === 0) return at + 1;
  }
  return script.length;
}
