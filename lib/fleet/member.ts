import type { MigrationKey } from '../django/index.js';
import type { BootstrapError, ErrorCode } from '../errors/index.js';

/** A tenant's schema that lacks migrations. */
export interface FleetMember {
  readonly schema: string;
  readonly pending: readonly MigrationKey[];
  /** How many migrations it has recorded. */
  readonly applied: number;
  /** It has recorded nothing, and has the table for it. */
  readonly begun?: boolean;
  /** Of a project whose tenants have types: which it is. Each has tables of its own. */
  readonly type?: string | null;
}

/** How one tenant ended. `by`: Django itself, or a replay of what Django did in another tenant of the same state. */
export type FleetEnd =
  | {
      readonly schema: string;
      readonly status: 'migrated';
      readonly ms: number;
      readonly applied: number;
      readonly by: 'django' | 'replay';
    }
  | { readonly schema: string; readonly status: 'failed'; readonly error: BootstrapError }
  | { readonly schema: string; readonly status: 'not-tried'; readonly reason: string };

/** Why a tenant was not tried, or not to its end, when the task was told to stop. */
export const interrupted = 'the task was interrupted';

/** Failures that are a tenant's own; after any other the next tenant would fail as well. */
export const ofTenant: ReadonlySet<ErrorCode> = new Set([
  'DBB4014',
  'DBB5004',
  'DBB6009',
  'DBB6011',
  'DBB6019',
  'DBB6028',
  'DBB9001',
]);

/** Tenants of one type in the same state, which need the same migrations; in the order of their first member. */
export function cohortsOf(members: readonly FleetMember[]): readonly (readonly FleetMember[])[] {
  const cohorts = new Map<string, FleetMember[]>();
  for (const member of members) {
    const key = `${member.type ?? ''} ${String(member.applied)} ${String(member.begun ?? false)} ${member.pending.map(({ app, name }) => `${app}.${name}`).join(' ')}`;
    const cohort = cohorts.get(key);
    if (cohort) cohort.push(member);
    else cohorts.set(key, [member]);
  }
  return [...cohorts.values()];
}
