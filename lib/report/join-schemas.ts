import type { Problem } from '../errors/index.js';
import { listNames } from '../text/index.js';

/** How many other schemas are named. */
const named = 10;

/**
 * Problems that differ in their schema alone, as one with the names of the other schemas: a migration that thousands of tenants lack is
 * one fault. The first of them stands in full, at its place in the order.
 */
export function joinSchemas(problems: readonly Problem[]): readonly Problem[] {
  const alike = new Map<string, Problem[]>();
  for (const [index, problem] of problems.entries()) {
    const key = keyOf(problem) ?? String(index);
    alike.set(key, [...(alike.get(key) ?? []), problem]);
  }
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const schemas = new Set(others.flatMap((other) => schemaOf(other) ?? []));
    if (schemas.size === 0) return [first];
    const same = { label: 'the same in', text: listNames([...schemas], named) };
    return [{ ...first, notes: [...(first.notes ?? []), same] }];
  });
}

/** The schema that a problem speaks of: by its message, or by the note that names the one in which it was met. */
function schemaOf({ message, notes = [], facts }: Problem): string | undefined {
  const named = notes.find(({ label }) => label === 'schema')?.text;
  const schema = typeof facts?.schema === 'string' ? facts.schema : named;
  return schema !== undefined && (schema === named || message.includes(`"${schema}"`)) ? schema : undefined;
}

/** The problem without the name of its schema; undefined where it speaks of none. */
function keyOf(problem: Problem): string | undefined {
  const { code, severity, message, place, notes = [], help, output } = problem;
  const schema = schemaOf(problem);
  if (schema === undefined) return undefined;
  const apart = (text: string | undefined): string => (text ?? '').replaceAll(`"${schema}"`, '""');
  return JSON.stringify([
    code,
    severity,
    apart(message),
    place,
    notes.map(({ label, text }) => [label, label === 'schema' ? '' : apart(text)]),
    apart(help),
    apart(output),
  ]);
}
