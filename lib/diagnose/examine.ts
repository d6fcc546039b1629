import type { Diagnosis } from './diagnosis.js';
import type { Evidence } from './evidence.js';
import type { Rule } from './rule.js';

/** What an examination brought to light. */
export interface Examination {
  /** Errors first, then by place; one for each place and code. */
  readonly findings: readonly Diagnosis[];
  /** Names of the rules that could not be applied, because what they read could not be had. */
  readonly leftOut: readonly string[];
}

/** Applies rules to the evidence, side by side. A rule that fails throws: what it could not read is an error of its own. */
export async function examine(evidence: Evidence, rules: readonly Rule[]): Promise<Examination> {
  const applicable = rules.filter(({ reads }) => reads.every((part) => evidence[part] !== undefined));
  const found = await Promise.all(applicable.map(async (rule) => rule.find(evidence)));
  const unique = new Map(found.flat().map((diagnosis) => [keyOf(diagnosis), diagnosis]));
  return {
    findings: [...unique.values()].sort(bySeverityAndPlace),
    leftOut: rules.filter((rule) => !applicable.includes(rule)).map(({ name }) => name),
  };
}

function keyOf({ code, place, subject }: Diagnosis): string {
  return JSON.stringify([code, place?.file, place?.line, place?.column, subject]);
}

const ranks = { error: 0, warning: 1, note: 2 };

function bySeverityAndPlace(a: Diagnosis, b: Diagnosis): number {
  return (
    ranks[a.severity ?? 'error'] - ranks[b.severity ?? 'error'] ||
    (a.place?.file ?? '').localeCompare(b.place?.file ?? '') ||
    (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
    a.code.localeCompare(b.code)
  );
}
