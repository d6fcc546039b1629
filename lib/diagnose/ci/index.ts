import type { Rule } from '../rule.js';

/** Faults of CI workflow files. */
export const ciRules: readonly Rule[] = [];
