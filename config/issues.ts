import type * as z from 'zod/mini';
import { type Place, type Problem } from '../lib/errors/index.js';
import { keysAt } from './schema-keys.js';
import { formatPath, type Path } from './source.js';
import { nameOf, oneOf, wordOf } from './words.js';
import { nearest } from '../lib/text/index.js';

/** Where a path of the merged config stands. */
export type Locate = (path: Path, part: 'key' | 'value') => Place;

/** Turns what a schema says of a value at `base` into problems, each at its place with the nearest valid name. */
export function problemsOfIssues(
  issues: readonly z.core.$ZodIssue[],
  base: Path,
  locate: Locate,
  schema: z.core.$ZodType,
): Problem[] {
  const context = { base, locate, schema };
  return withoutEchoes(issues, [], context).flatMap((issue) => problemsOfIssue(issue, [], context));
}

interface Context {
  readonly base: Path;
  readonly locate: Locate;
  readonly schema: z.core.$ZodType;
}

function problemsOfIssue(issue: z.core.$ZodIssue, above: Path, context: Context): Problem[] {
  const inner: Path = [...above, ...issue.path.filter((part) => typeof part !== 'symbol')];
  const path: Path = [...context.base, ...inner];
  const name = formatPath(path);
  const place = (): Place => context.locate(path, 'value');
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        unknownKeyProblem(path, key, keysAt(context.schema, inner), context.locate),
      );
    case 'invalid_union': {
      if (issue.input === undefined) return [missingProblem(path, expectedOf(issue.errors.flat()), context)];
      const best = branchOf(issue.errors, inner, context);
      if (best === undefined) return [noBranchProblem(name, issue.errors.flat(), issue.input, place())];
      if (best.some(isDurationIssue)) return [durationProblem(name, issue.input, place())];
      return best.flatMap((each) => problemsOfIssue(each, inner, context));
    }
    case 'invalid_type':
      if (issue.input === undefined && inner.length > 0)
        return [missingProblem(path, ownWords(issue) ?? wordOf(issue.expected), context)];
      return [typeProblem(name, wordOf(issue.expected), issue.input, place())];
    case 'invalid_value': {
      const values = issue.values.map(String);
      const near = typeof issue.input === 'string' ? nearest(issue.input, values) : undefined;
      return [
        {
          code: 'DBB2004',
          message: `${name} must be ${oneOf(values)}`,
          place: place(),
          help: near === undefined ? `write ${oneOf(values)}` : `did you mean "${near}"?`,
        },
      ];
    }
    default:
      if (isDurationIssue(issue)) return [durationProblem(name, issue.input, place())];
      return [
        {
          code: 'DBB2004',
          message: `${name === '' ? 'the config' : name} ${rule(issue)}`,
          place: place(),
          help: `write a value that keeps to this; "db-bootstrap config --schema" has the rules of all keys`,
        },
      ];
  }
}

/** The branch of a union that was meant: not one that takes another type altogether; of the others, the one with the fewest complaints. */
function branchOf(
  branches: readonly (readonly z.core.$ZodIssue[])[],
  above: Path,
  context: Context,
): readonly z.core.$ZodIssue[] | undefined {
  const near = branches.filter(
    (branch) =>
      !branch.every(
        ({ path, code }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'),
      ),
  );
  const candidates = near.map((branch) => withoutEchoes(branch, above, context));
  return candidates.sort((a, b) => weightOf(a) - weightOf(b))[0];
}

/** A key that is none weighs more than one that is missing: what is there tells more about what was meant. */
function weightOf(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce(
    (sum, issue) => sum + (issue.code === 'unrecognized_keys' ? 2 * issue.keys.length : 1),
    0,
  );
}

/** Without the missing keys that stand there misspelled: one mistake is one problem. */
function withoutEchoes(
  issues: readonly z.core.$ZodIssue[],
  above: Path,
  { schema }: Context,
): readonly z.core.$ZodIssue[] {
  const meant = new Set(
    issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => {
            const at = [...above, ...(issue.path as Path)];
            return JSON.stringify([...issue.path, nearest(key, keysAt(schema, at)) ?? '']);
          })
        : [],
    ),
  );
  return issues.filter((issue) => issue.input !== undefined || !meant.has(JSON.stringify(issue.path)));
}

function missingProblem(path: Path, what: string, { locate }: Context): Problem {
  return {
    code: 'DBB2017',
    message: `${formatPath(path)} is missing`,
    place: locate(path.slice(0, -1), 'key'),
    help: `add "${String(path.at(-1))}": ${what}`,
  };
}

/** What a schema of ours says in words of its own; undefined where it is the library's. */
function ownWords({ message }: z.core.$ZodIssue): string | undefined {
  return message.startsWith('Invalid input') ? undefined : message;
}

/** The rule that a value breaks. */
function rule(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small') {
    if (issue.origin === 'string' && Number(issue.minimum) === 1) return 'must not be empty';
    if (issue.origin === 'array') return `must have at least ${String(issue.minimum)} entries`;
    return `must be at least ${String(issue.minimum)}`;
  }
  if (issue.code === 'too_big' && issue.origin !== 'string' && issue.origin !== 'array')
    return `must be at most ${String(issue.maximum)}`;
  if (issue.code === 'invalid_format' && issue.format === 'regex' && issue.message.startsWith('Invalid'))
    return `does not look as it must: ${issue.pattern ?? ''}`;
  return `is not valid: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
}

/** The problem for a key that may not stand at a path. */
export function unknownKeyProblem(path: Path, key: string, keys: readonly string[], locate: Locate): Problem {
  const place = locate([...path, key], 'key');
  if (keys.includes(key)) {
    return {
      code: 'DBB2003',
      message: `"${key}" may not stand beside the other keys of ${formatPath(path)}`,
      place,
      help: 'keep one of them',
    };
  }
  const near = nearest(key, keys);
  return {
    code: 'DBB2003',
    message: path.length === 0 ? `unknown key "${key}"` : `unknown key "${key}" in ${formatPath(path)}`,
    place,
    help:
      near !== undefined
        ? `did you mean "${near}"?`
        : keys.length > 0
          ? `the keys here are ${keys.join(', ')}`
          : 'take it out',
  };
}

function isDurationIssue(issue: z.core.$ZodIssue): boolean {
  return issue.message === 'duration';
}

function durationProblem(name: string, input: unknown, place: Place): Problem {
  const bare = typeof input === 'number' || (typeof input === 'string' && /^\d+$/.test(input));
  return {
    code: 'DBB2011',
    message: `${name} is not a duration`,
    place,
    help: bare
      ? `write the unit: ${String(input)}s or ${String(input)}ms`
      : 'write a number and a unit, such as 250ms, 30s, 1.5m or 2h (at most 24d)',
  };
}

function typeProblem(name: string, expected: string, input: unknown, place: Place): Problem {
  return {
    code: 'DBB2004',
    message: `${name} must be ${expected}, not ${nameOf(input)}`,
    place,
    help: typeHelp(expected, input),
  };
}

/** The problem for a value that no branch of a union takes; of words, the nearest was meant. */
function noBranchProblem(
  name: string,
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  place: Place,
): Problem {
  const expected = expectedOf(issues);
  const words = issues.flatMap((issue) => (issue.code === 'invalid_value' ? issue.values.map(String) : []));
  if (typeof input !== 'string' || words.length === 0) return typeProblem(name, expected, input, place);
  const near = nearest(input, words);
  return {
    code: 'DBB2004',
    message: `${name} must be ${expected}`,
    place,
    help: near === undefined ? `write ${expected} here` : `did you mean "${near}"?`,
  };
}

function typeHelp(expected: string, input: unknown): string {
  const scalar = ['string', 'number', 'boolean'].includes(typeof input);
  if (expected.includes('a text') && scalar && typeof input !== 'string') return 'put it in quotes';
  if (expected.includes('a list') && scalar) return 'put it in brackets: [ … ]';
  return `write ${expected} here`;
}

function expectedOf(issues: readonly z.core.$ZodIssue[]): string {
  const words = issues.flatMap((issue) =>
    issue.code === 'invalid_type'
      ? [wordOf(issue.expected)]
      : issue.code === 'invalid_value'
        ? issue.values.map((value) => JSON.stringify(value))
        : [],
  );
  return [...new Set(words)].join(' or ');
}
