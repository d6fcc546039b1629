import type { TaskKind } from '../config/define.js';
import { checkMigrations } from './checks/migrations.js';
import { checkTables } from './checks/tables.js';
import { checkTenants } from './checks/tenants.js';
import { command } from './command.js';
import { flush } from './flush.js';
import { init } from './init.js';
import { tenants } from './tenants.js';

/** The kinds that come with db-bootstrap, in the order of a usual workflow. */
const kinds = [init, flush, tenants, command, checkTables, checkMigrations, checkTenants];

/** The kinds that come with db-bootstrap, by name. */
export const builtinKinds: ReadonlyMap<string, TaskKind> = new Map(
  (kinds as unknown as TaskKind[]).map((kind) => [kind.kind, kind]),
);
