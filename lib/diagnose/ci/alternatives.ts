import type { ShellCommand } from './shell.js';

/** Where a command stands among those of which only some run: the branch that it is in, by the number of each `if` and each list. */
export type Branches = ReadonlyMap<number, number>;

interface Frame {
  /** The `if` or `case` that it belongs to; its condition is branch 0, which runs with each of the others. */
  readonly choice?: number;
  branch: number;
  /** The list that is being read (`a && b || c`), and how many `||` of it were passed. */
  list: number;
  side: number;
}

const openers = new Set(['if', 'while', 'until', 'for', 'case', '(', '{']);
const closers = new Set(['fi', 'done', 'esac', ')', '}']);

/** The branches of each command of a script, in the same order. */
export function branchesOf(commands: readonly ShellCommand[]): readonly Branches[] {
  let count = 0;
  const frames: Frame[] = [{ branch: 0, list: ++count, side: 0 }];
  return commands.map(({ keywords, operator }) => {
    for (const { text } of keywords) {
      const top = frames.at(-1);
      if (openers.has(text))
        frames.push({
          branch: 0,
          list: ++count,
          side: 0,
          ...(text === 'if' || text === 'case' ? { choice: ++count } : {}),
        });
      else if (closers.has(text) && frames.length > 1) frames.pop();
      else if (top && ['then', 'elif', 'else'].includes(text)) top.branch++;
    }
    const branches = new Map<number, number>();
    for (const { choice, branch, list, side } of frames) {
      if (choice !== undefined && branch > 0) branches.set(choice, branch);
      branches.set(list, side);
    }
    const top = frames.at(-1);
    if (top && operator === ';;') top.branch++;
    if (top && operator === '||') top.side++;
    else if (top && !['&&', '|', '|&'].includes(operator)) Object.assign(top, { list: ++count, side: 0 });
    return branches;
  });
}

/** Whether of two commands of one script only one runs, or the second only where the first has failed. */
export function areAlternatives(one: Branches, other: Branches): boolean {
  return [...one].some(([at, branch]) => other.has(at) && other.get(at) !== branch);
}
