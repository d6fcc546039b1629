import type { Place, Problem } from './problem.js';
import { redact } from './redact.js';

/** How to render: colour for terminals, and the secrets that may stand in no text. */
export interface RenderOptions {
  readonly color?: boolean;
  readonly secrets?: Iterable<string>;
}

/** Renders one problem in rustc's layout: code and cause, place, excerpt, notes, help, and the output of what failed last. */
export function renderProblem(problem: Problem, options: RenderOptions = {}): string {
  const paint = painter(options.color ?? false);
  const severity = problem.severity ?? 'error';
  const tone = severity === 'error' ? 'red' : severity === 'warning' ? 'yellow' : 'cyan';
  const lines = [`${paint(tone, `${severity}[${problem.code}]`)}${paint('bold', `: ${problem.message}`)}`];
  if (problem.place) lines.push(...renderPlace(problem.place, paint, tone));
  for (const note of problem.notes ?? [])
    lines.push(...labelled(paint('blue', note.label), note.label, note.text));
  if (problem.help !== undefined) lines.push(...labelled(paint('green', 'help'), 'help', problem.help));
  const output = problem.output?.trimEnd();
  if (output) lines.push(...output.split('\n').map((line) => `  | ${line}`));
  return redact(lines.join('\n'), options.secrets);
}

/** Renders problems one below the other, with an empty line between. */
export function renderProblems(problems: readonly Problem[], options: RenderOptions = {}): string {
  return problems.map((problem) => renderProblem(problem, options)).join('\n\n');
}

type Tone = 'red' | 'yellow' | 'cyan' | 'blue' | 'green' | 'bold' | 'dim';
type Paint = (tone: Tone, text: string) => string;

const sgr: Record<Tone, [number, number]> = {
  red: [31, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  blue: [34, 39],
  green: [32, 39],
  bold: [1, 22],
  dim: [2, 22],
};

function painter(color: boolean): Paint {
  return (tone, text) => (color ? `\u001b[${sgr[tone][0]}m${text}\u001b[${sgr[tone][1]}m` : text);
}

function renderPlace(place: Place, paint: Paint, tone: Tone): string[] {
  const { file, line, column, keyPath } = place;
  const position = line === undefined ? '' : `:${line}${column === undefined ? '' : `:${column}`}`;
  const path = line === undefined && keyPath !== undefined ? ` (${keyPath})` : '';
  const lines = [`  --> ${file}${position}${path}`];
  if (line === undefined || place.source === undefined) return lines;
  const gutter = ' '.repeat(String(line).length);
  // Tabs keep their width under the squiggles only if they are repeated there.
  const before = place.source.slice(0, (column ?? 1) - 1).replace(/[^\t]/g, ' ');
  const squiggles = '~'.repeat(Math.max(1, place.length ?? 1));
  return [
    ...lines,
    `${gutter} |`,
    `${line} | ${place.source}`,
    `${gutter} | ${before}${paint(tone, squiggles)}`,
  ];
}

function labelled(label: string, plain: string, text: string): string[] {
  const indent = ' '.repeat(plain.length + 4);
  return text.split('\n').map((line, index) => (index === 0 ? `  ${label}: ${line}` : `${indent}${line}`));
}
