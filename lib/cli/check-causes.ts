import type { Told } from './check-round.js';

type Fact = NonNullable<Told['facts']>[string] | undefined;

/** What may only follow from something else, by the codes of both, and how that is seen. */
const consequences: readonly {
  readonly causes: readonly string[];
  readonly codes: readonly string[];
  readonly follows: (finding: Told, cause: Told) => boolean;
}[] = [
  {
    // What a migration makes is not there before it is applied.
    causes: ['DBB6013'],
    codes: ['DBB6031', 'DBB6033', 'DBB6082'],
    follows: (finding, cause) =>
      finding.facts?.schema === cause.facts?.schema &&
      (finding.code === 'DBB6082' || finding.facts?.migration !== undefined),
  },
  {
    // What a schema has lost, the others still have.
    causes: ['DBB6012', 'DBB6070'],
    codes: ['DBB6081'],
    follows: (finding, { facts = {} }) =>
      finding.facts?.schema === facts.schema &&
      finding.message.includes(' has no ') &&
      names(finding, facts.table, facts.column),
  },
  {
    // So do they where it is a rule of the models, and where one of them has what was left half done.
    causes: ['DBB6086', 'DBB6088', 'DBB6092', 'DBB6093'],
    codes: ['DBB6081'],
    follows: (finding, { code, facts = {}, subject }) =>
      [finding.facts?.schema, finding.facts?.reference].includes(facts.schema) &&
      names(finding, facts.table, facts.index) &&
      (code === 'DBB6086' ||
        defines(finding, code === 'DBB6088' ? 'FOREIGN KEY' : 'UNIQUE', facts.column ?? subject?.columns)),
  },
];

/** Whether a finding speaks of all of these, as far as they are known. */
function names({ message }: Told, ...known: readonly Fact[]): boolean {
  return known.every((name) => name === undefined || message.includes(`"${String(name)}"`));
}

/** Whether what differs is such a rule on these columns. */
function defines({ facts = {} }: Told, rule: string, columns: Fact): boolean {
  const [, on] = new RegExp(`^${rule} \\((.*?)\\)`).exec(String(facts.definition)) ?? [];
  return on !== undefined && on.replaceAll('"', '') === String(columns).replaceAll('"', '');
}

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
