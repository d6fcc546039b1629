import type { Finding } from '../../config/define.js';
import type { Tolerance } from '../../config/workflow.js';
import { asError, BootstrapError, redactedValue, shortageProblem, type Problem } from '../errors/index.js';

/** What a task threw, as problems. What nobody explained is DBB5019: its message, and its stack only where that is asked for. */
export function problemsOf(error: unknown, task: string, verbose: boolean): readonly [Problem, ...Problem[]] {
  const fault = asError(error);
  if (fault instanceof BootstrapError) return fault.problems;
  const shortage = shortageProblem(fault);
  if (shortage) return [shortage];
  const { message, name, stack } = fault;
  const sqlstate = sqlstateOf(fault);
  return [
    {
      code: 'DBB5019',
      message: `task "${task}" failed: ${message || name}`,
      ...(sqlstate === undefined ? {} : { facts: { sqlstate } }),
      ...(verbose && stack !== undefined ? { output: stack } : {}),
    },
  ];
}

/** Drivers put the SQLSTATE into `code`, beside a severity; Node's own codes ("EPIPE") come without one. */
function sqlstateOf(error: Error): string | undefined {
  if (!('code' in error) || !('severity' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** Whether a problem fails a task; warnings and notes do not. */
export function isError(problem: Problem): boolean {
  return (problem.severity ?? 'error') === 'error';
}

/** The tolerance that covers a failure; undefined where any part of it is not covered. */
export function toleratedBy(
  problems: readonly Problem[],
  tolerate: readonly Tolerance[],
): { readonly key: string; readonly reason: string } | undefined {
  const matches = problems.filter(isError).map((problem) => toleranceOf(problem, tolerate));
  return matches.includes(undefined) ? undefined : matches[0];
}

/** The tolerance that covers one problem, whatever its severity. */
export function toleranceOf(
  problem: Problem,
  tolerate: readonly Tolerance[],
): { readonly key: string; readonly reason: string } | undefined {
  for (const { sqlstate, code, object, reason } of tolerate) {
    if (sqlstate !== undefined && problem.facts?.sqlstate === sqlstate) return { key: sqlstate, reason };
    if (code !== undefined && problem.code === code && (object === undefined || isAbout(problem, object)))
      return { key: code, reason };
  }
  return undefined;
}

/** Whether a finding is about an object that a pattern names: by one of its parts, or by all of them but the schemas. */
function isAbout(problem: Problem & { readonly subject?: Finding['subject'] }, object: string): boolean {
  const { subject = {} } = problem;
  const parts = Object.entries(subject).flatMap(([key, value]) => (/^schemas?$/.test(key) ? [] : [value]));
  const pattern = new RegExp(
    `^${object
      .split('*')
      .map((text) => text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );
  return [...Object.values(subject), parts.join('.')].some((name) => pattern.test(name));
}

/** A problem without secrets in any of its texts. */
export function cleanProblem<P extends Problem>(problem: P, redact: (text: string) => string): P {
  return redactedValue(problem, redact);
}
