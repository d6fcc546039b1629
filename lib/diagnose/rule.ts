import type { Diagnosis } from './diagnosis.js';
import type { Evidence } from './evidence.js';

/** One kind of fault, and how it is found without changing anything. */
export interface Rule {
  /** In a word or three, kebab-case: "tenancy-settings". Unique. */
  readonly name: string;
  /** What it must be able to read; a rule is left out where that cannot be had. */
  readonly reads: readonly ('workflow' | 'host' | 'database')[];
  /** Every place that has the fault, with one diagnosis each, and what could not be looked at; empty for a healthy project. */
  find(evidence: Evidence): Promise<readonly Outcome[]> | readonly Outcome[];
}

type Outcome = Diagnosis | NotExamined;

/** A part of the project that a rule could not look at. */
export interface NotExamined {
  /** "shop.settings.production (named by manage.py:7)". */
  readonly notExamined: string;
  readonly why: string;
}
