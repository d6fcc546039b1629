import type { TaskResult } from '../../config/define.js';
import type { MigrationStates } from '../../lib/django/index.js';
import { BootstrapError, type Problem } from '../../lib/errors/index.js';
import type { FleetEnd } from '../../lib/fleet/index.js';
import { behind } from './pending.js';
import { counted } from '../../lib/text/index.js';

// How the migrating of a fleet is told as a whole.

/** What ended the work for all, and how far it had come. */
export function withCounts(stopped: BootstrapError, ends: readonly FleetEnd[]): BootstrapError {
  const [first, ...rest] = stopped.problems;
  const count = (status: FleetEnd['status']): number => ends.filter((end) => end.status === status).length;
  const text = `${counted(count('not-tried'), 'tenant')} not tried, ${count('migrated')} migrated before`;
  const noted: Problem = { ...first, notes: [...(first.notes ?? []), { label: 'not done', text }] };
  return new BootstrapError([noted, ...rest], { cause: stopped });
}

/** What the task says where tenants failed: how many, which, and the cause of each. */
export function failed(
  task: string,
  found: MigrationStates,
  failures: readonly { readonly schema: string; readonly problems: readonly Problem[] }[],
  ends: readonly FleetEnd[],
): BootstrapError {
  const total = found.schemas.length;
  const names = failures.slice(0, 10).map(({ schema }) => schema);
  const more = failures.length > names.length ? ` and ${failures.length - names.length} more` : '';
  const current = total - behind(found).length;
  const [untried, ...others] = ends.flatMap((end) => (end.status === 'not-tried' ? [end] : []));
  const left = untried ? 1 + others.length : 0;
  const migrated = total - current - failures.length - left;
  return new BootstrapError([
    {
      code: 'DBB6027',
      message: `${failures.length} of ${counted(total, 'tenant')} failed: ${names.join(', ')}${more}`,
      notes: [
        {
          label: 'tenants',
          text: `${migrated} migrated, ${current} up to date, ${failures.length} failed${left > 0 ? `, ${left} not tried` : ''}`,
        },
        ...(untried ? [{ label: 'not tried', text: untried.reason }] : []),
      ],
      help: `correct the causes below, then run "db-bootstrap run --from ${task}"`,
      facts: { schemas: failures.map(({ schema }) => schema) },
    },
    ...failures.flatMap(({ problems }) => problems),
  ]);
}

/** What the task says where all went well. */
export function summaryOf(ends: readonly FleetEnd[], total: number): TaskResult {
  const migrated = ends.flatMap((end) => (end.status === 'migrated' ? [end] : []));
  if (migrated.length === 0) return { changed: false, summary: `${counted(total, 'tenant')} up to date` };
  const applied = migrated.reduce((sum, end) => sum + end.applied, 0);
  return {
    changed: true,
    summary: `${counted(applied, 'migration')} applied to ${counted(migrated.length, 'tenant')}`,
    details: migrated.map(({ schema, ms, applied, by }) => ({ schema, ms, applied, by })),
  };
}
