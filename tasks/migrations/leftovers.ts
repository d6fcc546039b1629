import type { TaskContext } from '../../config/define.js';
import type { Problem } from '../../lib/errors/index.js';
import { dropInvalidIndex, invalidIndexes, type InvalidIndex } from '../../lib/fleet/index.js';
import type { Owed } from './owed.js';

/** What making indexes outside of transactions has left. */
export interface Leftovers {
  /** Those that are to stay: they were invalid before any migration of ours began. */
  readonly invalid: readonly InvalidIndex[];
  /** What was removed, in words. */
  readonly removed: readonly Problem[];
}

/** Removes the invalid indexes of schemas whose migrating was broken off; their migrations make them again. */
export async function removeLeftovers(
  ctx: TaskContext<unknown>,
  schemas: readonly string[],
  owed: ReadonlyMap<string, Owed>,
): Promise<Leftovers> {
  const found = await invalidIndexes(ctx.database, schemas);
  const invalid: InvalidIndex[] = [];
  const removed: Problem[] = [];
  for (const index of found) {
    const { schema, name, table } = index;
    const debt = owed.get(schema);
    if (debt === undefined || debt.invalid.includes(name)) {
      invalid.push(index);
      continue;
    }
    await ctx.database.withClient(async (client) => {
      await client.query("set lock_timeout = '30s'");
      await dropInvalidIndex(client, index);
    });
    const message = `index "${name}" of table "${table}" in schema "${schema}" was left invalid when its migration was broken off; it was removed, to be made again`;
    ctx.log.warn(message);
    removed.push({ code: 'DBB6086', message, facts: { schema, table } });
  }
  return { invalid, removed };
}
