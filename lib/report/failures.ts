import { plainText, renderProblem, type Problem } from '../errors/index.js';
import { formatCount, listNames, oneLine, painter } from './format.js';
import type { RunEnd, RunView, TaskView } from './run-view.js';

// Of thousands of failed tenants the first few tell the cause; the others are named.
const shownTenants = 5;

/** Everything that failed, in full: the problems of each failed task, its failed tenants, and its output last. */
export function renderFailures(view: RunView, end: RunEnd, options: { readonly color: boolean }): string[] {
  const blocks = (end.problems ?? []).map((problem) => renderProblem(problem, options));
  for (const task of view.tasks.values()) {
    if (task.end?.status === 'failed') blocks.push(renderTask(task, options));
  }
  return blocks.flatMap((block, index) => (index === 0 ? [block] : ['', block]));
}

function renderTask(task: TaskView, options: { readonly color: boolean }): string {
  const paint = painter(options.color);
  const problems = [...(task.end?.problems ?? [])];
  // Output stands last, whatever problem brought it.
  const withOutput = problems.filter(({ output }) => output !== undefined && output.trim() !== '');
  const parts = problems.map((problem) => renderProblem(withoutOutput(problem), options));
  if (parts.length === 0)
    parts.push(paint('red', `task "${task.name}" failed: ${oneLine(task.end?.reason ?? '')}`));
  parts.push(...renderTenants(task, problems, options));
  const output = outputOf(task, withOutput);
  const kind = task.check ? 'check' : 'task';
  if (output.length > 0) {
    parts.push(
      [paint('bold', `output of ${kind} "${task.name}":`), ...output.map((line) => `  | ${line}`)].join('\n'),
    );
  }
  if (task.end?.log !== undefined) parts.push(`log of ${kind} "${task.name}": ${task.end.log}`);
  return parts.join('\n');
}

function withoutOutput(problem: Problem): Problem {
  return { ...problem, output: '' };
}

function outputOf(task: TaskView, withOutput: readonly Problem[]): string[] {
  const own = withOutput.flatMap(({ output }) =>
    plainText(output ?? '')
      .trimEnd()
      .split('\n'),
  );
  if (own.length > 0) return own;
  const lines = task.log.flatMap((line) => plainText(line).split('\n'));
  return task.dropped === 0
    ? lines
    : [`(${formatCount(task.dropped)} earlier lines are not shown)`, ...lines];
}

function renderTenants(
  task: TaskView,
  problems: readonly Problem[],
  options: { readonly color: boolean },
): string[] {
  const known = new Set(problems.map(({ message }) => message));
  const failed = task.failedTenants.filter(({ problem }) => !problem || !known.has(problem.message));
  const parts = failed
    .slice(0, shownTenants)
    .map(({ schema, problem, reason }) =>
      problem
        ? renderProblem(problem, options)
        : `schema "${oneLine(schema)}" failed: ${oneLine(reason ?? 'no reason was given')}`,
    );
  const rest = failed.slice(shownTenants).map(({ schema }) => schema);
  if (rest.length > 0) parts.push(`failed as well: ${listNames(rest, 20)}`);
  return parts;
}
