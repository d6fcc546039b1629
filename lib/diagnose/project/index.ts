import type { Rule } from '../rule.js';
import { projectLoads } from './load.js';
import { tenancySettings } from './tenancy-settings.js';

/** Faults of the Django project: its settings, apps, models and migrations. */
export const projectRules: readonly Rule[] = [projectLoads, tenancySettings];
