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
    // So do they where it is not as the models have it, and where one of them has what was left half done.
    causes: ['DBB6086', 'DBB6098'],
    codes: ['DBB6081'],
    follows: (finding, { code, facts = {} }) =>
      [finding.facts?.schema, finding.facts?.reference].some((schema) => schemasOf(facts).includes(schema)) &&
      names(finding, facts.table, code === 'DBB6086' ? facts.index : facts.object),
  },
  {
    // Where a foreign key leads elsewhere, the right one is missing.
    causes: ['DBB6087'],
    codes: ['DBB6098'],
    follows: (finding, { facts = {}, subject }) =>
      schemasOf(finding.facts).includes(facts.schema) &&
      names(finding, facts.table) &&
      String(finding.facts?.definition)
        .replaceAll('"', '')
        .startsWith(`FOREIGN KEY (${String(subject?.column)})`),
  },
  {
    // Such a rule cannot be made before its rows are repaired, of which that finding speaks.
    causes: ['DBB6092'],
    codes: ['DBB6081', 'DBB6098'],
    follows: (finding, { facts = {}, subject }) =>
      schemasOf(finding.facts).includes(facts.schema) &&
      names(finding, facts.table) &&
      /^(UNIQUE|PRIMARY KEY|unique )/.test(String(finding.facts?.definition)) &&
      String(finding.facts?.definition)
        .replaceAll('"', '')
        .includes(`(${String(subject?.columns)})`),
  },
];

/** Whether a finding speaks of all of these, as far as they are known. */
function names({ message }: Told, ...known: readonly Fact[]): boolean {
  return known.every((name) => name === undefined || message.includes(`"${String(name)}"`));
}

/** The schemas in which something was found. */
function schemasOf({ schema, schemas }: Told['facts'] = {}): readonly Fact[] {
  return Array.isArray(schemas) ? (schemas as readonly string[]) : [schema];
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
          cause !== finding &&
          cause.facts?.alias === finding.facts?.alias &&
          schemasOf(cause.facts)[0] !== undefined &&
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
