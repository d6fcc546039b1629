import type { RetryPolicy } from '../../config/workflow.js';
import type { ErrorCode, Problem } from '../errors/index.js';
import { isError } from './failure.js';

/** The wait before the attempt after `attempt`, in milliseconds, as p-retry computes it from the same numbers. */
export function backoff(policy: RetryPolicy, attempt: number, scale: number): number {
  const factor = policy.factor > 0 ? policy.factor : 1;
  return Math.min(Math.round(policy.delay * scale * factor ** (attempt - 1)), policy.maxDelay);
}

/** With jitter, the delays of a task are scaled by one random number from 0.5 to 1, so that two runs do not stay in step. */
export function jitterScale(policy: RetryPolicy): number {
  return policy.jitter ? 0.5 + Math.random() / 2 : 1;
}

// A config, a guard or our own fault is the same the next time; what was interrupted half way must not be repeated blindly.
const never = /^DBB[12389]|^DBB(5008|5015|5020)$/;

// Answers, not accidents: they stay as they are until somebody changes something.
const answers: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...([
    'DBB4002',
    'DBB4003',
    'DBB4004',
    'DBB4005',
    'DBB4006',
    'DBB4012',
    'DBB4014',
    'DBB4020',
    'DBB4023',
  ] as const),
  ...(['DBB5002', 'DBB5006', 'DBB5007', 'DBB5009', 'DBB5012', 'DBB5018'] as const),
  ...([
    'DBB6001',
    'DBB6002',
    'DBB6003',
    'DBB6004',
    'DBB6005',
    'DBB6006',
    'DBB6007',
    'DBB6008',
    'DBB6010',
  ] as const),
  ...([
    'DBB6015',
    'DBB6016',
    'DBB6017',
    'DBB6018',
    'DBB6023',
    'DBB6024',
    'DBB6025',
    'DBB6026',
    'DBB6030',
  ] as const),
  'DBB6032',
  'DBB6036',
]);

/** Whether a failure is worth another try. With `on`, one of its problems must match; without, none may be a plain answer. */
export function isWorthRetry(problems: readonly Problem[], on: readonly string[] | undefined): boolean {
  const errors = problems.filter(isError);
  if (errors.some((problem) => never.test(problem.code))) return false;
  if (!on) return !errors.some((problem) => answers.has(problem.code));
  return errors.some((problem) => on.some((word) => matches(problem, word)));
}

function matches(problem: Problem, word: string): boolean {
  const sqlstate = problem.facts?.sqlstate ?? '';
  switch (word) {
    case 'connection':
      return (
        ['DBB4001', 'DBB4007', 'DBB4010', 'DBB4013'].includes(problem.code) ||
        /^(08|57P0[1-5]|53300)/.test(sqlstate)
      );
    case 'lock':
      return ['40P01', '40001', '55P03'].includes(sqlstate);
    case 'timeout':
      return problem.code === 'DBB5003' || sqlstate === '57014';
    case 'exit':
      return problem.code === 'DBB5001' || problem.facts?.exitCode !== undefined;
    default:
      return (
        problem.code === word ||
        (sqlstate !== '' && /^\w{2}$|^\w{5}$/.test(word) && sqlstate.startsWith(word))
      );
  }
}
