import type { Rule } from '../rule.js';

/** Faults of the server and of the database in it. */
export const serverRules: readonly Rule[] = [];
