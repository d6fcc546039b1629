import { quoteIdentifier, type DatabaseClient } from '../postgres/index.js';

/** An index that no query uses, because making it concurrently broke off. */
export interface InvalidIndex {
  readonly schema: string;
  readonly name: string;
  readonly table: string;
}

/** The invalid indexes of these schemas, without those that a session is making at this moment. */
export async function invalidIndexes(
  database: DatabaseClient,
  schemas: readonly string[],
): Promise<readonly InvalidIndex[]> {
  return database.query<InvalidIndex & Record<string, unknown>>(
    `select n.nspname::text as schema, c.relname::text as name, t.relname::text as table
       from pg_catalog.pg_index i
       join pg_catalog.pg_class c on c.oid = i.indexrelid and c.relkind = 'i'
       join pg_catalog.pg_class t on t.oid = i.indrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where not i.indisvalid and n.nspname = any($1)
        and not exists (select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
      order by 1, 2`,
    [schemas],
  );
}

/** Removes one, beside those who use its table. */
export async function dropInvalidIndex(
  client: DatabaseClient,
  { schema, name }: Pick<InvalidIndex, 'schema' | 'name'>,
): Promise<void> {
  await client.query(`drop index concurrently if exists ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`);
}
