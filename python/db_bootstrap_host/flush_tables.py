"""Counting, emptying and comparing the tables of one schema."""

from .flush_plan import qualified


def count_rows(schema, tables):
    """Rows by table, of the given tables of the schema."""
    if not tables:
        return {}
    parts = ["(select count(*) from %s)" % _only(schema, table) for table in tables]
    counts = []
    with schema.connection.cursor() as cursor:
        # A select list may hold 1,664 entries.
        for start in range(0, len(parts), 1000):
            cursor.execute("select %s" % ", ".join(parts[start : start + 1000]))
            counts += cursor.fetchone()
    return dict(zip(tables, counts))


def digests(schema, tables):
    """A digest of the rows of each table that has any, by "schema.table"."""
    found = {}
    with schema.connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                "select md5(string_agg(t::text, E'\\n' order by t::text)) from %s t" % _only(schema, table)
            )
            digest = cursor.fetchone()[0]
            if digest is not None:
                found[schema.key(table)] = digest
    return found


def empty_tables(schema):
    """
    Empties the schema's tables and restarts their sequences.

    TRUNCATE never cascades here. Where a table that is not emptied in the same statement refers to one, PostgreSQL refuses
    to truncate it, so its rows are deleted; the referring table holds none any more, or its key is checked at the commit.
    """
    referred = {target for _, _, target in schema.referring}
    untruncatable = _with_targets(schema, referred)
    truncated = [table for table in schema.emptied if table not in untruncatable]
    deleted = [table for table in schema.emptied if table in untruncatable]
    with schema.connection.cursor() as cursor:
        if truncated:
            names = ", ".join(_only(schema, table) for table in truncated)
            cursor.execute("truncate %s restart identity" % names)
        for table in deleted:
            cursor.execute("delete from %s" % _only(schema, table))
        if deleted:
            cursor.execute(
                "select sn.nspname, s.relname from pg_catalog.pg_class s"
                " join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace"
                " join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::regclass::oid and d.objid = s.oid"
                " and d.refclassid = 'pg_catalog.pg_class'::regclass::oid and d.deptype in ('a', 'i')"
                " join pg_catalog.pg_class c on c.oid = d.refobjid"
                " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
                " where s.relkind = 'S' and n.nspname = %s and c.relname = any(%s)",
                [schema.name, deleted],
            )
            for sequence in cursor.fetchall():
                cursor.execute("alter sequence %s restart" % qualified(*sequence))


def _with_targets(schema, referred):
    # Where A is deleted from, not truncated, a table that A refers to cannot be truncated either.
    found, waiting = set(), list(referred)
    while waiting:
        table = waiting.pop()
        if table not in found:
            found.add(table)
            waiting += schema.references.get(table, ())
    return found


def _only(schema, table):
    # Without ONLY, tables that inherit from this one would be emptied with it; partitions belong to their table.
    name = qualified(schema.name, table)
    return name if table in schema.partitioned else "only %s" % name
