import type { ErrorCode } from './codes.js';
import type { Problem } from './problem.js';

/** The only error that db-bootstrap throws: one or more problems, every one with its code. */
export class BootstrapError extends Error {
  override readonly name = 'BootstrapError';
  readonly problems: readonly [Problem, ...Problem[]];

  constructor(problems: Problem | readonly [Problem, ...Problem[]], options?: { cause?: unknown }) {
    const all: readonly [Problem, ...Problem[]] = isList(problems) ? problems : [problems];
    super(all[0].message, options);
    this.problems = all;
  }

  /** The code of the first problem, which decides the exit code. */
  get code(): ErrorCode {
    return this.problems[0].code;
  }
}

function isList(
  value: Problem | readonly [Problem, ...Problem[]],
): value is readonly [Problem, ...Problem[]] {
  return Array.isArray(value);
}
