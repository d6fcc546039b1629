import { outcome, statusWord } from './end-block.js';
import { oneLine, shortProblem, type Paint } from './format.js';
import { progressText } from './progress.js';
import type { TaskView } from './run-view.js';
import { displayWidth, formatDuration, padText, plainText, truncateText, visible } from '../text/index.js';

/** What a row is drawn with. */
export interface RowOptions {
  /** Columns that the row may take. */
  readonly columns: number;
  /** Width of the column of names. */
  readonly nameWidth: number;
  readonly paint: Paint;
  /** How many of the last log lines stand under a running task. */
  readonly logLines: number;
}

// The last few failures say what is going on; the end block has them all.
const shownFailures = 3;

/** The lines of one task on a terminal: its name and state, and under a running one its last failures and log lines. */
export function rowLines(task: TaskView, now: number, options: RowOptions): string[] {
  const { paint, columns } = options;
  const name = padText(task.name, options.nameWidth);
  const head = (text: string, tint: (text: string) => string = (same) => same): string => {
    const room = columns - displayWidth(name) - 2;
    return room < 8
      ? truncateText(task.name, columns)
      : `${name}  ${tint(truncateText(text, room))}`.trimEnd();
  };
  if (task.end) return [head(endText(task))];
  if (task.startedAt === undefined) return [paint('dim', truncateText(task.name, columns))];
  const below = (text: string) => truncateText(text, columns - 2);
  const failures = task.failedTenants.slice(-shownFailures).map(({ schema, problem, reason }) => {
    const why = problem ? shortProblem(problem) : oneLine(reason ?? '');
    return paint('red', below(`${visible(schema)}: ${why}`));
  });
  if (task.retry) return [head(retryText(task, now), (text) => paint('yellow', text)), ...failures];
  const logs = options.logLines > 0 ? task.log.slice(-options.logLines) : [];
  const lines = logs.flatMap((line) => {
    const text = plainText(line).replaceAll('\t', '  ').trimEnd();
    return text === '' ? [] : [paint('dim', below(text))];
  });
  return [head(runningText(task, now)), ...failures, ...lines];
}

function runningText(task: TaskView, now: number): string {
  const elapsed = now - (task.startedAt ?? now);
  const parts = [
    progressText(task),
    // A task that is done at once needs no clock.
    elapsed >= 1000 ? formatDuration(Math.floor(elapsed / 1000) * 1000) : '',
    task.attempt > 1 ? `attempt ${task.attempt}` : '',
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

function retryText(task: TaskView, now: number): string {
  const { at, attempts, problem } = task.retry ?? { at: now, attempts: 1 };
  const cause = problem ? `: ${shortProblem(problem)}` : '';
  return `attempt ${task.attempt} of ${attempts} failed, next in ${formatDuration(Math.max(0, at - now))}${cause}`;
}

function endText(task: TaskView): string {
  const { end } = task;
  if (!end) return '';
  const time = end.attempts > 0 && end.status !== 'up-to-date' ? formatDuration(end.ms) : '';
  const word = end.status === 'succeeded' ? '' : statusWord(end.status);
  return [word, outcome(end), time].filter((part) => part !== '').join(' · ');
}
