import * as z from 'zod/mini';
import type { Json } from './define.js';
import { isObject } from './merge.js';
import type { Path } from './source.js';

/**
 * A value in which texts that came out of variables are numbers and booleans where the validator wants these: variables hold only
 * texts, and `concurrency: ${JOBS}` means a number.
 */
export function coerceTexts(
  schema: z.core.$ZodType,
  value: Json,
  isFromVariable: (path: Path) => boolean,
): Json {
  const result = z.safeParse(schema, value);
  if (result.success) return value;
  return result.error.issues
    .flatMap((issue) => wanted(issue, []))
    .filter(isFromVariable)
    .reduce(convertAt, value);
}

/** The paths where a number or a boolean was expected, in any branch of a union. */
function wanted(issue: z.core.$ZodIssue, base: Path): Path[] {
  const path: Path = [...base, ...issue.path.filter((part) => typeof part !== 'symbol')];
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap((inner) => wanted(inner, path));
  const types = ['number', 'int', 'boolean'];
  return issue.code === 'invalid_type' && types.includes(issue.expected) ? [path] : [];
}

function convertAt(value: Json, path: Path): Json {
  const [step, ...rest] = path;
  if (step === undefined) return typeof value === 'string' ? convert(value) : value;
  if (Array.isArray(value))
    return (value as Json[]).map((item, index) => (index === step ? convertAt(item, rest) : item));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === step ? convertAt(item, rest) : item]),
  );
}

function convert(text: string): Json {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The value at a path, or undefined where there is none. */
export function valueAt(value: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>((inner, step) => {
    if (Array.isArray(inner)) return (inner as Json[])[Number(step)];
    return isObject(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined;
  }, value);
}
