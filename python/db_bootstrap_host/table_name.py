"""Names of tables that hold a schema: `db_table = 'ref"."country'` is the known way to name one."""

from django.db.backends.utils import strip_quotes


def schema_and_table(name):
    """The schema that a `db_table` names, or None; and the table's own name."""
    schema, between, table = strip_quotes(name).partition('"."')
    return (schema, table) if between else (None, schema)


def named(name):
    """The same, as answers have it: without a schema where there is none."""
    schema, table = schema_and_table(name)
    return {"table": table} if schema is None else {"schema": schema, "table": table}
