/** How the objects of a schema are told, as SQL: what stands before the text of a column, and the rows of constraints and of indexes. */
export interface Telling {
  readonly column: string;
  readonly constraints: string;
  readonly indexes: string;
}

/** As PostgreSQL writes them. */
export const wholly: Telling = {
  column: '',
  constraints: `
    select r.schema, 'constraint', r.name, k.conname::text,
           regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), ' NOT VALID$', '')
      from relation r join pg_catalog.pg_constraint k on k.conrelid = r.oid and k.contype <> 'n'`,
  indexes: `
    select r.schema, 'index', r.name, i.relname::text,
           case when x.indisunique then 'unique' else '' end || substr(i.definition, position(' USING ' in i.definition))
      from relation r join pg_catalog.pg_index x on x.indrelid = r.oid
      join lateral (select relname, pg_catalog.pg_get_indexdef(oid) as definition from pg_catalog.pg_class where oid = x.indexrelid) i on true
     where not exists (select from pg_catalog.pg_constraint k where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))`,
};

// Writing a definition takes PostgreSQL longer than all else, so what nearly every definition is written from is told instead, as the
// catalog has it. What PostgreSQL brings itself is told by its number, which is below this one and the same in every schema; columns by
// theirs, whose names stand with the columns; and what a schema may have for itself, or has expressions, as PostgreSQL writes it.
const firstOfOthers = '16384';
const btree = '403';

// A server that nobody here knows may write more into a definition. And options of operator classes, which stand in the largest of the
// catalogs, are not read: those for btree have none, unless somebody has made one that does (a support function with the number 5).
const isKnown = `(
      select pg_catalog.current_setting('server_version_num')::int < 190000 and not exists (
        select from pg_catalog.pg_amproc p join pg_catalog.pg_opfamily f on f.oid = p.amprocfamily
         where f.opfmethod = ${btree} and p.amprocnum = 5))`;

/**
 * The same in two schemas only where `wholly` is the same in both; other also where columns stand in other places, say. Which operator
 * class and collation an index need not name follows from the type of its column, of which more than the name is told for that.
 */
export const briefly: Telling = {
  column: `concat_ws('|', a.attnum, case when a.attcollation < ${firstOfOthers} then a.attcollation else 1 end,
             case when y.oid < ${firstOfOthers} or y.typtype = 'b' and y.typelem = 0 then y.oid::text else concat(y.typtype, y.typbasetype) end, '')
             || `,
  // A column that an older server lacks is the one of "older"; the innermost name counts.
  constraints: `
    select r.schema, 'constraint', r.name, k.conname::text,
           case when k.contype in ('p', 'u', 'f') and ${isKnown} then
             concat_ws('|', k.contype, k.conkey, k.condeferrable, k.condeferred, k.conenforced, k.conperiod, k.confkey,
                       k.confmatchtype, k.confupdtype, k.confdeltype, coalesce(k.confdelsetcols::text, ''),
                       coalesce(quote_ident(f.relname), k.confrelid::text))
           else regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), ' NOT VALID$', '') end
      from relation r
      cross join (select null::int2[] as confdelsetcols, true as conenforced, false as conperiod) older
      cross join lateral (
        select oid, conname, contype, conkey, condeferrable, condeferred, conenforced, conperiod, confrelid,
               coalesce(confkey::text, '') as confkey, confmatchtype, confupdtype, confdeltype, confdelsetcols
          from pg_catalog.pg_constraint where conrelid = r.oid and contype <> 'n') k
      left join pg_catalog.pg_class f on f.oid = k.confrelid and f.relnamespace = r.place`,
  // With those of constraints, whose columns beside the key, and whose way with nulls, stand here.
  indexes: `
    select r.schema, 'index', r.name, i.relname::text,
           case when x.plain and i.relam = ${btree} and ${isKnown} then
             concat_ws('|', x.indisunique, x.indnullsnotdistinct, x.indkey, x.indclass, x.indcollation, x.indoption, i.reloptions)
           else concat(x.indisunique, pg_catalog.pg_get_indexdef(x.indexrelid)) end
      from relation r
      cross join (select false as indnullsnotdistinct) older
      cross join lateral (
        select indexrelid, indisunique, indnullsnotdistinct, indkey, indclass, indcollation, indoption,
               indexprs is null and indpred is null and ${firstOfOthers} > all (indclass::oid[]) and ${firstOfOthers} > all (indcollation::oid[]) as plain
          from pg_catalog.pg_index where indrelid = r.oid) x
      join pg_catalog.pg_class i on i.oid = x.indexrelid`,
};
