import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TaskContext } from '../../config/define.js';
import { fileText, type Place, type Problem } from '../../lib/errors/index.js';
import {
  parsePsqlError,
  placeInScript,
  plainPsqlOutput,
  sqlstateOfOutput,
  type PsqlError,
} from '../../lib/postgres/index.js';
import { causeOf } from '../command/cause.js';
import { ofInterpreter } from '../command/unstartable.js';
import { shownPath, type InitFile } from './folder.js';
import { scriptText } from './script-text.js';
import type { ShellEnd } from './shell.js';

/** The error for a file that failed: its cause first, the place in the file, and its whole output. */
export async function initFailure(
  context: TaskContext<unknown>,
  file: InitFile,
  ended: ShellEnd,
  surroundings: { readonly notRun: readonly string[]; readonly psqlMissing: boolean },
): Promise<Error> {
  const output = outputOf(file, ended.output);
  const found = file.kind.startsWith('sql')
    ? await sqlProblem(context, file, output)
    : shellProblem(context, file, ended, output, surroundings.psqlMissing);
  const sqlstate = found.facts?.sqlstate ?? sqlstateOfOutput(output);
  const { notRun } = surroundings;
  return context.fail({
    ...found,
    code: 'DBB5005',
    notes: [
      ...(found.notes ?? []),
      ...(notRun.length > 0
        ? [{ label: 'not done', text: `${notRun.map((name) => `"${name}"`).join(', ')} did not run` }]
        : []),
    ],
    help: found.help ?? `correct "${file.name}", then run again: it goes on at this file`,
    facts: {
      script: file.name,
      ...found.facts,
      ...(sqlstate === undefined ? {} : { sqlstate }),
      ...(ended.exitCode === undefined ? {} : { exitCode: ended.exitCode }),
      ...(ended.signal === undefined ? {} : { signal: ended.signal }),
    },
    output: plainPsqlOutput(output),
  });
}

/** What was printed since the file began. */
function outputOf(file: InitFile, output: string): string {
  const marker = new RegExp(`^db-bootstrap: file \\d+: ${escaped(file.path)}\\n`, 'm').exec(output);
  return marker ? output.slice(marker.index + marker[0].length) : output;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

async function sqlProblem(
  context: TaskContext<unknown>,
  file: InitFile,
  output: string,
): Promise<Omit<Problem, 'code'>> {
  const error = parsePsqlError(output);
  // Only of the driver's own last statement psql names no line.
  if (error?.line === undefined && ['25001', '25P02'].includes(error?.sqlstate ?? ''))
    return {
      message: `"${file.shown}" leaves a transaction open at its end: its work was rolled back`,
      place: { file: file.shown },
      help: 'end the file with "commit;"',
    };
  if (!error)
    return {
      message:
        archiveFault(file, output) ?? causeOf(output, context.root)?.message ?? `"${file.shown}" failed`,
      place: { file: file.shown },
    };
  const text = isOther(file, error) ? undefined : await scriptText(context, file);
  return errorOfPsql(context, file, error, text);
}

/** What psql said, with its place: in the script, or in a file that it included (\\i), which psql then names. */
function errorOfPsql(
  context: TaskContext<unknown>,
  file: InitFile,
  error: PsqlError,
  text: string | undefined,
): Omit<Problem, 'code'> {
  const other = isOther(file, error) ? resolve(context.root, error.file) : undefined;
  const script = other === undefined ? text : textOf(other);
  const found = script === undefined ? undefined : placeInScript(script, error);
  const { statement, ...position } = found ?? {};
  return {
    message: error.message,
    notes: error.notes.map(({ label, text }) => ({ label, text })),
    place: { file: other === undefined ? file.shown : shownPath(context.root, other), ...position },
    facts: {
      ...(error.sqlstate === undefined ? {} : { sqlstate: error.sqlstate }),
      ...(statement === undefined ? {} : { statement }),
    },
  };
}

/** Whether psql stood in another file than the script itself. */
function isOther(file: InitFile, error: PsqlError): error is PsqlError & { readonly file: string } {
  return error.file !== undefined && error.file !== file.path;
}

/** The text of a file that psql read; undefined where it cannot be read any more. */
function textOf(path: string): string | undefined {
  return fileText(path)?.replace(/^\uFEFF/, '');
}

/** What the program that decompresses a file says of it; what psql prints of the part that it got comes after. */
function archiveFault(file: InitFile, output: string): string | undefined {
  if (file.kind === 'sql') return undefined;
  return output
    .split('\n')
    .find((line) => line.includes(file.path) || /^(?:gzip|xz(?:cat)?|zstd): /.test(line));
}

function shellProblem(
  context: TaskContext<unknown>,
  file: InitFile,
  ended: ShellEnd,
  output: string,
  psqlMissing: boolean,
): Omit<Problem, 'code'> {
  const place = { file: file.shown };
  const text = readFileSync(file.path, 'utf8');
  const status = ended.signal === undefined ? `code ${ended.exitCode ?? 'unknown'}` : ended.signal;
  const unstartable = file.kind === 'execute' ? ofInterpreter(file.path, file.shown) : undefined;
  if (unstartable) return unstartable;
  if (psqlMissing && /psql\b.*not found/.test(output)) {
    return {
      message: `"${file.shown}" calls psql, which is not on the PATH`,
      place,
      help: 'install psql (Debian: apt install postgresql-client)',
    };
  }
  if (ended.exitCode === 0) {
    return {
      message: `"${file.shown}" called "exit", which ends all init scripts, because it is sourced`,
      place,
      help: `use "return" in place of "exit", or make the file executable`,
    };
  }
  const error = parsePsqlError(output);
  const told = error && errorOfPsql(context, file, error, undefined);
  const message = told?.message ?? causeOf(output, context.root)?.message;
  return {
    message: message ?? `"${file.shown}" ended with ${status} and printed nothing`,
    place: told?.place?.line === undefined ? { ...place, ...shellPlace(file, text, output) } : told.place,
    notes: [...(told?.notes ?? []), { label: 'ended', text: `with ${status}` }],
    facts: told?.facts ?? {},
  };
}

/** Shells name the line they stand on: "FILE: line 3: …". */
function shellPlace(file: InitFile, text: string, output: string): Partial<Place> {
  const line = Number(new RegExp(`${escaped(file.path)}: (?:line )?(\\d+):`).exec(output)?.[1] ?? 0);
  const source = text.split(/\r?\n/)[line - 1];
  if (line === 0 || source === undefined) return {};
  const trimmed = source.trim();
  return { line, column: source.indexOf(trimmed) + 1, length: trimmed.length, source };
}
