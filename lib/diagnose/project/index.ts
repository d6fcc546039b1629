import type { Rule } from '../rule.js';
import { cloning, unknownSettings } from './cloning.js';
import { sameDatabase } from './database.js';
import { projectLoads } from './load.js';
import { migrationFiles } from './migrations.js';
import { movedApps } from './moved-apps.js';
import { otherDatabases } from './other-databases.js';
import { placement } from './placement.js';
import { relabelledApps } from './relabelled-apps.js';
import { settingsModules } from './settings-modules.js';
import { tenancySettings } from './tenancy-settings.js';
import { tenantFields } from './tenant-fields.js';
import { tenantModels } from './tenant-models.js';

/** Faults of the Django project: its settings, apps, models and migrations. */
export const projectRules: readonly Rule[] = [
  projectLoads,
  tenancySettings,
  settingsModules,
  tenantModels,
  cloning,
  unknownSettings,
  placement,
  movedApps,
  relabelledApps,
  migrationFiles,
  tenantFields,
  otherDatabases,
  sameDatabase,
];

export { settingsModules };

/** Those that tell why a project does not load. */
export const loadingRules: readonly Rule[] = [projectLoads, tenancySettings, tenantModels];
