import type { Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { isObject } from './merge.js';
import type { Path } from './source.js';

/** A variable that a text demands and nobody sets. */
export interface MissingVariable {
  readonly path: Path;
  readonly variable: string;
  /** The text after `:?`. */
  readonly message?: string;
}

const reference = /\$(\$)?\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::([-?])([^}]*))?)\}/g;

/** Replaces `${VAR}`, `${VAR:-default}` and `${VAR:?message}` in a text; `$${` stands for `${`. */
export function interpolateText(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  missing: (variable: string, message: string | undefined, whole: string) => string,
): string {
  return text.replace(reference, (whole, ...groups: (string | undefined)[]) => {
    const [escaped, name = '', operator, word = ''] = groups;
    if (escaped !== undefined) return whole.slice(1);
    const value = env[name];
    if (value !== undefined && value !== '') return value;
    if (operator === '-') return word;
    if (operator === undefined && value === '') return '';
    return missing(name, operator === '?' && word !== '' ? word : undefined, whole);
  });
}

/** The variable that a text consists of, as `${URL}` does; undefined for any other value. */
export function wholeVariable(value: Json | undefined): string | undefined {
  if (typeof value !== 'string') return undefined;
  return /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::[-?][^}]*)?\}$/.exec(value)?.[1];
}

/** What becomes of a variable that is not set: it is demanded, or (where nobody will use the value) left as it is. */
export type Demand = 'demanded' | 'left';

/** The same in every text of a value. */
export function interpolate(
  value: Json,
  env: Readonly<Record<string, string | undefined>>,
  missing: (missing: MissingVariable) => void,
  demandAt: (path: Path) => Demand = () => 'demanded',
  path: Path = [],
): Json {
  if (typeof value === 'string') {
    const demand = demandAt(path);
    return interpolateText(value, env, (variable, message, whole) => {
      if (demand === 'left') return whole;
      missing({ path, variable, ...(message === undefined ? {} : { message }) });
      return '';
    });
  }
  if (Array.isArray(value))
    return (value as Json[]).map((item, index) =>
      interpolate(item, env, missing, demandAt, [...path, index]),
    );
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        interpolate(item, env, missing, demandAt, [...path, key]),
      ]),
    );
  }
  return value;
}

/** The problem for a variable that is not set; `isUnread` says of one that a file holds it which the config does not name. */
export function missingVariableProblem(
  { variable, message }: MissingVariable,
  isUnread: (variable: string) => boolean,
): Pick<Problem, 'code' | 'message' | 'help'> {
  return {
    code: 'DBB2010',
    message:
      message === undefined
        ? `the variable "${variable}" is not set`
        : `the variable "${variable}" is not set: ${message}`,
    help: isUnread(variable)
      ? 'add "envFile: [.env]" to the config: that file sets it, and is read only where it is named'
      : `set it, or write \${${variable}:-default}, or $\${${variable}} where the text itself is meant`,
  };
}
