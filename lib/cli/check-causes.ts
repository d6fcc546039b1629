import type { Told } from './check-round.js';

/** What findings of one schema may only follow from: with what they have to have in common. */
const consequences: readonly {
  readonly causes: readonly string[];
  readonly codes: readonly string[];
  /** What makes one of them a finding of its own. */
  readonly follows: (finding: Told, cause: Told) => boolean;
}[] = [
  {
    // What a migration makes is not there before it is applied.
    causes: ['DBB6013'],
    codes: ['DBB6031', 'DBB6033', 'DBB6082'],
    follows: ({ code, facts }) => code !== 'DBB6031' || facts?.migration !== undefined,
  },
  {
    // What a schema has lost, the others still have.
    causes: ['DBB6012', 'DBB6070'],
    codes: ['DBB6081'],
    follows: ({ message }, { facts = {} }) =>
      message.includes(' has no ') &&
      [facts.table, facts.column].every(
        (name) => name === undefined || message.includes(`"${String(name)}"`),
      ),
  },
];

/** How many consequences a cause names. */
const named = 5;

/** Findings as people should meet them: what only follows from another one is a line of that, and no headline. */
export function causesOnly(findings: readonly Told[]): readonly Told[] {
  const causeOf = (finding: Told): Told | undefined =>
    findings.find((cause) =>
      consequences.some(
        ({ causes, codes, follows }) =>
          causes.includes(cause.code) &&
          codes.includes(finding.code) &&
          cause.facts?.schema !== undefined &&
          cause.facts.schema === finding.facts?.schema &&
          follows(finding, cause),
      ),
    );
  const following = new Map<Told, string[]>();
  const rest = findings.filter((finding) => {
    const cause = causeOf(finding);
    if (cause) following.set(cause, [...(following.get(cause) ?? []), finding.message]);
    return cause === undefined;
  });
  return rest.map((finding) => {
    const messages = [...new Set(following.get(finding))];
    if (messages.length === 0) return finding;
    const more = messages.length - named;
    const notes = [
      ...messages.slice(0, named).map((text) => ({ label: 'follows', text })),
      ...(more > 0 ? [{ label: 'follows', text: `and ${String(more)} more` }] : []),
    ];
    return { ...finding, notes: [...(finding.notes ?? []), ...notes] };
  });
}
