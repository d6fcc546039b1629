import type { Finding } from '../../config/define.js';

/** Findings that are shown in full; more would hide the first cause. */
const shown = 50;

/** The first findings, errors before warnings before notes, and one more that counts the rest. */
export function limitFindings(findings: readonly Finding[], subject: string): readonly Finding[] {
  if (findings.length <= shown) return findings;
  const ordered = [...findings].sort((a, b) => rank(a) - rank(b));
  const rest = ordered.slice(shown);
  const [first] = rest;
  if (first === undefined) return ordered;
  return [
    ...ordered.slice(0, shown),
    {
      code: first.code,
      severity: first.severity ?? 'error',
      message: `${rest.length} more findings like these`,
      help: 'repair the first ones, then check again',
      subject: { [subject]: String(rest.length) },
    },
  ];
}

function rank({ severity = 'error' }: Finding): number {
  return ['error', 'warning', 'note'].indexOf(severity);
}
