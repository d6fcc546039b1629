import type { z } from 'zod';
import { nearest, type Place, type Problem } from '../lib/errors/index.js';
import { formatPath, type Path } from './source.js';

/** Where a path of the merged config stands. */
export type Locate = (path: Path, part: 'key' | 'value') => Place;

/** Turns what the validator says of a value at `base` into problems, each at its place with the nearest valid name. */
export function problemsOfIssues(
  issues: readonly z.core.$ZodIssue[],
  base: Path,
  locate: Locate,
  keysAt: (path: Path) => readonly string[],
): Problem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, base, locate, keysAt));
}

function problemsOfIssue(
  issue: z.core.$ZodIssue,
  base: Path,
  locate: Locate,
  keysAt: (path: Path) => readonly string[],
): Problem[] {
  const path: Path = [...base, ...issue.path.filter((part) => typeof part !== 'symbol')];
  const name = formatPath(path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const keys = keysAt(path);
        const near = nearest(key, keys);
        return {
          code: 'DBB2003',
          message: path.length === 0 ? `unknown key "${key}"` : `unknown key "${key}" in ${name}`,
          place: locate([...path, key], 'key'),
          help:
            near !== undefined
              ? `did you mean "${near}"?`
              : keys.length > 0
                ? `the keys here are ${keys.join(', ')}`
                : 'take it out',
        };
      });
    case 'invalid_union': {
      // The branch that got furthest, or has the fewest complaints, is the one that was meant.
      const branches = issue.errors.filter(
        (branch) => !branch.every(({ path: inner, code }) => inner.length === 0 && code === 'invalid_type'),
      );
      const best = branches.sort((a, b) => a.length - b.length)[0] ?? issue.errors[0] ?? [];
      if (best.some(isDurationIssue)) return [durationProblem(name, locate(path, 'value'))];
      if (branches.length === 0)
        return [typeProblem(name, expectedOf(issue.errors.flat()), locate(path, 'value'))];
      return problemsOfIssues(best, path, locate, keysAt);
    }
    case 'invalid_type': {
      if (issue.input === undefined && path.length > 0 && issue.message.includes('received undefined')) {
        return [
          {
            code: 'DBB2017',
            message: `${name} is missing`,
            place: locate(path.slice(0, -1), 'key'),
            help: `add "${String(path.at(-1))}" (${issue.expected})`,
          },
        ];
      }
      return [typeProblem(name, issue.expected, locate(path, 'value'))];
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      const place = locate(path, 'value');
      const near =
        place.source === undefined
          ? undefined
          : nearest(place.source.slice((place.column ?? 1) - 1).replace(/^['"]|['"].*$|\s.*$/g, ''), values);
      return [
        {
          code: 'DBB2004',
          message: `${name} must be ${oneOf(values)}`,
          place,
          ...(near === undefined ? {} : { help: `did you mean "${near}"?` }),
        },
      ];
    }
    default:
      if (isDurationIssue(issue)) return [durationProblem(name, locate(path, 'value'))];
      return [
        {
          code: 'DBB2004',
          message: `${name}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`,
          place: locate(path, 'value'),
        },
      ];
  }
}

function isDurationIssue(issue: z.core.$ZodIssue): boolean {
  return issue.message === 'duration';
}

function durationProblem(name: string, place: Place): Problem {
  return {
    code: 'DBB2011',
    message: `${name} is no duration`,
    place,
    help: 'write a number and a unit, such as 250ms, 30s, 1.5m or 2h',
  };
}

function typeProblem(name: string, expected: string, place: Place): Problem {
  return {
    code: 'DBB2004',
    message: `${name} must be ${/^[aeiou]/.test(expected) ? 'an' : 'a'} ${expected}`,
    place,
    help: `give it a value of the type ${expected}`,
  };
}

function expectedOf(issues: readonly z.core.$ZodIssue[]): string {
  const types = issues.flatMap((issue) =>
    issue.code === 'invalid_type'
      ? [issue.expected as string]
      : issue.code === 'invalid_value'
        ? issue.values.map((value) => JSON.stringify(value))
        : [],
  );
  return [...new Set(types)].join(' or ');
}

function oneOf(values: readonly string[]): string {
  const quoted = values.map((value) => `"${value}"`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''}`;
}
