"""Locks of tables: those that a transaction holds, and those that making references will take in other schemas."""

_REFERRED = """
select distinct pg_catalog.concat(fn.nspname, '.', fc.relname)
  from pg_catalog.pg_constraint o
  join pg_catalog.pg_class c on c.oid = o.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_class fc on fc.oid = o.confrelid
  join pg_catalog.pg_namespace fn on fn.oid = fc.relnamespace
 where o.contype = 'f' and n.nspname = %s and c.relname = any(%s) and fn.oid <> n.oid
 order by 1"""

_LOCKS = """
select n.nspname, c.relname, l.mode
  from pg_catalog.pg_locks l
  join pg_catalog.pg_class c on c.oid = l.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.granted
   and n.nspname not in ('pg_catalog', 'pg_toast') and c.relkind in ('r', 'p', 'm', 'v')
   and l.mode not in ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')"""


def held_locks(cursor):
    """(schema, relation, mode) of the locks that keep others from writing."""
    cursor.execute(_LOCKS)
    return {tuple(row) for row in cursor.fetchall()}


def referred_tables(cursor, schema, names):
    """Tables of other schemas that these relations refer to: who adds a reference locks them."""
    cursor.execute(_REFERRED, [schema, names])
    return [name for (name,) in cursor.fetchall()]
