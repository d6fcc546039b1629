import type { DatabaseClient } from '../database.js';
import { askCatalog } from './ask-catalog.js';

/** One object of a schema, described without the schema's name. */
export interface CatalogObject {
  readonly schema: string;
  /** Unique and primary keys are indexes. */
  readonly kind: 'table' | 'column' | 'constraint' | 'index' | 'sequence';
  /** Its table; empty for a sequence that no column owns. */
  readonly table: string;
  /** Ignored when indexes and constraints are compared. A sequence that a column owns has the column's name. */
  readonly name: string;
  /** The properties that must be equal, in a form that serves only for comparison. */
  readonly definition: string;
  /** Optional properties: a column's default, an index's storage parameters. */
  readonly detail: string;
  /** The table that a foreign key refers to; the schema is null where it is the object's own. */
  readonly toSchema: string | null;
  readonly toTable: string | null;
  /** The part of the DDL after the name, as PostgreSQL writes it. */
  readonly text: string;
}

// Built-in objects have an oid below this one, which is the same in every schema, so their oids are compared. For other objects and for
// expressions, the definitions that PostgreSQL writes are compared. Writing them is slow, so a common index is compared by its column names.
const firstOfOthers = '16384';
const btree = '403';

// A server that nobody here knows may write more into a definition. And options of operator classes are not read: those for btree have
// none, unless somebody has made one that does (a support function with the number 5).
const isKnown = `(
  select pg_catalog.current_setting('server_version_num')::int < 190000 and not exists (
    select from pg_catalog.pg_amproc p join pg_catalog.pg_opfamily f on f.oid = p.amprocfamily
     where f.opfmethod = ${btree} and p.amprocnum = 5))`;

/** The names of columns with these numbers; most indexes have few, for which no subquery is started. */
const namesOf = (numbers: string, first: number, names = 'r.names'): string =>
  `concat_ws(',', ${[0, 1, 2, 3].map((each) => `${names}[${numbers}[${String(first + each)}]]`).join(', ')},
     case when ${numbers}[${String(first + 4)}] is not null then array_to_string(array(
       select ${names}[number] from unnest((${numbers}::int2[])[${String(first + 4)}:]) number), ',') end)`;

const shownIndex = `coalesce(
    (select pg_catalog.pg_get_constraintdef(k.oid) from pg_catalog.pg_constraint k
      where k.conrelid = r.oid and k.conindid = x.indexrelid and k.contype in ('p', 'u')),
    (select case when x.indisunique then 'unique' else '' end || substr(d, position(' USING ' in d))
       from pg_catalog.pg_get_indexdef(x.indexrelid) d))`;

// "older" has defaults for catalog columns that older servers lack: SQL resolves a name in the innermost query that has it.
const indexes = (shown: boolean): string => `
  select r.schema, 'index', r.name, i.relname::text,
         case when not x.indisunique then '' when x.indisprimary then 'primary key ' when x.indnullsnotdistinct then 'unique, nulls alike '
              else 'unique ' end
           || case when x.indimmediate then '' else 'deferrable ' || (
                select k.condeferred from pg_catalog.pg_constraint k
                 where k.conrelid = r.oid and k.conindid = x.indexrelid and k.contype in ('p', 'u'))::text end
           || case when x.plain and i.relam = ${btree} and ${isKnown} then
                concat_ws('|', ${namesOf('x.indkey', 0)}, x.indnkeyatts, x.indclass, x.indcollation, x.indoption)
              else (select case when i.reloptions is null then d else regexp_replace(d, ' WITH \\([^()]*\\)', '') end
                      from (select substr(w, position(' USING ' in w)) as d from pg_catalog.pg_get_indexdef(x.indexrelid) w) written) end,
         coalesce(i.reloptions::text, ''), null, null, ${shown ? shownIndex : 'null'}
    from relation r
    cross join (select false as indnullsnotdistinct) older
    cross join lateral (
      select indexrelid, indisunique, indisprimary, indimmediate, indnullsnotdistinct, indkey, indnkeyatts, indclass, indcollation, indoption,
             indexprs is null and indpred is null and ${firstOfOthers} > all (indclass::oid[]) and ${firstOfOthers} > all (indcollation::oid[]) as plain
        from pg_catalog.pg_index where indrelid = r.oid and not indisexclusion) x
    join pg_catalog.pg_class i on i.oid = x.indexrelid`;

const constraints = (shown: boolean): string => `
  select r.schema, 'constraint', r.name, k.conname::text,
         case when k.contype = 'f' then
           concat_ws('|', 'foreign key', ${namesOf('k.conkey', 1)}, case when cardinality(k.confkey) = 1 then (
               select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = k.confrelid and a.attnum = k.confkey[1])
             else array_to_string(array(select a.attname from unnest(k.confkey) with ordinality u (number, place)
                    join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.number order by u.place), ',') end,
             k.condeferrable, k.condeferred, k.conenforced, k.conperiod, k.confmatchtype, k.confupdtype, k.confdeltype,
             case when k.confdelsetcols is not null then array_to_string(array(select r.names[number] from unnest(k.confdelsetcols) number), ',') end)
         else regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), ' NOT VALID$', '') end,
         '', case when f.relnamespace <> r.place then fn.nspname::text end, f.relname::text,
         ${shown ? `regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), ' NOT VALID$', '')` : 'null'}
    from relation r
    cross join (select null::int2[] as confdelsetcols, true as conenforced, false as conperiod) older
    cross join lateral (
      select oid, conname, contype, conkey, condeferrable, condeferred, conenforced, conperiod, confrelid,
             confkey, confmatchtype, confupdtype, confdeltype, confdelsetcols
        from pg_catalog.pg_constraint
       where conrelid = r.oid and (contype in ('c', 'f', 'x') or contype in ('p', 'u') and conperiod)) k
    left join pg_catalog.pg_class f on f.oid = k.confrelid and k.contype = 'f'
    left join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace`;

// The privilege that inserts need for the sequence of a serial column; a sequence of an identity column needs none.
const lackingUsage = `case when d.deptype = 'a' and r.relacl is not null and not pg_catalog.has_sequence_privilege(r.relowner, r.oid, 'USAGE')
    then ' without usage on sequence ' || quote_ident(r.name) || ' for its owner ' || quote_ident(pg_catalog.pg_get_userbyid(r.relowner)) else '' end`;

// Privileges that the owner of a table needs for migrations and for the application.
const lacking = `(
  select ' without ' || string_agg(lower(p), ', ' order by p) || ' for its owner ' || quote_ident(pg_catalog.pg_get_userbyid(relowner))
    from unnest(array['DELETE', 'INSERT', 'SELECT', 'UPDATE']) p where not pg_catalog.has_table_privilege(relowner, relation.oid, p))`;

// The schema's own name is removed only as a whole word: the "a." of "data." remains. The checks `constraints` and `indexes` report
// constraints and indexes that are not valid; columns report not-null constraints. A serial column equals an identity column, because
// both take their values from a sequence.
const objects = (shown: boolean): string => `
  place as materialized (
    select n.oid, n.nspname, split_part(n.prefix, '''', 1) as probe,
           '(^|[^[:alnum:]_$".])' || replace(regexp_replace(n.prefix, '(\\W)', '\\\\\\1', 'g'), '\\''', '''''?') as pattern
      from (select oid, nspname, pg_catalog.quote_ident(nspname) || '.' as prefix from pg_catalog.pg_namespace
             where nspname = any($1::text[])) n
  ),
  relation as materialized (
    select c.oid, p.oid as place, c.relname::text as name, c.relkind, c.relpersistence, c.relrowsecurity, c.relacl, c.relowner, p.nspname::text as schema,
           array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 order by a.attnum) as names
      from place p join pg_catalog.pg_class c on c.relnamespace = p.oid and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  ),
  object (schema, kind, "table", name, definition, detail, "toSchema", "toTable", text) as (
    select schema, 'table', name, name,
           case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
                        when 'p' then 'partitioned table' else 'table' end
             || case when relpersistence = 'u' then ' unlogged' else '' end
             || case when relrowsecurity then ' with row level security' else '' end
             || case when relacl is not null and relkind in ('r', 'p') then coalesce(${lacking}, '') else '' end, '', null, null, null
      from relation where relkind <> 'S'
    union all
    select r.schema, 'column', r.name, a.attname::text,
           pg_catalog.format_type(a.atttypid, a.atttypmod)
             || case when a.attcollation <> y.typcollation then ' collate ' || (select quote_ident(l.collname) from pg_catalog.pg_collation l where l.oid = a.attcollation) else '' end
             || case when a.attnotnull then ' not null' else '' end
             || case when a.attidentity = 'a' then ' generated always as identity' else '' end
             || case when a.attgenerated <> '' then ' generated always as (' || pg_catalog.pg_get_expr(d.adbin, d.adrelid) || ')' || case a.attgenerated when 's' then ' stored' else '' end
                     else '' end,
           case when a.attidentity = 'd' then 'from a sequence' when a.attgenerated = '' then coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') else '' end,
           null, null, null
      from relation r
      join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
      join pg_catalog.pg_type y on y.oid = a.atttypid
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where r.relkind <> 'S'
    union all
    ${constraints(shown)}
    union all
    ${indexes(shown)}
    union all
    select r.schema, 'sequence', coalesce(o.name, ''), coalesce(o.names[d.refobjsubid], r.name),
           -- Without its type, which is another in clones: the bounds say which values it gives.
           format('increment %s minvalue %s maxvalue %s start %s cache %s%s', q.seqincrement,
                  q.seqmin, q.seqmax, q.seqstart, q.seqcache, case when q.seqcycle then ' cycle' else '' end) || ${lackingUsage}, '', null, null, null
      from relation r join pg_catalog.pg_sequence q on q.seqrelid = r.oid
      left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::regclass and d.objid = r.oid and d.objsubid = 0
        and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i')
      left join relation o on o.oid = d.refobjid
  ),
  bare as (
    select schema, kind, "table", name, ${bare('definition')}, ${bare('detail')}, "toSchema", "toTable", ${shown ? bare('text') : 'text'}
      from object join place on nspname = schema
  ),
  own as (
    select schema, kind, "table", name, definition,
           case when detail ~ '^nextval\\(''("([^"]|"")+"|[^."])+''::regclass\\)$' then 'from a sequence' else detail end as detail,
           "toSchema", "toTable", text
      from bare
  )`;

function bare(column: string): string {
  return `case when position(probe in ${column}) > 0 then regexp_replace(${column}, pattern, '\\1', 'g') else ${column} end as ${column}`;
}

/** The digest of a schema: it differs between schemas with different objects. */
export interface SchemaDigest {
  readonly digest: string;
  readonly objects: number;
}

/**
 * A digest of all objects of each schema, equal where PostgreSQL treats both schemas alike: the order of columns, the names of indexes
 * and constraints, and whether a column is serial or identity make no difference. One query.
 */
export async function digestSchemas(
  database: DatabaseClient,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, SchemaDigest>> {
  const rows = await askCatalog<SchemaDigest & { readonly schema: string }>(
    database,
    // Sums of hashes need no order.
    `with ${objects(false)},
     line as (
       select schema, concat_ws(chr(9), kind, "table", case when kind not in ('constraint', 'index') then name end,
                                definition, detail, "toSchema", "toTable") collate "C" as line from own
     )
     select schema, count(*)::int as objects, concat_ws(' ', count(*), sum(hashtextextended(line, 0)), sum(hashtextextended(line, 1))) as digest
       from line group by schema`,
    [schemas],
  );
  return new Map(rows.map(({ schema, ...rest }) => [schema, rest]));
}

/** All objects of some schemas, with what to show of them. */
export async function readObjects(
  database: DatabaseClient,
  schemas: readonly string[],
): Promise<readonly CatalogObject[]> {
  return (await askCatalog<CatalogObject>(database, objectsStatement('$1'), [schemas])).map(withText);
}

/** The statement behind `readObjects`, over the schemas that an SQL expression of type text[] names; its columns are in the order of `CatalogObject`. */
export function objectsStatement(schemas: string): string {
  return `with ${objects(true).replace('$1', () => schemas)}
    select schema, kind, "table", name, definition, detail, "toSchema", "toTable", text from own order by schema, kind, "table", name`;
}

/** The text of objects whose parts are compared as they are written. */
export function withText(object: CatalogObject): CatalogObject {
  const { kind, definition, detail } = object;
  if (kind === 'table' || kind === 'sequence') return { ...object, text: definition };
  if (kind !== 'column') return object;
  const value = detail === 'from a sequence' ? ' generated by default as identity' : ` default ${detail}`;
  return { ...object, text: definition + (detail === '' ? '' : value) };
}
