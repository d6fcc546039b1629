import { parse, type CommandNode, type PipelineNode, type Redirection, type Statement } from 'unbash';
import { substitutionsIn, wordsOf, type Substitution, type Word } from './shell-words.js';

export type { Substitution, Word } from './shell-words.js';

/** One simple command of a script. */
export interface ShellCommand {
  readonly words: readonly Word[];
  /** What stands between it and the next command: "&&", "||", "|", "&", ";", ";;", a line's end, or "" at the end of the script. */
  readonly operator: string;
  /** Keywords and brackets that stand before it: "until", "while", "if", "!", "do", "then", "(", …, outermost first. */
  readonly keywords: readonly Word[];
  /** The text of the here document that is its standard input. */
  readonly heredoc?: string;
  /** Where that text begins in the script. */
  readonly heredocAt?: number;
  /** What its words compute by other commands: `$(…)`. */
  readonly substitutions?: readonly Substitution[];
}

/**
 * The commands of a shell script in order, well enough to know which programs it starts, how their failures are treated, and in which
 * loops they stand. What is computed (`$(…)`, variables) stays as it is written. Never throws.
 */
export function parseShell(script: string): readonly ShellCommand[] {
  const list = new CommandList(script);
  // To a shell, an expression of GitHub's is no variable: it never sees one.
  const text = script.replace(/\$\{\{[^]*?\}\}/g, (all) => `\${${'_'.repeat(all.length - 3)}}`);
  list.statements(parse(text).commands);
  return list.close('');
}

class CommandList {
  readonly #commands: ShellCommand[] = [];
  #pending: Word[] = [];
  /** Where the last word or keyword ends. */
  #end = 0;

  constructor(readonly script: string) {}

  /** Ends the last command with an operator; keywords that close something stand in a command without words. */
  close(operator: string): readonly ShellCommand[] {
    if (this.#pending.length > 0) this.#push([]);
    const last = this.#commands.at(-1);
    if (last) this.#commands[this.#commands.length - 1] = { ...last, operator };
    return this.#commands;
  }

  statements(statements: readonly Statement[]): void {
    for (const { command, background, end } of statements) {
      this.#list(command);
      const [next = ''] = /^[ \t\r]*(?:[;\n#)]|$)/.exec(this.script.slice(end)) ?? ['\n'];
      const found = next.trim() === ')' ? ';' : next.trim() === '#' ? '\n' : next.replace(/[ \t\r]/g, '');
      this.close(background === true ? '&' : found);
    }
  }

  #list(node: Statement['command']): void {
    if (node.type !== 'AndOr') this.#pipeline(node);
    else
      for (const [index, part] of node.commands.entries()) {
        this.#pipeline(part);
        const operator = node.operators[index];
        if (operator !== undefined) this.close(operator);
      }
  }

  #pipeline(node: PipelineNode): void {
    if (node.type !== 'Pipeline') {
      this.#command(node);
      return;
    }
    for (const { type, pos } of node.prefixes) this.#keyword(type === 'Negation' ? '!' : 'time', pos);
    for (const [index, part] of node.commands.entries()) {
      this.#command(part);
      const operator = node.operators[index];
      if (operator !== undefined) this.close(operator);
    }
  }

  #command(node: CommandNode): void {
    switch (node.type) {
      case 'Command': {
        const parts = [...node.prefix, ...(node.name ? [node.name] : []), ...node.suffix];
        this.#push(wordsOf(this.script, parts), node.redirects, substitutionsIn(parts));
        return;
      }
      case 'Redirected':
        this.#command(node.command);
        this.#push(wordsOf(this.script, node.redirects), node.redirects);
        return;
      case 'If': {
        this.#keyword('if', node.pos);
        this.statements(node.clause.commands);
        this.#body('then', node.then);
        for (const branch of node.elif) {
          this.#keyword('elif', branch.pos);
          this.statements(branch.clause.commands);
          this.#body('then', branch.then);
        }
        if (node.else) this.#body('else', node.else);
        this.#keyword('fi', node.end - 2);
        return;
      }
      case 'While':
        this.#keyword(node.kind, node.pos);
        this.statements(node.clause.commands);
        this.#loop(node.body, node.end);
        return;
      case 'Select':
        this.statements(node.body.commands);
        return;
      case 'For':
        this.#keyword('for', node.pos);
        this.#push(wordsOf(this.script, [node.name, ...(node.wordlist ?? [])]));
        this.close(';');
        this.#loop(node.body, node.end);
        return;
      case 'ArithmeticFor':
        this.#keyword('for', node.pos);
        this.#push([{ text: this.#text(node.pos + 3, node.body.pos), offset: node.pos, length: 3 }]);
        this.close(';');
        this.#loop(node.body, node.end);
        return;
      case 'Case':
        this.#keyword('case', node.pos);
        this.#push(wordsOf(this.script, [node.word]));
        this.close(';;');
        for (const { body } of node.items) {
          this.statements(body.commands);
          this.close(';;');
        }
        this.#keyword('esac', node.end - 4);
        return;
      case 'Subshell':
      case 'BraceGroup': {
        const [open, close] = node.type === 'Subshell' ? ['(', ')'] : ['{', '}'];
        this.#keyword(open, node.pos);
        this.statements(node.body.commands);
        this.#keyword(close, node.end - 1);
        return;
      }
      case 'Function':
        this.#push(wordsOf(this.script, [node.name]));
        this.close(';');
        if (node.body.type === 'CompoundList') this.statements(node.body.commands);
        else this.#command(node.body);
        return;
      case 'Coproc':
        if (node.body.type === 'CompoundList') this.statements(node.body.commands);
        else this.#command(node.body);
        this.close('&');
        return;
      case 'TestCommand':
      case 'ArithmeticCommand': {
        // A comparison: its text is what rules look at.
        const text = this.#text(node.pos, node.end);
        const words = [...text.matchAll(/\S+/g)].map(([part], index, all) => ({
          text: part,
          offset: node.pos + (all[index]?.index ?? 0),
          length: part.length,
        }));
        this.#push(words);
      }
    }
  }

  #loop(body: { readonly pos: number; readonly commands: readonly Statement[] }, end: number): void {
    this.#body('do', body);
    this.#keyword('done', end - 4);
  }

  #body(keyword: string, body: { readonly pos: number; readonly commands: readonly Statement[] }): void {
    this.#keyword(keyword, this.script.lastIndexOf(keyword, body.pos));
    this.statements(body.commands);
  }

  #keyword(text: string, offset: number): void {
    // What an unfinished script lacks is in the tree all the same.
    const found = offset >= this.#end && this.script.startsWith(text, offset);
    if (!found || /^\w\w/.test(this.script.slice(offset + text.length - 1))) return;
    this.#pending.push({ text, offset, length: text.length });
    this.#end = offset + text.length;
  }

  #push(
    words: readonly Word[],
    redirects: readonly Redirection[] = [],
    substitutions: readonly Substitution[] = [],
  ): void {
    const body = redirects.flatMap((each) => (each.type === 'HereDoc' ? [each.body] : [])).at(-1);
    if (words.length === 0 && this.#pending.length === 0 && !body) return;
    this.#commands.push({
      words,
      operator: '',
      keywords: this.#pending,
      ...(body ? { heredoc: body.text, heredocAt: body.pos } : {}),
      ...(substitutions.length > 0 ? { substitutions } : {}),
    });
    this.#pending = [];
    this.#end = Math.max(this.#end, ...words.map(({ offset, length }) => offset + length));
  }

  #text(from: number, to: number): string {
    return this.script.slice(from, to);
  }
}
