import * as z from 'zod/mini';
import { defineTask, type Finding, type TaskContext, type TaskResult } from '../../config/define.js';
import {
  migrationAdvice,
  type Inspection,
  type MigrationKey,
  type MigrationStates,
  type TenantRows,
} from '../../lib/django/index.js';
import { rowWithoutSchema } from '../../lib/fleet/index.js';
import { limitFindings } from './limit.js';
import { migrateHelp } from './missing-table.js';
import { counted } from '../../lib/text/index.js';

const options = z.strictObject({});

/** What each schema has recorded is what is on disk, and the migrations on disk have one end per app. */
export const checkMigrations = defineTask({
  kind: 'check-migrations',
  description:
    'Every schema has recorded the migrations that are on disk, no more and no fewer; none conflict.',
  options,
  host: true,
  check: true,
  run,
});

async function run(ctx: TaskContext<z.output<typeof options>>): Promise<TaskResult> {
  const inspection = await ctx.host.request<Inspection>('inspect');
  const states = await ctx.host.request<MigrationStates>('states', { scope: 'all' });
  const findings: Finding[] = states.conflicts.map(conflict);
  const gone = await schemasGone(ctx, inspection, states);
  for (const state of states.schemas) {
    const { schema } = state;
    if (gone.has(schema)) findings.push({ ...rowWithoutSchema(schema, ctx.tenants), subject: { schema } });
    else if (state.pending.length > 0) {
      findings.push({
        code: 'DBB6013',
        message: `schema "${schema}" has ${counted(state.pending.length, 'migration')} that ${state.pending.length === 1 ? 'is' : 'are'} not applied: ${listed(state.pending)}`,
        help: migrateHelp(schema, inspection),
        facts: { schema },
        subject: { schema, migrations: state.pending.map(label).join(', ') },
      });
    }
    if (state.unknown.length > 0) {
      findings.push({
        code: 'DBB6014',
        // A database that is ahead of the code is normal while a release is rolled back; it can be worked with.
        severity: 'warning',
        message: `schema "${schema}" has recorded ${listed(state.unknown)}, which ${state.unknown.length === 1 ? 'is' : 'are'} not on disk`,
        help: 'check out the code that has these migrations, or migrate back with it',
        facts: { schema },
        subject: { schema, migrations: state.unknown.map(label).join(', ') },
      });
    }
  }
  return {
    changed: false,
    summary: summarize(states, findings),
    findings: limitFindings(findings, 'migrations'),
  };
}

/** Tenants without their schema: there is nothing to migrate in it, whatever it lacks. Where all is well, nothing is asked. */
async function schemasGone(
  { host }: TaskContext<unknown>,
  { tenancy }: Inspection,
  { schemas }: MigrationStates,
): Promise<ReadonlySet<string>> {
  if (!tenancy || schemas.every(({ pending }) => pending.length === 0)) return new Set();
  const { tenants } = await host.request<TenantRows>('tenants');
  return new Set(tenants.filter((tenant) => !tenant.schemaExists).map(({ schema }) => schema));
}

function conflict({ app, leaves, own }: MigrationStates['conflicts'][number]): Finding {
  return {
    code: 'DBB6007',
    message: `app "${app}" has ${leaves.length} leaf migrations: ${leaves.join(', ')}`,
    help: migrationAdvice('conflict', [{ app, own }]),
    subject: { app, leaves: leaves.join(', ') },
  };
}

function summarize(states: MigrationStates, findings: readonly Finding[]): string {
  const schemas = counted(states.schemas.length, 'schema');
  if (findings.length === 0) return `all migrations are applied in ${schemas}`;
  const behind = states.schemas.filter((state) => state.pending.length > 0).length;
  const ahead = states.schemas.filter((state) => state.unknown.length > 0).length;
  const parts = [
    behind > 0 ? `${behind} behind` : '',
    ahead > 0 ? `${ahead} ahead` : '',
    states.conflicts.length > 0 ? counted(states.conflicts.length, 'conflict') : '',
  ];
  return `${schemas}: ${parts.filter(Boolean).join(', ')}`;
}

function listed(migrations: readonly MigrationKey[]): string {
  const names = migrations.slice(0, 5).map(label).join(', ');
  return migrations.length > 5 ? `${names} and ${migrations.length - 5} more` : names;
}

function label({ app, name }: MigrationKey): string {
  return `${app}.${name}`;
}
