import type { Rule } from '../rule.js';

/** Faults of init scripts and of commands in the config. */
export const scriptsRules: readonly Rule[] = [];
