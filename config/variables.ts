import { interpolate, interpolateText, missingVariableProblem } from './interpolate.js';
import type { Problem } from '../lib/errors/index.js';
import { valueAt } from './coerce.js';
import type { Json } from './define.js';
import type { Locate } from './issues.js';
import { isObject } from './merge.js';
import type { Path } from './source.js';
import { unreadVariables } from './unread.js';

/** A config whose texts have their variables' values, and what is known of the variables. */
export interface Interpolated {
  readonly data: Record<string, Json>;
  /** Whether the text at a path was written with a variable. */
  readonly isFromVariable: (path: Path) => boolean;
  /** Whether a variable still stands at a path: in a disabled task nobody demands them. */
  readonly isOpen: (path: Path) => boolean;
}

/** Puts the values of variables into the merged config; those that are demanded and not set are pushed as problems. */
export function readVariables(
  merged: Record<string, Json>,
  env: Readonly<Record<string, string>>,
  root: string,
  locate: Locate,
  problems: Problem[],
): Interpolated {
  const isDisabled = (name: string | number | undefined): boolean => {
    const enabled = valueAt(merged, ['tasks', name ?? '', 'enabled']);
    if (typeof enabled !== 'string') return enabled === false;
    return interpolateText(enabled, env, () => '') === 'false';
  };
  const isUnused = ([first, second, third]: Path): boolean =>
    first === 'profiles' || (first === 'tasks' && third !== 'enabled' && isDisabled(second));
  // The environment is read before: its texts are demanded once, there.
  const { env: own, envFile, ...rest } = merged;
  const isUnread = unreadVariables(root, envFile);
  const data = interpolate(
    rest,
    env,
    (missing) =>
      problems.push({ ...missingVariableProblem(missing, isUnread), place: locate(missing.path, 'value') }),
    (path) => (isUnused(path) ? 'left' : 'demanded'),
  ) as Record<string, Json>;
  const resolved = isObject(own)
    ? Object.fromEntries(
        Object.entries(own).map(([name, value]) => [
          name,
          typeof value === 'string' ? (env[name] ?? '') : value,
        ]),
      )
    : own;
  const holdsVariable = (value: Json | undefined): boolean =>
    typeof value === 'string' && /\$\{[A-Za-z_]/.test(value);
  return {
    data: {
      ...(envFile === undefined ? {} : { envFile }),
      ...(resolved === undefined ? {} : { env: resolved }),
      ...data,
    },
    isFromVariable: (path) => holdsVariable(valueAt(merged, path)),
    isOpen: (path) => isUnused(path) && holdsVariable(valueAt(data, path)),
  };
}
