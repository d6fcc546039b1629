import type { TaskKind } from '../config/define.js';
import { checkConstraints } from './checks/constraints.js';
import { checkContentTypes } from './checks/content-types.js';
import { checkDrift } from './checks/drift.js';
import { checkDuplicates } from './checks/duplicates.js';
import { checkExtensions } from './checks/extensions.js';
import { checkForeignKeys } from './checks/foreign-keys.js';
import { checkIndexes } from './checks/indexes.js';
import { checkMigrations } from './checks/migrations.js';
import { checkOrphans } from './checks/orphans.js';
import { checkRoles } from './checks/roles.js';
import { checkSequences } from './checks/sequences.js';
import { checkTables } from './checks/tables.js';
import { inEveryDatabase } from './checks/every-database.js';
import { checkTenants } from './checks/tenants.js';
import { command } from './command.js';
import { flush } from './flush.js';
import { init } from './init.js';
import { makemigrations } from './makemigrations.js';
import { migrate } from './migrate.js';
import { shared } from './shared.js';
import { sql } from './sql.js';
import { tenantMigrations } from './tenant-migrations.js';
import { tenants } from './tenants.js';
import { wait } from './wait.js';

/** Checks of a whole database, which look into others of the project as well. */
const ofDatabases = [
  checkTables,
  checkMigrations,
  checkSequences,
  checkContentTypes,
  checkConstraints,
  checkIndexes,
  checkForeignKeys,
  checkDuplicates,
] as unknown as TaskKind[];

/** The kinds that come with db-bootstrap, in the order of a usual workflow. */
const kinds = [
  wait,
  init,
  makemigrations,
  migrate,
  shared,
  flush,
  tenants,
  tenantMigrations,
  command,
  sql,
  checkTables,
  checkMigrations,
  checkTenants,
  checkOrphans,
  checkSequences,
  checkDrift,
  checkContentTypes,
  checkConstraints,
  checkIndexes,
  checkForeignKeys,
  checkDuplicates,
  checkExtensions,
  checkRoles,
];

/** The kinds that come with db-bootstrap, by name. */
export const builtinKinds: ReadonlyMap<string, TaskKind> = new Map(
  (kinds as unknown as TaskKind[]).map((kind) => [
    kind.kind,
    ofDatabases.includes(kind) ? inEveryDatabase(kind) : kind,
  ]),
);
