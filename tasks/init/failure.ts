import { existsSync, readFileSync } from 'node:fs';
import type { TaskContext } from '../../config/define.js';
import type { Note, Place, Problem } from '../../lib/errors/index.js';
import {
  parsePsqlError,
  placeInScript,
  plainPsqlOutput,
  sqlstateOfOutput,
  type PsqlError,
} from '../../lib/postgres/index.js';
import { causeOf } from '../command/cause.js';
import type { InitFile } from './folder.js';
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
  if (!error)
    return {
      message:
        archiveFault(file, output) ?? causeOf(output, context.root)?.message ?? `"${file.shown}" failed`,
      place: { file: file.shown },
    };
  const notes = notesOf(error);
  // A script may include another one (\i): then the place is there.
  if (error.file !== undefined && error.file !== file.path) {
    return {
      message: error.message,
      notes,
      place: includedPlace(context, file, error),
      facts: factsOf(error),
    };
  }
  const place = placeInScript(await scriptText(context, file), error);
  if (!place) return { message: error.message, notes, place: { file: file.shown }, facts: factsOf(error) };
  const { statement, ...position } = place;
  return {
    message: error.message,
    notes,
    place: { file: file.shown, ...position },
    facts: { ...factsOf(error), ...(statement === undefined ? {} : { statement }) },
  };
}

/** What the program that decompresses a file says of it; what psql prints of the part that it got comes after. */
function archiveFault(file: InitFile, output: string): string | undefined {
  if (file.kind === 'sql') return undefined;
  return output
    .split('\n')
    .find((line) => line.includes(file.path) || /^(?:gzip|xz(?:cat)?|zstd): /.test(line));
}

function includedPlace(context: TaskContext<unknown>, file: InitFile, error: PsqlError): Place {
  const cause = causeOf(`psql:${error.file ?? ''}:${error.line ?? 1}: ERROR: ${error.message}`, context.root);
  return cause?.place ?? { file: file.shown };
}

function notesOf(error: PsqlError): Note[] {
  return error.notes.map(({ label, text }) => ({ label, text }));
}

function factsOf(error: PsqlError): { sqlstate?: string } {
  return error.sqlstate === undefined ? {} : { sqlstate: error.sqlstate };
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
  const [, interpreter] = /^#! *(\S+)/.exec(text) ?? [];
  if (file.kind === 'execute' && interpreter !== undefined) {
    if (/^#![^\n]*\r(\n|$)/.test(text)) {
      return {
        message: `the first line of "${file.shown}" ends with a Windows line ending, so "${interpreter}\\r" is looked for and not found`,
        place: { ...place, line: 1, column: 1, source: firstLine(text), length: firstLine(text).length },
        help: `convert the file to Unix line endings: sed -i 's/\\r$//' ${file.shown}`,
      };
    }
    if (!existsSync(interpreter)) {
      return {
        message: `the interpreter "${interpreter}" of "${file.shown}" does not exist`,
        place: { ...place, line: 1, column: 1, source: firstLine(text), length: firstLine(text).length },
      };
    }
  }
  if (psqlMissing && /psql\b.*not found/.test(output)) {
    return {
      message: `"${file.shown}" calls psql, which is not on the PATH`,
      place,
      help: 'install psql (Debian: apt install postgresql-client)',
    };
  }
  if (text.includes('\r\n')) {
    return {
      message: `"${file.shown}" has Windows line endings, and ended with ${status}: ${causeOf(output, context.root)?.message ?? 'it printed nothing'}`,
      place,
      help: `convert the file to Unix line endings: sed -i 's/\\r$//' ${file.shown}`,
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
  const cause = error ?? causeOf(output, context.root);
  const at = shellPlace(file, text, output);
  return {
    message: cause?.message ?? `"${file.shown}" ended with ${status} and printed nothing`,
    place: { ...place, ...at },
    notes: [...(error ? notesOf(error) : []), { label: 'ended', text: `with ${status}` }],
    facts: error ? factsOf(error) : {},
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

function firstLine(text: string): string {
  return text.split(/\r?\n/)[0] ?? '';
}
