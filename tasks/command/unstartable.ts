import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Problem } from '../../lib/errors/index.js';
import { shellWord } from '../../lib/text/index.js';

/** Why a file that exists cannot be started, and what to do; a repair names it as it is typed in the config's folder. */
export type Unstartable = Pick<Problem, 'message' | 'help' | 'place'>;

/** What keeps the system from starting a file: it is a folder, not executable, or its interpreter is not there; undefined where none of that is so. */
export function whyUnstartable(path: string, shown: string, typed = shown): Unstartable | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return undefined;
  if (stat.isDirectory()) return { message: `"${shown}" is a folder` };
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return { message: `"${shown}" may not be executed`, help: `run "chmod +x ${shellWord(typed)}"` };
  }
  return ofInterpreter(path, shown, typed);
}

/** What is wrong with the interpreter that a script's first line names ("#!"). */
export function ofInterpreter(path: string, shown: string, typed = shown): Unstartable | undefined {
  const [first = '', ...rest] = headOf(path).split('\n');
  const [, interpreter] = /^#! *(\S+)/.exec(first) ?? [];
  if (interpreter === undefined) return undefined;
  const source = first.replace(/\r$/, '');
  const place = { file: shown, line: 1, column: 1, source, length: source.length };
  if (source !== first && rest.length > 0) {
    return {
      message: `the first line of "${shown}" ends with a Windows line ending, so "${interpreter}\\r" is looked for and not found`,
      place,
      help: unixLines(typed),
    };
  }
  return statSync(resolve('/', interpreter), { throwIfNoEntry: false })
    ? undefined
    : { message: `the interpreter "${interpreter}" of "${shown}" does not exist`, place };
}

/** The command that takes carriage returns out of a file. */
export function unixLines(file: string): string {
  return `convert the file to Unix line endings: sed -i 's/\\r$//' ${shellWord(file)}`;
}

/** The beginning of a file, which may be a program of any size; empty where it cannot be read. */
function headOf(path: string): string {
  const head = Buffer.alloc(512);
  try {
    const file = openSync(path, 'r');
    try {
      return head.toString('utf8', 0, readSync(file, head));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
