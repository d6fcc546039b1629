import { asError, BootstrapError, redact, renderProblems } from '../errors/index.js';

/** What to print for a failure that ended the command outside a run. A stack only with `--verbose`, or for a fault of ours. */
export function failureText(
  error: unknown,
  options: { readonly verbose: boolean; readonly color: boolean },
): string {
  const fault = asError(error);
  if (fault instanceof BootstrapError) {
    const text = renderProblems(fault.problems, { color: options.color });
    return options.verbose && fault.stack !== undefined ? `${text}\n\n${redact(fault.stack)}` : text;
  }
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
