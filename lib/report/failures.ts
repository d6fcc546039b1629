import { renderProblem, type Problem } from '../errors/index.js';
import { oneLine, painter, shortProblem } from './format.js';
import { joinSchemas } from './join-schemas.js';
import type { RunEnd, RunView, TaskView } from './run-view.js';
import { formatCount, listNames, plainText, visible } from '../text/index.js';

// Thousands of tenants fail for few causes; more than this nobody reads at once.
const shownCauses = 5;

/** Everything that failed, in full: the problems of each failed task, its failed tenants, and its output last. */
export function renderFailures(view: RunView, end: RunEnd, options: { readonly color: boolean }): string[] {
  const blocks = joinSchemas(end.problems ?? []).map((problem) => renderProblem(problem, options));
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
  const parts = joinSchemas(problems.map((problem) => attributed(withoutOutput(problem), task))).map(
    (problem) => renderProblem(problem, options),
  );
  if (parts.length === 0)
    parts.push(paint('red', `task "${task.name}" failed: ${oneLine(task.end?.reason ?? '')}`));
  parts.push(...renderTenants(task, problems, options));
  const output = outputOf(task, withOutput);
  const kind = task.check ? 'check' : 'task';
  if (task.end?.log !== undefined) parts.push(`log of ${kind} "${task.name}": ${task.end.log}`);
  if (output.length > 0) {
    parts.push(
      [paint('bold', `output of ${kind} "${task.name}":`), ...output.map((line) => `  | ${line}`)].join('\n'),
    );
  }
  return parts.join('\n\n');
}

/** Says which task met the problem, where its message does not. */
export function attributed(
  problem: Problem,
  task: { readonly name: string; readonly check: boolean },
): Problem {
  const known = problem.notes?.some(({ label }) => label === 'found by' || label === 'task') ?? false;
  if (known || problem.message.includes(`"${task.name}"`)) return problem;
  const note = task.check
    ? { label: 'found by', text: `check "${task.name.replace(/^check-/, '')}"` }
    : { label: 'task', text: task.name };
  return { ...problem, notes: [note, ...(problem.notes ?? [])] };
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

/** Failed tenants: each cause once with its first schema in full, and the other schemas by name. */
function renderTenants(
  task: TaskView,
  problems: readonly Problem[],
  options: { readonly color: boolean },
): string[] {
  // What a tenant's event said may be the headline by now, or the symptom below the cause.
  const known = new Set(
    problems.flatMap(({ message, notes = [] }) => [
      message,
      ...notes.flatMap(({ label, text }) => (label === 'symptom' ? [text] : [])),
    ]),
  );
  const byCause = new Map<string, TaskView['failedTenants']>();
  for (const tenant of task.failedTenants) {
    if (tenant.problem && known.has(tenant.problem.message)) continue;
    const cause = tenant.problem ? shortProblem(tenant.problem) : oneLine(tenant.reason ?? '');
    const key = cause.replaceAll(tenant.schema, '');
    byCause.set(key, [...(byCause.get(key) ?? []), tenant]);
  }
  const causes = [...byCause.values()];
  const parts = causes.slice(0, shownCauses).map((tenants) => {
    const others = tenants.slice(1).map(({ schema }) => schema);
    const same = others.length === 0 ? '' : `\n  the same in: ${listNames(others, 20)}`;
    return renderTenant(tenants[0], options) + same;
  });
  const rest = causes.slice(shownCauses).flatMap((tenants) => tenants.map(({ schema }) => schema));
  if (rest.length > 0) parts.push(`failed as well, for other causes: ${listNames(rest, 20)}`);
  return parts;
}

function renderTenant(
  tenant: TaskView['failedTenants'][number] | undefined,
  options: { readonly color: boolean },
): string {
  if (tenant?.problem) return renderProblem(tenant.problem, options);
  return `schema "${visible(tenant?.schema ?? '')}" failed: ${oneLine(tenant?.reason ?? 'no reason was given')}`;
}
