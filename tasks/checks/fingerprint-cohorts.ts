import type { TaskClient } from '../../config/define.js';
import { digestBriefly, fingerprintSchemas, type Fingerprint } from './catalog-objects.js';
import { groupBy } from './group-by.js';

/**
 * The fingerprints of schemas that may differ from others of their cohort; none for those of a cohort without a difference. All are told
 * briefly; where that is not the same throughout a cohort, one of each kind is told wholly, which is then true of its kind.
 */
export async function fingerprintCohorts(
  database: TaskClient,
  cohorts: readonly (readonly string[])[],
): Promise<ReadonlyMap<string, Fingerprint>> {
  const digests = await digestBriefly(database, cohorts.flat());
  const doubtful = cohorts
    .map((cohort) => groupBy(cohort, (schema) => digests.get(schema) ?? ''))
    .filter((kinds) => kinds.length > 1)
    .flat();
  if (doubtful.length === 0) return new Map();
  const told = await fingerprintSchemas(
    database,
    doubtful.flatMap((kind) => kind.slice(0, 1)),
  );
  return new Map(
    doubtful.flatMap((kind) => {
      const fingerprint = told.get(kind[0] ?? '');
      return fingerprint ? kind.map((schema) => [schema, fingerprint] as const) : [];
    }),
  );
}
