"""
Indexes that are made and removed outside of transactions, in a way that can be repeated: what breaks off half way leaves an invalid
index, or one whose migration is not recorded, and the same statement would fail at it.
"""

from contextlib import contextmanager

from django.contrib.postgres import operations

from . import tape
from .concurrent_sql import index_made, index_removed, without_concurrently
from .done_before import is_done


@contextmanager
def repeatable(connection, schema, again):
    """
    While it holds, an invalid index gives way to the one that is to be made. Where the schema's migrations are applied `again`, because
    they were broken off, an index that is there already is taken as made, and one that is gone as removed; so is what else a migration
    that is not atomic has made, whose statements stay.
    """

    def execute(original, editor, sql, params):
        text = str(sql)
        made, removed = index_made(text), index_removed(text)
        if made is None and removed is None:
            if again and not editor.atomic_migration and is_done(connection, schema, text):
                return tape.note(text)
            return original(editor, sql, params)
        valid = _is_valid(connection, schema, made or removed)
        if again and valid is (True if made else None):
            # Others have yet to do it.
            return tape.note(text)
        if made and valid is False:
            _drop(connection, schema, made)
        return original(editor, sql, params)

    with _executing(connection, execute):
        yield


@contextmanager
def inside_transaction(connection):
    """While it holds, this works inside a transaction, which is to be undone: plainly, and noted as what it stands for."""

    def execute(original, editor, sql, params):
        text = str(sql)
        if index_made(text) is None and index_removed(text) is None:
            return original(editor, sql, params)
        with tape.silent():
            original(editor, without_concurrently(text), params)
        return tape.note(text)

    mixin = operations.NotInTransactionMixin
    ensure = mixin._ensure_not_in_transaction
    mixin._ensure_not_in_transaction = lambda operation, editor: None
    try:
        with _executing(connection, execute):
            yield
    finally:
        mixin._ensure_not_in_transaction = ensure


@contextmanager
def _executing(connection, execute):
    """Statements of migrations go through `execute(original, editor, sql, params)`."""
    editor = connection.SchemaEditorClass
    inherited = "execute" not in vars(editor)
    original = editor.execute
    editor.execute = lambda self, sql, params=(): execute(original, self, sql, params)
    try:
        yield
    finally:
        if inherited:
            del editor.execute
        else:
            editor.execute = original


def _is_valid(connection, schema, name):
    """Whether an index of this name is valid; None where the schema has none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select i.indisvalid from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid"
            " join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = %s and c.relname = %s",
            [schema, name],
        )
        row = cursor.fetchone()
    return None if row is None else row[0]


def _drop(connection, schema, name):
    quote = connection.ops.quote_name
    how = "" if connection.in_atomic_block else "concurrently "
    with connection.cursor() as cursor:
        cursor.execute("drop index %s%s.%s" % (how, quote(schema), quote(name)))
