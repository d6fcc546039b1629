import type { MigrationKey, MigrationStates, TenantRows } from '../django/index.js';

/** Tenants that lack the same migrations. */
export interface CohortStatus {
  readonly tenants: number;
  /** As "app.name", in the order in which they would be applied. */
  readonly pending: readonly string[];
  /** Names of the first of them. */
  readonly examples: readonly string[];
}

/** Where a fleet stands. */
export interface FleetStatus {
  readonly total: number;
  readonly upToDate: number;
  readonly pending: number;
  /** Tenants that cannot be migrated as they are: they have a row and no schema. */
  readonly failed: number;
  /** Those that are behind, the largest cohort first. */
  readonly cohorts: readonly CohortStatus[];
  /** Schemas that hold migrations and have no row. */
  readonly orphans: readonly string[];
  /** Names of the failed. */
  readonly withoutSchema: readonly string[];
  /** Schemas that have recorded migrations which are not on disk. */
  readonly ahead: readonly string[];
}

/** How many tenants a cohort names. */
const examples = 5;

/** Describes a fleet by what its schemas have recorded and what rows there are; `wanted` chooses tenants by their schema's name. */
export function describeFleet(
  states: MigrationStates,
  { tenants, orphans }: Pick<TenantRows, 'tenants' | 'orphans'>,
  wanted: (schema: string) => boolean,
): FleetStatus {
  const withoutSchema = tenants
    .filter(({ schema, schemaExists }) => !schemaExists && wanted(schema))
    .map(({ schema }) => schema);
  const lost = new Set(withoutSchema);
  const schemas = states.schemas.filter(({ schema }) => wanted(schema) && !lost.has(schema));
  const behind = schemas.filter(({ pending }) => pending.length > 0);
  const cohorts = new Map<string, { pending: readonly string[]; schemas: string[] }>();
  for (const { schema, pending } of behind) {
    const names = pending.map(label);
    const key = names.join(' ');
    const cohort = cohorts.get(key) ?? { pending: names, schemas: [] };
    cohort.schemas.push(schema);
    cohorts.set(key, cohort);
  }
  return {
    total: schemas.length + withoutSchema.length,
    upToDate: schemas.length - behind.length,
    pending: behind.length,
    failed: withoutSchema.length,
    cohorts: [...cohorts.values()]
      .sort((a, b) => b.schemas.length - a.schemas.length)
      .map((cohort) => ({
        tenants: cohort.schemas.length,
        pending: cohort.pending,
        examples: cohort.schemas.slice(0, examples),
      })),
    orphans: orphans.filter(wanted),
    withoutSchema,
    ahead: schemas.filter(({ unknown }) => unknown.length > 0).map(({ schema }) => schema),
  };
}

function label({ app, name }: MigrationKey): string {
  return `${app}.${name}`;
}
