"""A table as the catalog has it, in words that do not depend on its schema and on names of constraints; and how two differ."""

import re

COLUMNS = """
select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity <> '',
       coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
  from pg_catalog.pg_attribute a left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where a.attrelid = %s and a.attnum > 0 and not a.attisdropped order by a.attnum
"""
CONSTRAINTS = """
select conname, contype, pg_catalog.pg_get_constraintdef(oid) from pg_catalog.pg_constraint
 where conrelid = %s and contype in ('p', 'u', 'c', 'x') order by 1
"""
INDEXES = """
select i.indexrelid::regclass::text, pg_catalog.pg_get_indexdef(i.indexrelid) from pg_catalog.pg_index i
 where i.indrelid = %s and not exists (select from pg_catalog.pg_constraint c where c.conindid = i.indexrelid) order by 1
"""
KEYS = """
select a.attname, t.relname, b.attname from pg_catalog.pg_constraint c join pg_catalog.pg_class t on t.oid = c.confrelid
  join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
  join pg_catalog.pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1]
 where c.contype = 'f' and c.conrelid = %s
"""


def shape_of(cursor, schema, table):
    """The shape of a table of a schema, or of a temporary one where `schema` is None; None where there is no such table."""
    place = "n.oid = pg_catalog.pg_my_temp_schema()" if schema is None else "n.nspname = %s"
    cursor.execute(
        "select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p') and c.relname = %s and " + place,
        [table] + ([] if schema is None else [schema]),
    )
    row = cursor.fetchone()
    if row is None:
        return None
    shape = {"column": {}, "constraint": {}, "index": {}, "foreign key": {}}
    cursor.execute(COLUMNS, row)
    for name, kind, required, identity, default in cursor.fetchall():
        by_default = " identity" if identity else ""
        if default:
            by_default = " default from a sequence" if default.startswith("nextval(") else " default %s" % default
        shape["column"][name] = kind + (" not null" if required else "") + by_default
    cursor.execute(CONSTRAINTS, row)
    for _name, _kind, text in cursor.fetchall():
        shape["constraint"][text] = text
    cursor.execute(INDEXES, row)
    for _name, text in cursor.fetchall():
        plain = ("unique " if text.startswith("CREATE UNIQUE") else "") + re.sub(r"^.*? USING ", "using ", text)
        shape["index"][plain] = plain
    cursor.execute(KEYS, row)
    for column, target, to in cursor.fetchall():
        shape["foreign key"][column] = "%s (%s)" % (target, to)
    return shape


def foreign_keys(connection, model):
    """The foreign keys that a model's table has in the database, with the types of both columns as the models want them."""
    return [
        {
            "column": field.column,
            "type": field.db_type(connection),
            "toTable": field.remote_field.model._meta.db_table,
            "toColumn": field.target_field.column,
            "toType": field.target_field.rel_db_type(connection),
        }
        for field in model._meta.local_fields
        if field.remote_field is not None and getattr(field, "db_constraint", False)
    ]


def differences(expected, actual, keys):
    """What each part should be and is; nothing where both are the same. Foreign keys are compared with the model's."""
    expected = dict(
        expected, **{"foreign key": {key["column"]: "%s (%s)" % (key["toTable"], key["toColumn"]) for key in keys}}
    )
    return [
        {"part": part, "name": name, "expected": expected[part].get(name), "actual": actual[part].get(name)}
        for part in expected
        for name in sorted({*expected[part], *actual[part]})
        if expected[part].get(name) != actual[part].get(name)
    ]
