import { parse } from 'dotenv';
import { interpolateText } from './interpolate.js';

const assignment = /^([ \t]*(?:export[ \t]+)?[\w.-]+[ \t]*=[ \t]*)([^'"`\s][^\r\n]*)$/gm;

/**
 * The variables of an env file: dotenv's dialect, in which a "#" begins a comment only after a blank, and `${NAME}` and
 * `${NAME:-default}` are replaced by variables of the process, of the lines above, and of `earlier` files. What nobody sets stays as it is written.
 */
export function parseEnvFile(
  text: string,
  process: Readonly<Record<string, string>>,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(parse(text.replace(assignment, quoted))))
    variables[name] = interpolateText(
      value,
      { ...earlier, ...variables, ...process },
      (...[, , whole]) => whole,
    );
  return variables;
}

/** dotenv alone cuts an unquoted value at each "#"; shells, compose and Python's readers do not. */
function quoted(line: string, start: string, written: string): string {
  const value = written.replace(/\s+#.*$/, '').trim();
  const quote = ["'", '`', '"'].find((each) => !value.includes(each));
  return value.includes('#') && quote !== undefined ? `${start}${quote}${value}${quote}` : line;
}
