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
  missing: (variable: string, message?: string) => void,
): string {
  return text.replace(
    reference,
    (whole: string, escaped?: string, name = '', operator?: string, word = '') => {
      if (escaped !== undefined) return whole.slice(1);
      const value = env[name];
      if (value !== undefined && value !== '') return value;
      if (operator === '-') return word;
      if (operator === undefined && value === '') return '';
      missing(name, operator === '?' ? word : undefined);
      return '';
    },
  );
}

/** The same in every text of a value. Subtrees that `skip` names are left as they are. */
export function interpolate(
  value: Json,
  env: Readonly<Record<string, string | undefined>>,
  missing: (missing: MissingVariable) => void,
  skip: (path: Path) => boolean = () => false,
  path: Path = [],
): Json {
  if (skip(path)) return value;
  if (typeof value === 'string') {
    return interpolateText(value, env, (variable, message) =>
      missing({ path, variable, ...(message ? { message } : {}) }),
    );
  }
  if (Array.isArray(value))
    return (value as Json[]).map((item, index) => interpolate(item, env, missing, skip, [...path, index]));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        interpolate(item, env, missing, skip, [...path, key]),
      ]),
    );
  }
  return value;
}

/** The problem for a variable that is not set. */
export function missingVariableProblem({
  variable,
  message,
}: MissingVariable): Pick<Problem, 'code' | 'message' | 'help'> {
  return {
    code: 'DBB2010',
    message:
      message === undefined
        ? `the variable "${variable}" is not set`
        : `the variable "${variable}" is not set: ${message}`,
    help: `set it in the environment or in a file that envFile names, or write \${${variable}:-default}`,
  };
}
