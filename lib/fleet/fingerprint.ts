import type { DatabaseClient } from '../postgres/index.js';

/**
 * A digest for each schema of the relations with these names, as the catalog has them: columns, defaults, constraints, indexes,
 * sequences, comments, owners and privileges, those of the schema too. Names of the schema itself are taken out, and a role of its name
 * is the same as another schema's, so that equal schemas have equal digests.
 */
export async function fingerprints(
  client: DatabaseClient,
  schemas: readonly string[],
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await client.query<{ schema: string; digest: string }>(statement('$1', '$2'), [
    schemas,
    names,
  ]);
  return new Map(rows.map(({ schema, digest }) => [schema, digest]));
}

/** The statement for Django's drivers, whose values are the schemas and the names. */
export function fingerprintStatement(): string {
  return statement('%s', '%s');
}

const role = (oid: string, schema: string): string =>
  `coalesce(nullif(pg_catalog.pg_get_userbyid(${oid})::pg_catalog.text, ${schema}::pg_catalog.text), '{schema}')`;

/** Who may do what, as one text; null where nobody has granted anything. */
const privileges = (acl: string, schema: string): string => `
  (select pg_catalog.string_agg(held, ',' order by held collate "C") from (
     select pg_catalog.concat_ws(' ', ${role('x.grantor', schema)}, case x.grantee when 0::pg_catalog.oid then 'public' else ${role('x.grantee', schema)} end,
            x.privilege_type, x.is_grantable) as held from pg_catalog.aclexplode(${acl}) x) h)`;

// It runs with the search_path of a tenant: functions and types are qualified, operands have the very types of the operators.
// Types and collations may be a schema's own, and are told by name then; most columns have none, or that of the database (100).
// The planner expects one row of each step, and would rather read a whole catalog once; "offset 0" has it look up what is needed.
const statement = (schemas: string, names: string): string => `
with s as materialized (
  select n.oid, n.nspname, n.nspowner, n.nspacl, pg_catalog.quote_ident(n.nspname) || '.' as prefix from pg_catalog.pg_namespace n where n.nspname = any(${schemas}::pg_catalog.text[])
), r as materialized (
  select c.oid, c.relname, c.relkind, c.relpersistence, c.relowner, c.relacl, s.nspname, s.prefix
    from s cross join lateral (
      select oid, relname, relkind, relpersistence, relowner, relacl from pg_catalog.pg_class
       where relnamespace = s.oid and relname = any(${names}::pg_catalog.text[]) and relkind in ('r', 'p', 'v', 'm', 'S') offset 0) c
), lines as (
  select nspname, pg_catalog.concat_ws(' ', 'relation', relname, relkind, relpersistence, ${role('relowner', 'nspname')},
         ${privileges('relacl', 'nspname')}, pg_catalog.obj_description(oid, 'pg_class')) as line from r
  union all
  select nspname, pg_catalog.concat_ws(' ', 'schema', ${role('nspowner', 'nspname')}, ${privileges('nspacl', 'nspname')}) from s
  union all
  select s.nspname, pg_catalog.concat_ws(' ', 'default', ${role('d.defaclrole', 's.nspname')}, d.defaclobjtype, ${privileges('d.defaclacl', 's.nspname')})
    from s join pg_catalog.pg_default_acl d on d.defaclnamespace = s.oid
  union all
  select r.nspname, pg_catalog.concat_ws(' ', 'column', r.relname, a.attname, pg_catalog.replace(pg_catalog.format_type(a.atttypid, a.atttypmod), r.prefix, ''), a.attnotnull,
         a.attidentity, a.attgenerated,
         case when a.attcollation in (0::pg_catalog.oid, 100::pg_catalog.oid) then a.attcollation::pg_catalog.text else
           (select pg_catalog.concat_ws('.', nullif(n.nspname, r.nspname), l.collname) from pg_catalog.pg_collation l
              join pg_catalog.pg_namespace n on n.oid = l.collnamespace where l.oid = a.attcollation) end,
         (select pg_catalog.replace(pg_catalog.pg_get_expr(d.adbin, d.adrelid), r.prefix, '') from pg_catalog.pg_attrdef d
           where d.adrelid = r.oid and d.adnum = a.attnum),
         ${privileges('a.attacl', 'r.nspname')}, pg_catalog.col_description(r.oid, a.attnum))
    from r cross join lateral (
      select * from pg_catalog.pg_attribute where attrelid = r.oid and attnum > 0 and not attisdropped offset 0) a
   where r.relkind <> 'S'
  union all
  select r.nspname, pg_catalog.concat_ws(' ', 'constraint', r.relname, o.conname, o.convalidated, pg_catalog.replace(pg_catalog.pg_get_constraintdef(o.oid), r.prefix, ''))
    from r cross join lateral (select oid, conname, convalidated from pg_catalog.pg_constraint where conrelid = r.oid offset 0) o
  union all
  select r.nspname, pg_catalog.concat_ws(' ', 'index', i.indisvalid, i.indisready, pg_catalog.replace(pg_catalog.pg_get_indexdef(i.indexrelid), r.prefix, ''))
    from r cross join lateral (select * from pg_catalog.pg_index where indrelid = r.oid offset 0) i
  union all
  select r.nspname, pg_catalog.concat_ws(' ', 'sequence', q.relname, q.seqtypid::pg_catalog.regtype, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcycle)
    from r cross join lateral (
      select c.relname, s.* from pg_catalog.pg_depend d
        join pg_catalog.pg_class c on c.oid = d.objid and c.relkind = 'S'
        join pg_catalog.pg_sequence s on s.seqrelid = c.oid
       where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid and d.refobjid = r.oid
         and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid and d.deptype in ('a', 'i') offset 0) q
)
select s.nspname as schema, coalesce(pg_catalog.md5(pg_catalog.string_agg(line, pg_catalog.chr(10) order by line collate "C")), '') as digest
  from s left join lines on lines.nspname = s.nspname group by s.nspname`;
