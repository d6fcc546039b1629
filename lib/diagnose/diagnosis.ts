import type { ErrorCode, Problem } from '../errors/index.js';

/** What an examination tells: a diagnosis, or a problem that stood in the way of one. */
export interface Finding extends Problem {
  /** What it is about, for machines: `{ app, model, schema, table, setting, task, file, step, … }`. */
  readonly subject: Readonly<Record<string, string>>;
  /** How it should be, as a phrase. */
  readonly expected?: string;
  /** How it is, as a phrase. */
  readonly actual?: string;
  /** What shows it, a line each: settings with their values, rows of the catalog, lines of a file. */
  readonly evidence: readonly string[];
  /** Codes of what follows from it, or is the same fact: such findings become evidence of this one. */
  readonly explains?: readonly (ErrorCode | Explained)[];
  /** How many other findings became its evidence. */
  readonly joined?: number;
}

/** A finding by its code and a part of its subject. */
export interface Explained {
  readonly code: ErrorCode;
  readonly subject: Readonly<Record<string, string>>;
}

/** What a rule found: a problem with what was expected, what is there, what shows it, and one repair. */
export interface Diagnosis extends Finding {
  readonly expected: string;
  readonly actual: string;
  /** One repair: an imperative sentence or a command. */
  readonly help: string;
}

/** A problem that an examination met: its notes are what shows it. */
export function findingOf(problem: Problem, subject: Readonly<Record<string, string>> = {}): Finding {
  const { notes = [], ...rest } = problem;
  return { ...rest, subject, evidence: notes.map(({ label, text }) => `${label}: ${text}`) };
}

/** A finding as people read it: expected, actual and evidence become its first notes. */
export function diagnosisProblem({ expected, actual, evidence, notes = [], ...problem }: Finding): Problem {
  return {
    ...problem,
    notes: [
      ...(expected === undefined ? [] : [{ label: 'expected', text: expected }]),
      ...(actual === undefined ? [] : [{ label: 'actual', text: actual }]),
      ...evidence.map((text) => ({ label: 'evidence', text })),
      ...notes,
    ],
  };
}

/** A finding as machines read it: one object a place, the same in every version. */
export function diagnosisJson(finding: Finding): object {
  const { code, severity = 'error', place, subject, message, evidence, help = null } = finding;
  const at = place?.line === undefined ? null : [place.file, place.line, place.column ?? 1].join(':');
  return { code, severity, at, subject, message, evidence, help };
}
