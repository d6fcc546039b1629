import { asError, BootstrapError } from '../errors/index.js';
import { findingOf, type Finding } from './diagnosis.js';
import type { Evidence } from './evidence.js';
import { joinFindings } from './join-findings.js';
import type { NotExamined, Rule } from './rule.js';

/** A rule that could not be applied, and the part of the evidence that it could not have. */
export interface LeftOut {
  readonly name: string;
  readonly lacks: Rule['reads'][number];
}

/** What an examination brought to light. */
export interface Examination {
  /** Errors first, among them what others may follow from, then by place; one for each place and code. */
  readonly findings: readonly Finding[];
  readonly leftOut: readonly LeftOut[];
  readonly notExamined: readonly NotExamined[];
}

/** Applies rules to the evidence, side by side. What a rule could not read is a finding of its own, and the others go on. */
export async function examine(evidence: Evidence, rules: readonly Rule[]): Promise<Examination> {
  const leftOut = rules.flatMap(({ name, reads }) => {
    const lacks = reads.find((part) => evidence[part] === undefined);
    return lacks === undefined ? [] : [{ name, lacks }];
  });
  const applicable = rules.filter((rule) => leftOut.every(({ name }) => name !== rule.name));
  const outcomes = (await Promise.all(applicable.map((rule) => apply(rule, evidence)))).flat();
  const found = outcomes.flatMap((outcome) => ('code' in outcome ? [outcome] : []));
  const unique = new Map(joinFindings(found).map((finding) => [keyOf(finding), finding]));
  return {
    findings: [...unique.values()].sort(bySeverityAndPlace),
    leftOut,
    notExamined: outcomes.flatMap((outcome) => ('notExamined' in outcome ? [outcome] : [])),
  };
}

async function apply(rule: Rule, evidence: Evidence): Promise<readonly (Finding | NotExamined)[]> {
  try {
    return await rule.find(evidence);
  } catch (error) {
    evidence.signal.throwIfAborted();
    if (error instanceof BootstrapError) return error.problems.map((problem) => findingOf(problem));
    // A fault of ours hides at most one kind of fault of theirs.
    return [
      findingOf(
        {
          code: 'DBB9001',
          severity: 'warning',
          message: `a fault of db-bootstrap itself: the rule "${rule.name}" failed: ${asError(error).message}`,
          help: 'please report it, with what the rule was looking at',
        },
        { rule: rule.name },
      ),
    ];
  }
}

/** Rules that stumble over the same thing say the same: without a place, the message tells one from another. */
function keyOf({ code, place, subject, message }: Finding): string {
  return JSON.stringify([
    code,
    place?.file,
    place?.line,
    place?.column,
    subject,
    Object.keys(subject).length === 0 && message,
  ]);
}

const ranks = { error: 0, warning: 1, note: 2 };
/** The server that is not reached, and settings that make it another project: from these the rest may follow. */
const first = /^DBB(?:1010|40\d\d|600[1-5]|603[02]|604[5-9])$/;

function bySeverityAndPlace(a: Finding, b: Finding): number {
  return (
    ranks[a.severity ?? 'error'] - ranks[b.severity ?? 'error'] ||
    (b.joined ?? 0) - (a.joined ?? 0) ||
    Number(first.test(b.code)) - Number(first.test(a.code)) ||
    (a.place?.file ?? '').localeCompare(b.place?.file ?? '') ||
    (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
    a.code.localeCompare(b.code)
  );
}
