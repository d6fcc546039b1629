import type { ErrorCode, Facts, Note, Place, Problem } from '../../errors/index.js';

/** Why something failed: the new headline of its problem. */
export interface Cause {
  readonly code: ErrorCode;
  readonly message: string;
  readonly help?: string;
  /** What shows it. */
  readonly notes?: readonly Note[];
  readonly place?: Place;
  readonly facts?: Facts;
}

/** The problem with its cause as headline; what was the headline is told as the symptom. */
export function withCause(
  problem: Problem,
  symptom: {
    readonly message: string;
    readonly sqlstate?: string;
    readonly detail?: string;
    readonly hint?: string;
  },
  cause: Cause,
): Problem {
  const { notes = [], place, help } = problem;
  const moved = cause.place && place?.line !== undefined ? `${place.file}:${place.line}` : undefined;
  const said = (['detail', 'hint'] as const).flatMap((label) => {
    const text = symptom[label];
    return text === undefined || cause.notes?.some((each) => each.label === label) ? [] : [{ label, text }];
  });
  const sameNotes = new Set(['symptom', ...[...(cause.notes ?? []), ...said].map(({ label }) => label)]);
  return {
    ...problem,
    code: cause.code,
    message: cause.message,
    ...(cause.place ? { place: cause.place } : {}),
    notes: [
      ...(cause.notes ?? []),
      { label: 'symptom', text: symptom.message },
      ...said,
      ...(moved === undefined ? [] : [{ label: 'raised at', text: moved }]),
      ...notes.filter(({ label }) => label !== 'says' && (label === 'schema' || !sameNotes.has(label))),
    ],
    ...(cause.help === undefined ? (help === undefined ? {} : { help }) : { help: cause.help }),
    facts: {
      ...problem.facts,
      ...(symptom.sqlstate === undefined ? {} : { sqlstate: symptom.sqlstate }),
      ...cause.facts,
    },
  };
}
