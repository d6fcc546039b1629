import { randomUUID } from 'node:crypto';
import { type Problem } from '../errors/index.js';
import { oneLine } from './format.js';
import { plainText, visibleLines } from '../text/index.js';

/** Escapes the text of a workflow command. */
export function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** Escapes a property of a workflow command. */
export function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Lines that hide secrets from the log, from here on; each line of a secret is one of its own. */
export function maskCommands(secrets: readonly string[]): string[] {
  const lines = secrets.flatMap((secret) => [secret, ...secret.split(/\r?\n/)]);
  // Very short values would mask half of the log.
  const masked = [...new Set(lines)].filter((line) => line.trim().length >= 4);
  return masked.map((line) => `::add-mask::${escapeData(line)}`);
}

/** Lines in which no command takes effect: a child may print "::error::" or "##[group]". */
export function guardLines(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const token = randomUUID();
  return [
    `::stop-commands::${token}`,
    ...lines.flatMap((line) => plainText(line).split('\n')),
    `::${token}::`,
  ];
}

/** An annotation; with file and line where the problem has a place. */
export function annotation(level: 'error' | 'warning', problem: Problem, title: string): string {
  const properties: string[] = [];
  const { place } = problem;
  if (place?.line !== undefined) {
    properties.push(`file=${escapeProperty(place.file)}`, `line=${place.line}`);
    if (place.column !== undefined) properties.push(`col=${place.column}`);
  }
  properties.push(`title=${escapeProperty(oneLine(title))}`);
  const help = problem.help === undefined ? '' : `\nhelp: ${visibleLines(problem.help)}`;
  return `::${level} ${properties.join(',')}::${escapeData(`${visibleLines(problem.message)}${help}`)}`;
}

/** A line of text that is no command: those begin a line with "::", or hold "##[" anywhere. */
export function inertLine(text: string): string {
  return oneLine(text).replaceAll('##[', '# #[').replace(/^::/, ': :');
}
