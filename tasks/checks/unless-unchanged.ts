import { createHash } from 'node:crypto';
import type { TaskContext } from '../../config/define.js';
import { packageVersion } from '../../lib/errors/index.js';
import { catalogStamp } from './catalog-stamp.js';

/** Where a check remembers what it was satisfied with. */
const key = 'nothing found';

/**
 * Looks for faults in the catalog, unless this check found none when the catalog, and what it is held against, were the same as now.
 * Only an empty answer is remembered: whoever has faults sees them each time.
 */
export async function unlessUnchanged<Fault>(
  { database, ledger }: Pick<TaskContext<unknown>, 'database' | 'ledger'>,
  against: object,
  look: () => Promise<readonly Fault[]>,
): Promise<readonly Fault[] | 'unchanged'> {
  const text = JSON.stringify([packageVersion(), await catalogStamp(database), against], withKeysInOrder);
  const digest = createHash('sha256').update(text).digest('hex');
  if ((await ledger.get(key)) === digest) return 'unchanged';
  const faults = await look();
  if (faults.length === 0) await ledger.set(key, digest);
  return faults;
}

/** What was kept in between as jsonb has its keys in another order. */
function withKeysInOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
