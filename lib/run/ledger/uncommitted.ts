import type { Json, TaskClient } from '../../../config/define.js';
import type { DatabaseClient } from '../../postgres/index.js';

/** A value in a file that counts only if the server has committed a transaction; until that is known, and else, the one before counts. */
interface Uncommitted {
  readonly transaction: string;
  readonly value: Json;
  readonly before: Json;
}

/** A value that counts from the commit of the client's transaction on: a file cannot be written in the same moment as a database. */
export async function inTransaction(
  client: TaskClient,
  value: Json,
  before: Json | undefined,
): Promise<{ readonly uncommitted: { readonly [Key in keyof Uncommitted]: Json } }> {
  const [row] = await client.query<{ id: string }>('select pg_catalog.pg_current_xact_id()::text as id');
  return { uncommitted: { transaction: row?.id ?? '', value, before: before ?? null } };
}

/** The values that count, as the server tells what became of the transactions. */
export async function settled(
  facts: Map<string, Json>,
  database: DatabaseClient | undefined,
): Promise<Map<string, Json>> {
  const waiting = [...facts].flatMap(([key, value]) => {
    const uncommitted = uncommittedIn(value);
    return uncommitted ? [{ key, uncommitted }] : [];
  });
  if (waiting.length === 0 || !database) return facts;
  const rows = await database.query<{ committed: boolean }>(
    // Of a transaction that is too old the server knows nothing any more: a commit follows at once on what is written here.
    `select case when id::xid8 >= pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) then false
                 else coalesce(pg_catalog.pg_xact_status(id::xid8) = 'committed', true) end as committed
       from unnest($1::text[]) with ordinality as asked (id, place) order by place`,
    [waiting.map(({ uncommitted }) => uncommitted.transaction)],
  );
  for (const [index, { key, uncommitted }] of waiting.entries()) {
    const counts = rows[index]?.committed === true ? uncommitted.value : uncommitted.before;
    if (counts === null) facts.delete(key);
    else facts.set(key, counts);
  }
  return facts;
}

function uncommittedIn(value: Json): Uncommitted | undefined {
  return value !== null && typeof value === 'object' && 'uncommitted' in value
    ? (value.uncommitted as unknown as Uncommitted)
    : undefined;
}
