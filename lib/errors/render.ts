import { renderExcerpt } from './excerpt.js';
import type { Facts, Note, Place, Problem } from './problem.js';
import { redactor } from './redact.js';
import { inert, plainText, visibleLines } from '../text/index.js';

/** How to render: colour for terminals, and the secrets that may stand in no text. */
export interface RenderOptions {
  readonly color?: boolean;
  readonly secrets?: Iterable<string>;
}

/** Renders one problem in rustc's layout: code and cause, place, excerpt, notes, help, and the output of what failed last. */
export function renderProblem(problem: Problem, options: RenderOptions = {}): string {
  const paint = painter(options.color ?? false);
  // Masked before anything is laid out: a gutter in the middle of a secret would hide it from the mask.
  const redact = redactor(options.secrets ?? []);
  const clean: Clean = (text) => inert(visibleLines(redact(text)));
  const severity = problem.severity ?? 'error';
  const tone = severity === 'error' ? 'red' : severity === 'warning' ? 'yellow' : 'cyan';
  const [first = '', ...rest] = clean(problem.message).split('\n');
  const lines = [`${paint(tone, `${severity}[${problem.code}]`)}${paint('bold', `: ${first}`)}`];
  lines.push(...rest.map((line) => `  ${line}`.trimEnd()));
  if (problem.place) lines.push(...renderPlace(problem.place, clean, paint, tone));
  if (problem.facts) lines.push(...renderFacts(problem, problem.facts, clean, paint, tone));
  for (const note of problem.notes ?? []) lines.push(...labelled('blue', note, clean, paint));
  if (problem.help !== undefined) {
    lines.push(...labelled('green', { label: 'help', text: problem.help }, clean, paint));
  }
  const output = inert(plainText(redact(problem.output ?? ''))).trimEnd();
  if (output !== '') lines.push(...output.split('\n').map((line) => `  | ${line}`.trimEnd()));
  return lines.join('\n');
}

/** Renders problems one below the other, with an empty line between. */
export function renderProblems(problems: readonly Problem[], options: RenderOptions = {}): string {
  return problems.map((problem) => renderProblem(problem, options)).join('\n\n');
}

type Tone = 'red' | 'yellow' | 'cyan' | 'blue' | 'green' | 'bold';
type Paint = (tone: Tone, text: string) => string;
type Clean = (text: string) => string;

const sgr: Record<Tone, [number, number]> = {
  red: [31, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  blue: [34, 39],
  green: [32, 39],
  bold: [1, 22],
};

function painter(color: boolean): Paint {
  return (tone, text) => (color ? `\u001b[${sgr[tone][0]}m${text}\u001b[${sgr[tone][1]}m` : text);
}

function renderPlace(place: Place, clean: Clean, paint: Paint, tone: Tone): string[] {
  const { line, column, keyPath, source } = place;
  const position = line === undefined ? '' : `:${line}${column === undefined ? '' : `:${column}`}`;
  const path = line === undefined && keyPath !== undefined ? ` (${clean(keyPath)})` : '';
  // A line end in a key or a name would begin a line that looks like another part.
  const head = `  --> ${clean(place.file)}${position}${path}`.replace(/\s*\n\s*/g, ' ');
  if (line === undefined || source === undefined) return [head];
  const mark = { column: column ?? 1, length: place.length ?? 1 };
  return [head, ...renderExcerpt({ line, source, ...mark }, clean, (text) => paint(tone, text))];
}

/** What PostgreSQL said beside its message: the SQLSTATE, and the statement with the position where no file shows it. */
function renderFacts(problem: Problem, facts: Facts, clean: Clean, paint: Paint, tone: Tone): string[] {
  const { sqlstate, statement, position } = facts;
  const shown = [problem.message, ...(problem.notes ?? []).map(({ label, text }) => `${label} ${text}`)].join(
    '\n',
  );
  const lines: string[] = [];
  if (statement !== undefined && problem.place?.source === undefined && !/\bstatement\b/.test(shown)) {
    const at = lineAt(statement, position ?? 1);
    const from = at.line > 1 ? `statement, line ${at.line}` : 'statement';
    lines.push(`  --> ${from}`);
    const mark = position === undefined ? {} : { column: at.column, length: 1 };
    lines.push(...renderExcerpt({ ...at, ...mark }, clean, (text) => paint(tone, text)));
  }
  if (sqlstate !== undefined && !shown.includes(sqlstate)) {
    lines.push(...labelled('blue', { label: 'sqlstate', text: sqlstate }, clean, paint));
  }
  return lines;
}

/** The line of a text at a position that counts characters from 1, as PostgreSQL does. */
function lineAt(text: string, position: number): { line: number; source: string; column?: number } {
  const before = Array.from(text)
    .slice(0, position - 1)
    .join('');
  const start = before.lastIndexOf('\n') + 1;
  const end = text.indexOf('\n', start);
  return {
    line: before.split('\n').length,
    source: text.slice(start, end < 0 ? text.length : end),
    column: before.length - start + 1,
  };
}

function labelled(tone: Tone, note: Note, clean: Clean, paint: Paint): string[] {
  const label = clean(note.label);
  const indent = ' '.repeat(label.length + 4);
  return clean(note.text)
    .split('\n')
    .map((line, index) => (index === 0 ? `  ${paint(tone, label)}: ${line}` : `${indent}${line}`).trimEnd());
}
