import { BootstrapError, redact, renderProblems } from '../errors/index.js';

/** What to print for a failure that ended the command outside a run. A stack only with `--verbose`, or for a fault of ours. */
export function failureText(
  error: unknown,
  options: { readonly verbose: boolean; readonly color: boolean },
): string {
  if (error instanceof BootstrapError) {
    const text = renderProblems(error.problems, { color: options.color });
    return options.verbose && error.stack !== undefined ? `${text}\n\n${redact(error.stack)}` : text;
  }
  const fault = error instanceof Error ? error : new Error(String(error));
  return renderProblems(
    [
      {
        code: 'DBB9001',
        message: `a fault of db-bootstrap itself: ${fault.message}`,
        help: 'please report it, with the lines below and the config that leads to it',
        output: fault.stack ?? fault.message,
      },
    ],
    { color: options.color },
  );
}
