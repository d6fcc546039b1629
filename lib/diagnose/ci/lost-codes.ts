import { fails, isIdle, listEnd } from './outcomes.js';
import { programOf } from './script.js';
import type { ShellCommand } from './shell.js';

/** In a condition, failures decide what happens next. */
export function isCondition({ keywords }: ShellCommand): boolean {
  return keywords.some(({ text }) => ['if', 'elif', 'while', 'until', '!'].includes(text));
}

/** What a script ends with is what it answers. */
export function isLastOfAll(commands: readonly ShellCommand[], index: number): boolean {
  return commands.slice(index + 1).every(({ words }) => words.length === 0);
}

/** `migrate &` of which nobody waits for the exit code: `wait` without a name answers 0 whatever has happened. */
export function losesItself(commands: readonly ShellCommand[], index: number): boolean {
  if (listEnd(commands, index, () => false).operator !== '&') return false;
  return !commands
    .slice(index + 1)
    .some((each) => programOf(each) === 'wait' && each.words.some(({ text }) => /^(?:\$|%|-n)/.test(text)));
}

/** `migrate && echo done` before other commands: `set -e` does not end a script at a failure inside of such a list. */
export function losesItsList(commands: readonly ShellCommand[], index: number): boolean {
  if (commands[index]?.operator !== '&&') return false;
  const { operator, next } = listEnd(commands, index, () => false);
  const list = commands.slice(startOf(commands, index), next);
  if (![';', '\n'].includes(operator) || isLastOfAll(commands, next - 1)) return false;
  const isBracketed = list.some(({ keywords }) => keywords.some(({ text }) => /^[(){}]$/.test(text)));
  const leaves = list.some((each) => ['exit', 'return', 'break', 'continue'].includes(programOf(each)));
  // Whoever looks at the code behind the list has seen it fail.
  const isAsked = commands[next]?.words.some(({ text }) => text.includes('$?')) === true;
  return !isBracketed && !leaves && !isAsked && !list.some(isCondition);
}

/** `|| failed=1` where nothing but words is made of the variable afterwards. */
export function isOnlyKept(commands: readonly ShellCommand[], at: number): boolean {
  const [word, ...others] = commands[at]?.words ?? [];
  const name = /^(\w+)=/.exec(word?.text ?? '')?.[1];
  if (name === undefined || others.length > 0) return false;
  const isRead = new RegExp(`\\$\\{?${name}\\b|\\b${name}\\b.*(?:-[gln][te]|[<>=])`);
  return !commands
    .slice(at + 1)
    .some(
      (each) =>
        (!isIdle(each) || fails(each) || isCondition(each)) &&
        isRead.test(each.words.map(({ text }) => text).join(' ')),
    );
}

function startOf(commands: readonly ShellCommand[], index: number): number {
  let at = index;
  while (['&&', '||', '|', '|&'].includes(commands[at - 1]?.operator ?? '')) at--;
  return at;
}
