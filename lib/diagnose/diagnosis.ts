import type { Problem } from '../errors/index.js';

/** What a rule found: a problem with what was expected, what is there, what shows it, and one repair. */
export interface Diagnosis extends Problem {
  /** What it is about, for machines: `{ app, model, schema, table, setting, task, file, step, … }`. */
  readonly subject: Readonly<Record<string, string>>;
  /** How it should be, as a phrase. */
  readonly expected: string;
  /** How it is, as a phrase. */
  readonly actual: string;
  /** What shows it, a line each: settings with their values, rows of the catalog, lines of a file. */
  readonly evidence: readonly string[];
  /** One repair: an imperative sentence or a command. */
  readonly help: string;
}

/** A diagnosis as people read it: expected, actual and evidence become its first notes. */
export function diagnosisProblem({ expected, actual, evidence, notes = [], ...problem }: Diagnosis): Problem {
  return {
    ...problem,
    notes: [
      { label: 'expected', text: expected },
      { label: 'actual', text: actual },
      ...evidence.map((text) => ({ label: 'evidence', text })),
      ...notes,
    ],
  };
}

/** A diagnosis as machines read it: one object a place, the same in every version. */
export function diagnosisJson(diagnosis: Diagnosis): object {
  const { code, severity = 'error', place, subject, message, evidence, help } = diagnosis;
  const at = place?.line === undefined ? null : [place.file, place.line, place.column ?? 1].join(':');
  return { code, severity, at, subject, message, evidence, help };
}
