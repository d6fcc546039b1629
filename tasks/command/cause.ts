import { isAbsolute, relative, resolve } from 'node:path';
import { fileText, type Place } from '../../lib/errors/index.js';
import { plainText } from '../../lib/text/index.js';

/** What the output of a failed program says about why: its own words, and the place in the project, if it names one. */
export interface Cause {
  readonly message: string;
  readonly place?: Place;
  /** Frames of the project in a traceback, outermost first, as "file:line in function". */
  readonly frames?: readonly string[];
  /** Whether it is only the last thing that was printed, and does not sound like a reason. */
  readonly isGuess?: boolean;
}

/** Folders whose code is not the project's. */
const foreign = /[\\/](site-packages|dist-packages|node_modules)[\\/]|[\\/]lib[\\/]python\d|^<|^node:/;

/** The cause in an output: the exception of a traceback, the error of psql, or the last line that sounds like one; undefined where nothing was printed. */
export function causeOf(output: string, cwd: string): Cause | undefined {
  const lines = plainText(output).split('\n');
  return ofPython(lines, cwd) ?? ofPsql(lines, cwd) ?? ofNode(lines, cwd) ?? ofLastLine(lines);
}

function ofPython(lines: readonly string[], cwd: string): Cause | undefined {
  const start = lines.lastIndexOf('Traceback (most recent call last):');
  if (start < 0) return undefined;
  const end = lines.findIndex((line, index) => index > start && /^[A-Za-z_]/.test(line));
  if (end < 0) return undefined;
  const found = lines.slice(start, end).flatMap((line) => {
    const match = /^ +File "([^"]+)", line (\d+)(?:, in (.+))?$/.exec(line);
    return match ? [{ file: match[1] ?? '', line: Number(match[2]), name: match[3] }] : [];
  });
  const own = found.filter(({ file }) => !foreign.test(file));
  // Every management command begins in manage.py: nobody has to look there.
  const telling = own.filter(({ file, name }) => !(/(?:^|\/)manage\.py$/.test(file) && name === '<module>'));
  const last = telling[telling.length - 1];
  return {
    message: lines[end] ?? '',
    ...(last ? { place: placeAt(last.file, last.line, cwd) } : {}),
    frames: (telling.length > 0 ? own : []).map(
      ({ file, line, name }) => `${shown(file, cwd)}:${line}${name ? ` in ${name}` : ''}`,
    ),
  };
}

function ofPsql(lines: readonly string[], cwd: string): Cause | undefined {
  for (const line of lines) {
    const match = /^psql:(.+?):(\d+): (?:ERROR|FATAL|PANIC|error): +(.+)$/.exec(line);
    if (match) return { message: match[3] ?? '', place: placeAt(match[1] ?? '', Number(match[2]), cwd) };
    const plain = /^(?:psql: error: .*(?:FATAL|ERROR): +|psql: error: |(?:ERROR|FATAL): +)(.+)$/.exec(line);
    if (plain) return { message: plain[1] ?? '' };
  }
  return undefined;
}

function ofNode(lines: readonly string[], cwd: string): Cause | undefined {
  const index = lines.findIndex(
    (line, at) =>
      /^(?:Uncaught )?[A-Z]\w*(?:Error|Exception)\b.*: ./.test(line) && /^ {4}at /.test(lines[at + 1] ?? ''),
  );
  if (index < 0) return undefined;
  for (const line of lines.slice(index + 1)) {
    const match = /^ {4}at (?:.+ \()?(?:file:\/\/)?(\/[^():]+|[A-Za-z]:[^():]+):(\d+):(\d+)\)?$/.exec(line);
    if (!match || foreign.test(match[1] ?? '')) continue;
    return {
      message: lines[index] ?? '',
      place: placeAt(match[1] ?? '', Number(match[2]), cwd, Number(match[3])),
    };
  }
  return { message: lines[index] ?? '' };
}

/** Where programs say how they are used, below what was wrong: "Type 'manage.py help' for usage." */
const advice = /^(usage: |(type|try|see|run) ['"`].*(help|usage))/i;

function ofLastLine(lines: readonly string[]): Cause | undefined {
  const printed = lines.map((line) => line.trim()).filter((line) => line !== '');
  const words = printed.filter((line) => !advice.test(line));
  const full = words.length > 0 ? words : printed;
  const sounding = full.filter((line) =>
    /(error|exception|\bfatal|\bfailed|\bfailure|\bdenied|\bcannot|\bcan't|\bnot found|\bno such|\bunknown|\bunrecogni[sz]ed|\binvalid)\b/i.test(
      line,
    ),
  );
  const message = sounding[sounding.length - 1] ?? full[full.length - 1];
  return message === undefined ? undefined : { message, isGuess: sounding.length === 0 };
}

function placeAt(file: string, line: number, cwd: string, column?: number): Place {
  const path = resolve(cwd, file);
  const place = { file: shown(path, cwd), line, ...(column === undefined ? {} : { column }) };
  const source = sourceLine(path, line);
  if (source === undefined) return place;
  const text = source.trim();
  return column === undefined
    ? { ...place, column: source.indexOf(text) + 1, length: text.length, source }
    : { ...place, source };
}

function sourceLine(path: string, line: number): string | undefined {
  return fileText(path)?.split('\n')[line - 1]?.trimEnd();
}

/** A path as a person would type it in the folder. */
function shown(file: string, cwd: string): string {
  const path = relative(cwd, resolve(cwd, file));
  return path === '' || path.startsWith('..') || isAbsolute(path) ? file : path;
}
