import type { TaskHost } from '../../config/define.js';
import type { Workflow } from '../../config/workflow.js';
import { states, tenantRows, type TenantRows } from '../django/index.js';
import { describeFleet, type FleetStatus } from '../fleet/index.js';
import { print } from './io.js';
import { requireTenants } from './no-tenants.js';
import type { ConfigOptions } from './options.js';
import { withHost } from './with-host.js';
import { counted, globOf, visible } from '../text/index.js';

/** Options of `status` beside those that choose the config. */
interface StatusOptions extends ConfigOptions {
  readonly json?: boolean;
  readonly tenant?: string;
  readonly exitCode?: boolean;
}

/** `db-bootstrap status`: how many tenants are at the newest migration, and who lacks what. Changes nothing. */
export async function statusCommand(options: StatusOptions): Promise<number> {
  return withHost('status', options, async (host, io, workflow) => {
    await requireTenants(host, 'run "db-bootstrap plan" to see what is pending in a project without tenants');
    const wanted = options.tenant === undefined ? undefined : globOf(options.tenant);
    const isWanted = (schema: string): boolean => wanted?.test(schema) ?? true;
    const rows = await tenantRows(host);
    const status = describeFleet(await states(host, { scope: 'tenants' }), rows, isWanted);
    const before = await whatComesBefore(host, workflow, rows, isWanted);
    const text = (): string => [textOf(status), ...before].join('\n\n');
    print(io.stdout, options.json === true ? JSON.stringify(numbersOf(status), null, 2) : text());
    return options.exitCode === true && status.pending + status.failed + before.length > 0 ? 3 : 0;
  });
}

/** What has to be done before any tenant can be at its end: in the public schema, and tenants that only the config knows. */
async function whatComesBefore(
  host: TaskHost,
  { tenants }: Workflow,
  rows: TenantRows,
  isWanted: (schema: string) => boolean,
): Promise<string[]> {
  const [shared] = (await states(host, { scope: 'public' })).schemas;
  const lacking = shared?.pending.length ?? 0;
  const known = new Set(rows.tenants.map(({ schema }) => schema));
  const missing = tenants.flatMap(({ schema }) => (known.has(schema) || !isWanted(schema) ? [] : [schema]));
  return [
    ...(lacking === 0
      ? []
      : [`the shared schema "${visible(shared?.schema ?? '')}" lacks ${counted(lacking, 'migration')}`]),
    ...(missing.length === 0
      ? []
      : [`tenants of the config that do not exist yet: ${named(missing, missing.length)}`]),
  ];
}

/** What machines read; names of single tenants are for people. */
function numbersOf({ total, upToDate, pending, failed, cohorts, orphans }: FleetStatus): object {
  return { total, upToDate, pending, failed, cohorts, orphans };
}

/** How many names a line holds. */
const namesShown = 5;

function textOf(status: FleetStatus): string {
  const { total, upToDate, pending, failed, cohorts, orphans, withoutSchema, ahead } = status;
  const lines = [
    `${counted(total, 'tenant')}: ${String(upToDate)} up to date, ${String(pending)} behind${failed === 0 ? '' : `, ${String(failed)} without a schema`}`,
  ];
  for (const cohort of cohorts) {
    const lacks = cohort.tenants === 1 ? 'lacks' : 'lack';
    lines.push(
      '',
      `${counted(cohort.tenants, 'tenant')} ${lacks} ${counted(cohort.pending.length, 'migration')}: ${named(cohort.examples, cohort.tenants)}`,
      ...cohort.pending.slice(0, 10).map((name) => `  ${visible(name)}`),
      ...(cohort.pending.length > 10 ? [`  and ${String(cohort.pending.length - 10)} more`] : []),
    );
  }
  if (withoutSchema.length > 0)
    lines.push(
      '',
      `rows without a schema: ${named(withoutSchema, withoutSchema.length)}`,
      '  help: run "db-bootstrap explain DBB6019"',
    );
  if (orphans.length > 0)
    lines.push(
      '',
      `schemas without a row: ${named(orphans, orphans.length)}`,
      '  help: run "db-bootstrap explain DBB6020"',
    );
  if (ahead.length > 0)
    lines.push(
      '',
      `schemas with migrations that are not on disk: ${named(ahead, ahead.length)}`,
      '  help: run "db-bootstrap explain DBB6014"',
    );
  return lines.join('\n');
}

function named(names: readonly string[], total: number): string {
  const shown = names.slice(0, namesShown).map(visible);
  const more = total - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}
