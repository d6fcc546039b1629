import type { TaskContext } from '../../config/define.js';
import { judgeRepeatable } from '../../lib/postgres/index.js';
import { matchesAny } from '../glob.js';
import type { DueFile } from './decide.js';
import { scriptText } from './script-text.js';

/** What the config says about repeating. */
export interface RepeatOptions {
  readonly repeatable: boolean | readonly string[];
  readonly interrupted: 'report' | 'again' | 'done';
}

/** Why an interrupted file may run again without harm; or what forbids it. */
export type Verdict = { readonly again: true } | { readonly again: false; readonly because: string };

/** Judges a file that was interrupted: by the config's word first, then by what stands in it. */
export async function judgeInterrupted(context: TaskContext<RepeatOptions>, due: DueFile): Promise<Verdict> {
  const { repeatable, interrupted } = context.options;
  if (interrupted === 'again' || repeatable === true) return { again: true };
  if (Array.isArray(repeatable) && matchesAny(due.file.name, repeatable)) return { again: true };
  const text = await scriptText(context, due.file);
  if (due.file.kind === 'execute' || due.file.kind === 'source') {
    return onlySetsVariables(text) ? { again: true } : { again: false, because: 'it is a shell script' };
  }
  const verdict = await judgeRepeatable(text);
  if (verdict.repeatable) return { again: true };
  return { again: false, because: `line ${verdict.line} would be done twice: ${verdict.statement}` };
}

/** The error for a file that was interrupted and may not run again by itself. */
export function interruptedFailure(
  context: TaskContext<unknown>,
  due: DueFile,
  because: string,
  run: string,
): Error {
  const { task } = context;
  return context.fail({
    code: 'DBB5008',
    message: `init script "${due.file.name}" was interrupted in run ${run}, and how far it came is unknown`,
    place: { file: due.file.shown },
    notes: [
      { label: 'not repeated', text: because },
      { label: 'not done', text: 'no init script was run' },
    ],
    help:
      `look at the database, then run again with --set tasks.${task}.interrupted=again (or =done); ` +
      `or declare it repeatable: tasks.${task}.repeatable: ["${due.file.name}"]`,
    facts: { script: due.file.name, interruptedRun: run },
  });
}

/** Whether each line of a shell script is blank, a comment, or sets a variable or a shell option to a fixed value. */
function onlySetsVariables(text: string): boolean {
  const value = /(?:[^\s;&|<>()`$'"\\]*|'[^']*'|"[^"`\\]*")/.source;
  const harmless = new RegExp(
    `^\\s*(?:#.*|set [-+]\\w+(?: \\w+)?|export( [A-Za-z_]\\w*)+|(?:export\\s+)?[A-Za-z_]\\w*=${value})?\\s*$`,
  );
  return text.split('\n').every((line) => harmless.test(line) && !line.includes('$('));
}
