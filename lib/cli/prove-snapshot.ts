import {
  quoteIdentifier,
  readObjects,
  type CatalogObject,
  type Database,
  type DatabaseClient,
} from '../postgres/index.js';

/** Everything of a database that a run may change, but for the ledger and what sequences have counted. */
export interface Snapshot {
  /** Definitions by kind and name: "table public.plants_plant". */
  readonly objects: ReadonlyMap<string, CatalogEntry>;
  /** By "schema.table". */
  readonly tables: ReadonlyMap<string, TableRows>;
}

/** One object of the catalog. */
export interface CatalogEntry {
  readonly schema: string;
  /** "public.plants_plant": the table that it belongs to, or its own name. */
  readonly table: string;
  readonly kind: string;
  readonly name: string;
  readonly definition: string;
}

/** The rows of one table. */
export interface TableRows {
  readonly schema: string;
  readonly table: string;
  readonly count: number;
  /** Of all rows, in any order. */
  readonly digest: string;
  readonly columns: readonly string[];
  /** A digest for each column by the row's primary key; absent without a key, and for large tables. */
  readonly rows?: ReadonlyMap<string, readonly string[]>;
}

/** Rows of larger tables are counted and digested, and not compared one by one. */
const largest = 20_000;

/** Reads all schemas but those of PostgreSQL and the named one, in one view of the database. */
export async function takeSnapshot(database: Database, without: string | undefined): Promise<Snapshot> {
  return database.withClient(async (client) => {
    await client.query('begin isolation level repeatable read read only');
    const schemas = (
      await client.query<{ name: string }>(
        `select nspname::text as name from pg_catalog.pg_namespace
          where nspname !~ '^pg_' and nspname <> 'information_schema' and nspname <> $1 order by nspname`,
        [without ?? ''],
      )
    ).map(({ name }) => name);
    const entries = [
      ...(await readObjects(client, schemas)).map(ofRelation),
      ...(await otherObjects(client, schemas)),
    ];
    const objects = new Map(entries.map((entry) => [`${entry.kind} ${entry.table} ${entry.name}`, entry]));
    const tables = new Map<string, TableRows>();
    for (const each of await tablesOf(client, schemas))
      tables.set(`${each.schema}.${each.table}`, await readRows(client, each));
    return { objects, tables };
  });
}

function ofRelation({ schema, kind, table, name, text }: CatalogObject): CatalogEntry {
  return { schema, kind, name, definition: text, table: `${schema}.${table === '' ? name : table}` };
}

/** What stands beside relations: schemas, functions, triggers, types, policies and extensions. */
function otherObjects(client: DatabaseClient, schemas: readonly string[]): Promise<CatalogEntry[]> {
  return client.query<CatalogEntry>(
    `select n.nspname::text as schema, n.nspname::text as "table", 'schema' as kind, n.nspname::text as name,
            coalesce(n.nspacl::text, '') as definition
       from pg_namespace n where n.nspname = any($1)
     union all
     select n.nspname, n.nspname || '.' || p.proname, 'function', p.oid::regprocedure::text,
            case when p.prokind = 'a' then 'aggregate' else pg_get_functiondef(p.oid) end
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any($1)
     union all
     select n.nspname, n.nspname || '.' || c.relname, 'trigger', t.tgname, pg_get_triggerdef(t.oid) || t.tgenabled::text
       from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any($1) and not t.tgisinternal
     union all
     select n.nspname, n.nspname || '.' || y.typname, 'type', y.typname,
            coalesce((select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = y.oid),
                     format_type(y.typbasetype, y.typtypmod))
       from pg_type y join pg_namespace n on n.oid = y.typnamespace where n.nspname = any($1) and y.typtype in ('e', 'd')
     union all
     select n.nspname, n.nspname || '.' || c.relname, 'policy', o.polname,
            concat_ws(' ', o.polcmd, o.polpermissive, o.polroles::regrole[]::text, pg_get_expr(o.polqual, o.polrelid), pg_get_expr(o.polwithcheck, o.polrelid))
       from pg_policy o join pg_class c on c.oid = o.polrelid join pg_namespace n on n.oid = c.relnamespace where n.nspname = any($1)
     union all
     select n.nspname, n.nspname || '.' || c.relname, 'view', c.relname, pg_get_viewdef(c.oid)
       from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = any($1) and c.relkind in ('v', 'm')
     union all
     select n.nspname, n.nspname || '.' || c.relname, 'privileges', c.relname, coalesce(c.relacl::text, '')
       from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'S')
     union all
     select '', e.extname, 'extension', e.extname, e.extversion from pg_extension e`,
    [schemas],
  );
}

interface Table {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
}

function tablesOf(client: DatabaseClient, schemas: readonly string[]): Promise<Table[]> {
  return client.query<Table>(
    `select n.nspname::text as schema, c.relname::text as "table",
            (select coalesce(array_agg(a.attname::text order by a.attnum), '{}') from pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
            (select coalesce(array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum)), '{}')
               from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey::int2[])
              where i.indrelid = c.oid and i.indisprimary) as key
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any($1) and c.relkind = 'r' order by 1, 2`,
    [schemas],
  );
}

async function readRows(client: DatabaseClient, { schema, table, columns, key }: Table): Promise<TableRows> {
  const from = `${quoteIdentifier(schema)}.${quoteIdentifier(table)} t`;
  const [sum] = await client.query<{ count: number; digest: string }>(
    `select count(*)::integer as count,
            md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) as digest from ${from}`,
  );
  const { count = 0, digest = '' } = sum ?? {};
  const base = { schema, table, count, digest, columns };
  if (key.length === 0 || count > largest) return base;
  const column = (name: string): string => `t.${quoteIdentifier(name)}`;
  const rows = await client.query<{ key: string; digests: string[] }>(
    `select concat_ws(', ', ${key.map((name) => `'${name.replaceAll("'", "''")}=' || ${column(name)}::text`).join(', ')}) as key,
            array[${columns.map((name) => `md5(row(${column(name)})::text)`).join(', ')}] as digests from ${from}`,
  );
  return { ...base, rows: new Map(rows.map((row) => [row.key, row.digests])) };
}
