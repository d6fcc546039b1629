import { programOf } from './script.js';
import type { ShellCommand } from './shell.js';

/** What answers "yes" whatever was before. */
const yesMen = new Set(['true', ':', 'echo', 'printf']);
/** What does no more than show or wait. */
const idle = new Set([...yesMen, 'cat', 'tail', 'head', 'ls', 'sleep', 'date']);
const openers = new Set(['(', '{', 'if', 'while', 'until', 'for', 'case']);
const closers = new Set([')', '}', 'fi', 'done', 'esac']);

/** Whether a command ends its script, or its list, with a failure. */
export function fails(command: ShellCommand): boolean {
  const program = programOf(command);
  if (program === 'false' || program === 'kill') return true;
  return (program === 'exit' || program === 'return') && command.words.at(-1)?.text !== '0';
}

/**
 * Where the list ends in which a command stands, and by which operator: `a && b | c || d` is at `||` for `a`, and so is `(a) || d`.
 * `stop` ends the way at a command that is looked at by itself.
 */
export function listEnd(
  commands: readonly ShellCommand[],
  from: number,
  stop: (command: ShellCommand) => boolean,
): { readonly operator: string; readonly next: number } {
  let at = from;
  for (;;) {
    const { operator = '' } = commands[at] ?? {};
    const next = commands[at + 1];
    const goesOn = ['&&', '|', '|&'].includes(operator) && next && !stop(next);
    const isClosed = [';', '\n'].includes(operator) && next && isCloser(next);
    if (!goesOn && !isClosed) return { operator, next: at + 1 };
    at++;
  }
}

/** Whether what stands behind `||` succeeds without having done anything about the failure. */
export function answersYes(commands: readonly ShellCommand[], from: number): boolean {
  const { list, isBracketed } = group(commands, from);
  const [first] = list;
  if (!first || list.some(fails)) return false;
  return isBracketed ? list.every(isIdle) : yesMen.has(programOf(first)) || endsWell(first);
}

/** Whether an `if` whose condition stands at an index takes the failure of that condition for an answer. */
export function isSwallowedByIf(commands: readonly ShellCommand[], from: number): boolean {
  const condition = commands[from];
  if (!condition?.keywords.some(({ text }) => text === 'if' || text === 'elif')) return false;
  const branches: { readonly name: string; readonly commands: ShellCommand[] }[] = [];
  let depth = 0;
  for (const command of commands.slice(from + 1)) {
    const words = command.keywords.map(({ text }) => text);
    depth -= words.filter((word) => closers.has(word)).length;
    if (depth < 0) break;
    const name = depth === 0 ? words.find((word) => ['then', 'else', 'elif'].includes(word)) : undefined;
    if (name !== undefined) branches.push({ name, commands: [] });
    branches.at(-1)?.commands.push(command);
    depth += words.filter((word) => openers.has(word)).length;
  }
  const isNegated = condition.keywords.some(({ text }) => text === '!');
  const taken = isNegated ? branches[0] : branches[1];
  // The way that failures take: nothing at all, or nothing but words.
  return taken === undefined ? !isNegated : taken.commands.every((each) => isIdle(each) && !fails(each));
}

/** The commands of a list, or of the brackets that it opens with. */
function group(
  commands: readonly ShellCommand[],
  from: number,
): { readonly list: readonly ShellCommand[]; readonly isBracketed: boolean } {
  const isBracketed = commands[from]?.keywords.some(({ text }) => text === '{' || text === '(') === true;
  const list: ShellCommand[] = [];
  let depth = 0;
  for (const command of commands.slice(from)) {
    const words = command.keywords.map(({ text }) => text);
    depth -= words.filter((word) => closers.has(word)).length;
    if (command.words.length > 0) list.push(command);
    depth += words.filter((word) => openers.has(word)).length;
    if (isBracketed ? depth <= 0 : !['&&', '||', '|', '|&'].includes(command.operator)) break;
  }
  return { list, isBracketed };
}

/** Whether a command does no more than show, or wait. */
export function isIdle(command: ShellCommand): boolean {
  return idle.has(programOf(command)) || endsWell(command) || command.words.length === 0;
}

function endsWell(command: ShellCommand): boolean {
  return ['exit', 'return'].includes(programOf(command)) && command.words.at(-1)?.text === '0';
}

function isCloser({ words, keywords }: ShellCommand): boolean {
  return words.length === 0 && keywords.length > 0 && keywords.every(({ text }) => closers.has(text));
}
