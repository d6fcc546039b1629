import { query } from '../support/postgres.js';

/** A change that somebody makes to a database by hand. */
export interface Damage {
  readonly kind: string;
  readonly statements: readonly string[];
  /** PostgreSQL and Django treat the result as the same: a check that fails here gives a false alarm. */
  readonly harmless: boolean;
}

/** Kinds of damage after which nothing behaves differently. */
const harmlessKinds = new Set(['rename index', 'rename constraint', 'serial instead of identity', 'comment']);

interface Row {
  readonly kind: string;
  /** A statement with the schema as %1$I. */
  readonly statement: string;
}

/**
 * Chooses one change of the tables in a schema; `numbers` decide which. The change is made in each schema of `schemas`: in a schema that
 * lacks the table it would fail, so pass schemas in one state.
 */
export async function chooseDamage(
  url: string,
  schemas: readonly string[],
  numbers: readonly [kind: number, row: number],
): Promise<Damage | undefined> {
  const [first] = schemas;
  if (first === undefined) return undefined;
  const rows = await query<Row>(url, possibleDamages, [first]);
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  const kind = kinds[numbers[0] % kinds.length];
  const own = rows.filter((row) => row.kind === kind);
  const row = own[numbers[1] % own.length];
  if (kind === undefined || row === undefined) return undefined;
  const statements: string[] = [];
  for (const schema of schemas) {
    const [made] = await query<{ text: string }>(url, 'select format($1, $2::text) as text', [
      row.statement,
      schema,
    ]);
    statements.push(made?.text ?? '');
  }
  return { kind, statements, harmless: harmlessKinds.has(kind) };
}

/** All changes that are possible in schema $1. A percent sign in a name is doubled, because `format` reads the statement once more. */
const possibleDamages = String.raw`
with t as (
  select c.oid, c.relname, '%1$I.' || replace(quote_ident(c.relname), '%', '%%') as name
    from pg_class c where c.relnamespace = $1::text::regnamespace and c.relkind = 'r'
), a as (
  select t.*, replace(quote_ident(a.attname), '%', '%%') as column, a.attnotnull, a.attidentity, a.atthasdef,
         format_type(a.atttypid, null) as type, a.atttypmod as typmod,
         exists (select from pg_constraint p where p.conrelid = t.oid and p.contype = 'p' and a.attnum = any(p.conkey)) as key
    from t join pg_attribute a on a.attrelid = t.oid where a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
), o as (
  select t.*, replace(quote_ident(o.conname), '%', '%%') as constraint, o.contype from t join pg_constraint o on o.conrelid = t.oid
   where o.contype in ('c', 'f', 'u', 'p', 'x')
), i as (
  select '%1$I.' || replace(quote_ident(x.relname), '%', '%%') as index from t join pg_index i on i.indrelid = t.oid
    join pg_class x on x.oid = i.indexrelid where not exists (select from pg_constraint o where o.conindid = i.indexrelid)
      -- Models know nothing of an index that the project's own SQL makes: no check misses it if it is gone in every tenant.
      and not starts_with(x.relname, 'own_')
), m as (
  select '%1$I.django_migrations' as name where to_regclass(format('%I.django_migrations', $1::text)) is not null
)
select 'drop index' as kind, 'drop index ' || index as statement from i
union all select 'rename index', 'alter index ' || index || ' rename to by_hand' from i
union all select 'drop constraint', format('alter table %s drop constraint %s cascade', name, "constraint") from o
union all select 'rename constraint', format('alter table %s rename constraint %s to by_hand', name, "constraint") from o where contype in ('c', 'f', 'u')
union all select 'drop not null', format('alter table %s alter %s drop not null', name, "column") from a where attnotnull and not key
union all select 'shorter text', format('alter table %s alter %s type varchar(%s) using left(%2$s, %3$s)', name, "column", typmod - 5) from a where type = 'character varying' and typmod > 9
union all select 'text without limit', format('alter table %s alter %s type text', name, "column") from a where type = 'character varying'
union all select 'other number', format('alter table %s alter %s type %s', name, "column", case type when 'bigint' then 'numeric(30)' else 'bigint' end) from a
           where type in ('integer', 'bigint', 'smallint') and attidentity = '' and not key
union all select 'other precision', format('alter table %s alter %s type numeric(30, 3)', name, "column") from a where type = 'numeric' and typmod > 0
union all select 'identity dropped', format('alter table %s alter %s drop identity', name, "column") from a where attidentity <> ''
union all select 'serial instead of identity', format(
    'alter table %s alter %s drop identity; create sequence %%1$I.by_hand_seq as %3$s owned by %1$s.%2$s; alter table %1$s alter %2$s set default nextval(''%%1$I.by_hand_seq''); select setval(''%%1$I.by_hand_seq'', coalesce(max(%2$s), 1), max(%2$s) is not null) from %1$s',
    name, "column", type) from a where attidentity <> ''
union all select 'drop column', format('alter table %s drop column %s cascade', name, "column") from a where not key
union all select 'drop table', format('drop table %s cascade', name) from t
union all select 'sequence behind', format('select setval(pg_get_serial_sequence(%L, %L), 1, false)', replace(name, '%1$I', quote_ident($1)), "column")
           from a where attidentity <> '' and relname in ('django_content_type', 'auth_permission')
union all select 'revoke', format('revoke %s on %s from current_user', right_, name) from t, unnest(array['insert', 'select', 'all']) as right_
union all select 'comment', format('comment on table %s is ''by hand''', name) from t
union all select 'forgotten record', format('delete from %s where id = (select max(id) - %s from %1$s)', name, n) from m, generate_series(0, 8) as n
union all select 'content type lost', format('delete from %%1$I.auth_permission where content_type_id = (select min(id) + %s from %%1$I.django_content_type); delete from %%1$I.django_content_type where id = (select min(id) + %1$s from %%1$I.django_content_type)', n)
           from m, generate_series(0, 3) as n where to_regclass(format('%I.auth_permission', $1::text)) is not null
union all select 'permission lost', format('delete from %%1$I.auth_permission where id = (select min(id) + %s from %%1$I.auth_permission)', n)
           from m, generate_series(0, 9) as n where to_regclass(format('%I.auth_permission', $1::text)) is not null
order by 1, 2`;
