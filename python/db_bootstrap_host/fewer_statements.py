"""
Statements that migrating a schema can do without.

django_tenants sets the search_path before each statement, and Django before 5.2 lists all tables for each migration that it
records: on small schemas that is half of all statements. Both are asked once, wherever nothing can have changed the answer, and
one table is looked for by its name.
"""

from contextlib import contextmanager

from django.db.migrations.operations.special import RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.recorder import MigrationRecorder

from .kept_record import forget_record

_once = False


@contextmanager
def fewer_statements():
    """While it holds, for one schema, a recorder that has seen its table does not look again, and `one_search_path` works."""
    originals = [(MigrationRecorder, "has_table", MigrationRecorder.has_table)]
    seen = False

    def remembered(recorder):
        nonlocal seen
        seen = seen or _has_table(recorder)
        return seen

    MigrationRecorder.has_table = remembered
    backend = _backend()
    if backend is not None:
        asked = backend.get_limit_set_calls
        originals.append((backend, "get_limit_set_calls", asked))
        backend.get_limit_set_calls = lambda: _once or asked()
    try:
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


@contextmanager
def one_search_path(connection):
    """The search_path is set once inside: before any transaction, so that no rollback undoes it."""
    global _once
    if not hasattr(connection, "search_path_set_schemas"):
        yield
        return
    connection.search_path_set_schemas = None
    with connection.cursor():
        _once = True
    try:
        yield
    finally:
        _once = False
        connection.search_path_set_schemas = None


@contextmanager
def own_search_path(connection, operation):
    """
    Around an operation: where it runs code or SQL of the project's, which may set the search_path itself, it is set as ever, and what the
    schema has recorded is asked anew.
    """
    global _once
    if _is_plain(operation):
        yield
        return
    before, _once = _once, False
    forget_record()
    try:
        yield
    finally:
        _once = before
        if before:
            connection.search_path_set_schemas = None
        forget_record()


def _has_table(recorder):
    """What Django finds out by listing all tables of all tenants: whether the current schema has the table of records."""
    connection = recorder.connection
    with connection.cursor() as cursor:
        cursor.execute(
            "select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = coalesce(%s, pg_catalog.current_schema()) and c.relname = %s"
            " and c.relkind in ('f', 'm', 'p', 'r', 'v')",
            [getattr(connection, "schema_name", None), recorder.Migration._meta.db_table],
        )
        return cursor.fetchone() is not None


def _is_plain(operation):
    if isinstance(operation, SeparateDatabaseAndState):
        return all(_is_plain(inner) for inner in operation.database_operations)
    module = type(operation).__module__
    return not isinstance(operation, (RunPython, RunSQL)) and module.startswith(
        ("django.db.migrations.operations.", "django.contrib.postgres.operations")
    )


def _backend():
    try:
        from django_tenants.postgresql_backend import base
    except ImportError:
        return None
    return base if hasattr(base, "get_limit_set_calls") else None
