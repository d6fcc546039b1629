import { renderProblem } from '../errors/index.js';
import type { TaskEnd, TaskStatus } from '../run/events.js';
import { oneLine, painter, type Paint } from './format.js';
import { attributed, renderFailures } from './failures.js';
import { joinSchemas } from './join-schemas.js';
import type { RunEnd, RunView } from './run-view.js';
import { verdict } from './verdict.js';
import { counted, formatDuration, listNames, padText } from '../text/index.js';

/** How the end block is written. */
export interface EndOptions {
  readonly color: boolean;
  readonly quiet: boolean;
}

const words: Record<TaskStatus, string> = {
  succeeded: 'succeeded',
  'up-to-date': 'up to date',
  skipped: 'skipped',
  warned: 'warned',
  failed: 'failed',
  blocked: 'blocked',
  cancelled: 'cancelled',
};

const tones: Record<TaskStatus, Parameters<Paint>[0]> = {
  succeeded: 'green',
  'up-to-date': 'green',
  skipped: 'dim',
  warned: 'yellow',
  failed: 'red',
  blocked: 'yellow',
  cancelled: 'yellow',
};

/** What stands below a run: the tasks that are not plainly fine, counts, warnings, failures in full, what was not done, and one final sentence. */
export function renderEnd(view: RunView, end: RunEnd, options: EndOptions): string {
  const paint = painter(options.color);
  const ends = view.ends();
  const sections = options.quiet
    ? []
    : [
        taskLines(ends, paint),
        [countLine(ends, end.ms, paint), ...slowest(ends)],
        renderWarnings(view, ends, options),
      ];
  sections.push(renderFailures(view, end, options), [
    ...conclusion(end, ends, paint),
    verdict(end, ends, paint),
  ]);
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** How a task ended, in one phrase: "blocked by "shared"", "tolerated 23505: seed rows may exist". */
export function outcome(end: TaskEnd): string {
  if (end.tolerated) return `tolerated ${end.tolerated.key}: ${oneLine(end.tolerated.reason)}`;
  const reason = oneLine(end.reason);
  if (end.blockedBy !== undefined && !reason.includes(end.blockedBy)) {
    return reason === '' ? `by "${end.blockedBy}"` : `by "${end.blockedBy}": ${reason}`;
  }
  return reason;
}

/** The word for a status, as people read it. */
export function statusWord(status: TaskStatus): string {
  return words[status];
}

function taskLines(ends: readonly TaskEnd[], paint: Paint): string[] {
  // What never started is named once more below, in one line: "not done".
  const shown = ends.filter(
    ({ status, attempts }) =>
      ['warned', 'failed'].includes(status) || (status === 'cancelled' && attempts > 0),
  );
  const width = Math.max(0, ...shown.map(({ name }) => name.length));
  return shown.map((end) => {
    const time = end.attempts > 0 ? formatDuration(end.ms) : '';
    const tries = end.attempts > 1 ? ` (${end.attempts} attempts)` : '';
    const status = paint(tones[end.status], padText(words[end.status], 10));
    return `${padText(end.name, width)}  ${status} ${time.padStart(7)}  ${outcome(end)}${tries}`.trimEnd();
  });
}

function countLine(ends: readonly TaskEnd[], ms: number, paint: Paint): string {
  const counts = Object.entries(words).flatMap(([status, word]) => {
    const count = ends.filter((end) => end.status === status).length;
    return count === 0 ? [] : [paint(tones[status as TaskStatus], `${count} ${word}`)];
  });
  return `${counted(ends.length, 'task')} in ${formatDuration(ms)}: ${counts.join(', ') || 'none ran'}`;
}

// Below this nobody waits for anything.
const slowMs = 100;

function slowest(ends: readonly TaskEnd[]): string[] {
  const slow = ends
    .filter(({ ms, attempts }) => attempts > 0 && ms > slowMs)
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 5);
  if (slow.length < 2) return [];
  return [`slowest: ${slow.map(({ name, ms }) => `${name} ${formatDuration(ms)}`).join(', ')}`];
}

function renderWarnings(view: RunView, ends: readonly TaskEnd[], options: EndOptions): string[] {
  const fromTasks = ends.flatMap((end) => [
    ...(end.warnings ?? []),
    ...(end.status === 'warned' && !end.tolerated
      ? (end.problems ?? []).map((problem) => attributed(problem, end))
      : []),
  ]);
  const seen = new Set<string>();
  const warnings = joinSchemas([...view.notices, ...fromTasks]).flatMap((problem) => {
    const severity = problem.severity === 'note' ? 'note' : 'warning';
    const text = renderProblem({ ...problem, severity }, { color: options.color });
    if (seen.has(text)) return [];
    seen.add(text);
    return [text];
  });
  return warnings.flatMap((text, index) => (index === 0 ? [text] : ['', text]));
}

function conclusion(end: RunEnd, ends: readonly TaskEnd[], paint: Paint): string[] {
  if (end.status === 'succeeded') return [];
  const notDone = ends.filter(({ status }) => status === 'blocked' || status === 'cancelled');
  const lines: string[] = [];
  if (notDone.length > 0)
    lines.push(
      `not done: ${listNames(
        notDone.map(({ name }) => name),
        20,
      )}`,
    );
  if (end.resume !== undefined) lines.push(`resume: ${paint('bold', oneLine(end.resume))}`);
  return lines;
}
