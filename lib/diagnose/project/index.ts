import type { Rule } from '../rule.js';

/** Faults of the Django project: its settings, apps, models and migrations. */
export const projectRules: readonly Rule[] = [];
