import type { Finding } from './diagnosis.js';

/** Joins findings that are one fact: what a finding explains becomes a line of its evidence, and is no finding any more. */
export function joinFindings(findings: readonly Finding[]): readonly Finding[] {
  const owners = new Map(findings.map((finding) => [finding, ownerOf(finding, findings)]));
  return findings
    .filter((finding) => owners.get(finding) === finding)
    .map((cause) => withEvidence(cause, (each) => each !== cause && owners.get(each) === cause, findings));
}

function withEvidence(
  cause: Finding,
  isJoined: (finding: Finding) => boolean,
  findings: readonly Finding[],
): Finding {
  const joined = findings.filter(isJoined);
  const known = [cause.message, ...cause.evidence, ...(cause.notes ?? []).map(({ text }) => text)];
  // What stumbled over the cause often says the same again.
  const news = joined.filter(({ message }) => !known.some((text) => text.includes(message)));
  if (news.length === 0) return cause;
  const lines = news.map((finding) => `${finding.code}: ${finding.message}${placeOf(finding)}`);
  // A warning that explains an error is one.
  const isError = [cause, ...news].some(({ severity = 'error' }) => severity === 'error');
  return {
    ...cause,
    ...(isError ? { severity: 'error' as const } : {}),
    evidence: [...cause.evidence, ...new Set(lines)],
    joined: news.length,
  };
}

/** What explains a finding, and is itself explained by nothing; the finding where nothing does. */
function ownerOf(finding: Finding, findings: readonly Finding[]): Finding {
  const seen = new Set([finding]);
  for (let owner = finding; ;) {
    const above = findings.find((other) => explains(other, owner) && !seen.has(other));
    if (!above) return owner;
    seen.add(above);
    owner = above;
  }
}

/** Whether one finding is the cause of another. It explains those of its own code that know less: what other rules stumbled over. */
function explains(cause: Finding, finding: Finding): boolean {
  if (cause === finding || (cause.code === finding.code && finding.explains !== undefined)) return false;
  return (cause.explains ?? []).some((each) =>
    typeof each === 'string'
      ? each === finding.code
      : each.code === finding.code &&
        Object.entries(each.subject).every(([key, value]) => finding.subject[key] === value),
  );
}

function placeOf({ place }: Finding): string {
  if (!place) return '';
  return ` (${place.file}${place.line === undefined ? '' : `:${String(place.line)}`})`;
}
