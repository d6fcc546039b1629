import { appendFileSync, statSync } from 'node:fs';
import { asError, type Problem } from '../errors/index.js';
import type { Reporter, RunEvent, TaskEnd } from '../run/events.js';
import { describeStart } from './append-only.js';
import { outcome, renderEnd, statusWord } from './end-block.js';
import { oneLine, shortProblem } from './format.js';
import { annotation, escapeData, guardLines, inertLine, maskCommands } from './github-commands.js';
import { renderSummary, summaryLimit } from './github-summary.js';
import type { ReporterOptions } from './options.js';
import { RunView, type RunEnd, type TaskView } from './run-view.js';
import { Writer } from './writer.js';
import { formatDuration } from '../text/index.js';

// GitHub shows no more of them per step.
const annotationLimit = 10;

/** For GitHub Actions: a group for what passed, the open log of what failed, annotations, masks and a job summary. */
export function createGithubReporter(options: ReporterOptions): Reporter {
  const out = new Writer(options.stdout);
  const view = new RunView();
  // Before anything else, so that no value is printed before its mask.
  for (const line of maskCommands(options.secrets)) out.line(line);
  return {
    report(event: RunEvent) {
      const task = view.apply(event);
      for (const line of eventLines(event, task, options)) out.line(line);
      if (event.type !== 'run.end') return;
      for (const line of endLines(view, event, options)) out.line(line);
      const trouble = writeSummary(view, event, options.env['GITHUB_STEP_SUMMARY']);
      if (trouble !== undefined) out.line(`::warning title=db-bootstrap::${escapeData(trouble)}`);
    },
    close: () => out.flush(),
  };
}

function eventLines(event: RunEvent, task: TaskView | undefined, options: ReporterOptions): string[] {
  if (event.type === 'task.end' && task) return taskLines(event, task, options);
  if (options.quiet) return [];
  if (event.type === 'run.start') return [inertLine(describeStart(event))];
  if (event.type === 'attempt.fail' && event.retryIn !== undefined) {
    const cause = event.problems[0] ? `: ${shortProblem(event.problems[0])}` : '';
    const next = `next in ${formatDuration(event.retryIn)}`;
    return [
      inertLine(`${event.task}: attempt ${event.attempt} of ${event.attempts} failed, ${next}${cause}`),
    ];
  }
  return [];
}

function taskLines(end: TaskEnd, task: TaskView, options: ReporterOptions): string[] {
  const time = end.attempts > 0 ? ` in ${formatDuration(end.ms)}` : '';
  const reason = outcome(end);
  const title = `${end.name}: ${statusWord(end.status)}${time}${reason === '' ? '' : `: ${reason}`}`;
  if (end.status === 'failed')
    return [inertLine(title), ...guardLines(task.log.map((line) => `  | ${line}`))];
  if (options.quiet) return [];
  if (task.log.length === 0) return [inertLine(title)];
  return [`::group::${escapeData(title)}`, ...guardLines(task.log), '::endgroup::'];
}

function endLines(view: RunView, end: RunEnd, options: ReporterOptions): string[] {
  // The open log of what failed stands above already.
  return [...annotations(view, end), ...guardLines(['', ...renderEnd(view, end, options).split('\n')])];
}

interface Annotated {
  readonly problem: Problem;
  readonly title: string;
}

function annotations(view: RunView, end: RunEnd): string[] {
  const errors: Annotated[] = (end.problems ?? []).map((problem) => ({ problem, title: problem.code }));
  const warnings: Annotated[] = view.notices
    .filter(({ severity }) => severity !== 'note')
    .map((problem) => ({ problem, title: problem.code }));
  for (const task of view.tasks.values()) {
    const titled = (problem: Problem): Annotated => ({ problem, title: `${task.name} [${problem.code}]` });
    const problems = (task.end?.problems ?? []).map(titled);
    const tenants = task.failedTenants.flatMap(({ problem }) => (problem ? [titled(problem)] : []));
    if (task.end?.status === 'failed') errors.push(...problems, ...tenants);
    if (task.end?.status === 'warned') warnings.push(...problems);
    warnings.push(...(task.end?.warnings ?? []).map(titled));
  }
  return [...draw('error', errors), ...draw('warning', warnings)];
}

function draw(level: 'error' | 'warning', all: readonly Annotated[]): string[] {
  const lines = new Set(all.map(({ problem, title }) => annotation(level, problem, title)));
  return [...lines].slice(0, annotationLimit);
}

/** Appends to the file that GitHub names; an answer is the reason why it could not. */
function writeSummary(view: RunView, end: RunEnd, file: string | undefined): string | undefined {
  if (file === undefined || file === '') return undefined;
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    // Who writes to a pipe waits for a reader.
    if (found?.isFIFO()) throw new Error('it is a pipe');
    const used = found?.size ?? 0;
    appendFileSync(file, renderSummary(view, end, summaryLimit - used));
    return undefined;
  } catch (error) {
    const why = oneLine(asError(error).message);
    return `the job summary could not be written: ${why}; let GITHUB_STEP_SUMMARY name a file that this user may write [DBB1009]`;
  }
}
