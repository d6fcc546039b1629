import { readdirSync } from 'node:fs';
import { basename, delimiter, dirname, join, relative, resolve } from 'node:path';
import { type Note, type Problem } from '../../lib/errors/index.js';
import { errorInOutput, sqlstateOfOutput } from '../../lib/postgres/index.js';
import type { ExecResult, TaskContext } from '../../config/define.js';
import { causeOf } from './cause.js';
import { whyUnstartable } from './unstartable.js';
import { nearest } from '../../lib/text/index.js';

interface Told {
  readonly run: string | readonly string[];
}

/** The error for a command that ended, but not well: its cause first, how it ended, and its whole output. */
export function failureOf(
  context: TaskContext<Told>,
  ended: ExecResult,
  { cwd, shown }: { readonly cwd: string; readonly shown: string },
): Error {
  const unfound = unfoundProgram(ended);
  if (unfound !== undefined) return notStarted(context, { cwd, program: unfound, ended });
  const cause = causeOf(ended.output, cwd);
  const how = howItEnded(ended);
  // What a program wrote last to its standard output was a result, and no complaint.
  const isSilent = cause?.isGuess === true && !ended.stderr.includes(cause.message);
  const told = errorInOutput(ended.output);
  const sqlstate = told?.sqlstate ?? sqlstateOfOutput(ended.output);
  const notes: Note[] = [
    { label: 'command', text: textOf(context.options.run) },
    ...(shown === '.' ? [] : [{ label: 'folder', text: shown }]),
    ...(cause && !isSilent ? [{ label: 'ended', text: how }] : []),
    ...(cause?.frames?.length ? [{ label: 'frames', text: cause.frames.join('\n') }] : []),
  ];
  return context.fail({
    code: 'DBB5001',
    message: isSilent
      ? `the command ${how} and says nothing about why`
      : (cause?.message ?? `the command ${how} and printed nothing`),
    ...(cause?.place ? { place: cause.place } : {}),
    notes,
    facts: {
      ...(ended.exitCode === undefined ? {} : { exitCode: ended.exitCode }),
      ...(ended.signal === undefined ? {} : { signal: ended.signal }),
      ...(sqlstate === undefined ? {} : { sqlstate }),
      ...(told?.detail === undefined ? {} : { detail: told.detail }),
      ...(told?.statement === undefined ? {} : { statement: told.statement }),
      ...(told?.position === undefined ? {} : { position: told.position }),
    },
    help: `correct the error that the command reports, or change "tasks.${context.task}" in the config; then run again`,
    output: ended.output,
  });
}

/** How a child ended, in words that follow its name: "exited with code 1", "was ended by SIGKILL". */
function howItEnded({ exitCode, signal }: Pick<ExecResult, 'exitCode' | 'signal'>): string {
  return signal === undefined ? `exited with code ${exitCode ?? 'unknown'}` : `was ended by ${signal}`;
}

/** The error for a command that never started: no such folder, no such program, or one that may not be run. */
export function notStarted(
  context: TaskContext<Told>,
  what: { cwd: string; program?: string; key?: 'run' | 'shell'; missingFolder?: boolean; ended?: ExecResult },
  cause?: unknown,
): Error {
  const { cwd, program = '', key = 'run', ended } = what;
  const notes = [
    { label: 'command', text: textOf(context.options.run) },
    { label: 'folder', text: cwd },
  ];
  const correct = `correct "tasks.${context.task}.${key}"`;
  const path = resolve(cwd, program);
  const unstartable = program.includes('/')
    ? whyUnstartable(path, program, relative(context.root, path))
    : undefined;
  const problem: Pick<Problem, 'message' | 'help' | 'place'> = what.missingFolder
    ? {
        message: `the folder "${cwd}" of the command does not exist`,
        help: meant(nearestIn(dirname(cwd), cwd)) ?? `make it, or correct "tasks.${context.task}.cwd"`,
      }
    : unstartable
      ? { ...unstartable, help: unstartable.help ?? correct }
      : {
          message: `there is no program "${program}"`,
          help: meant(nearestProgram(program, cwd, context.env.PATH)) ?? `install it, or ${correct}`,
        };
  const output = ended ? { output: ended.output, facts: { exitCode: ended.exitCode } } : {};
  return context.fail({ code: 'DBB5002', ...problem, notes, ...output } as Problem, cause);
}

function textOf(run: string | readonly string[]): string {
  if (typeof run === 'string') return run.trim();
  return run.map((word) => (/^[\w./:=@%+-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}

/** What a shell says before it ends with 127 or 126: "sh: 1: pyton: not found", "bash: line 1: pyton: command not found". */
function unfoundProgram({ exitCode, stderr }: ExecResult): string | undefined {
  const pattern =
    exitCode === 127
      ? /^\S*sh: (?:(?:line )?\d+: )?(.+?): (?:command |cannot execute: required file )?not found\s*$/m
      : exitCode === 126
        ? /^\S*sh: (?:(?:line )?\d+: )?(.+?): [Pp]ermission denied\s*$/m
        : undefined;
  return pattern?.exec(stderr)?.[1];
}

function meant(near: string | undefined): string | undefined {
  return near === undefined ? undefined : `did you mean "${near}"?`;
}

function nearestProgram(program: string, cwd: string, path = ''): string | undefined {
  if (program.includes('/')) {
    const near = nearestIn(resolve(cwd, dirname(program)), program);
    return near === undefined ? undefined : join(dirname(program), near);
  }
  return nearest(program, path.split(delimiter).flatMap(namesIn));
}

function nearestIn(folder: string, path: string): string | undefined {
  return nearest(basename(path), namesIn(folder));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
