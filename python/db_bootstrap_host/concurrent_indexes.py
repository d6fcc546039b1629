"""
Index operations that run outside of transactions, made repeatable: what breaks off half way leaves an invalid index, or one that is not
recorded, and Django's own operation would fail at it.
"""

from contextlib import contextmanager

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db.migrations.operations import AddIndex, RemoveIndex

from . import tape


@contextmanager
def repeatable(schema, again):
    """
    While it holds, an invalid index gives way to the one that is to be made. Where the schema's migrations are applied `again`, because
    they were broken off, an index that is there already is taken as made, and one that is gone as removed.
    """
    originals = AddIndexConcurrently.database_forwards, RemoveIndexConcurrently.database_forwards

    def add(self, app_label, schema_editor, from_state, to_state):
        valid = _is_valid(schema_editor, schema, self.index.name)
        if valid is False:
            _drop(schema_editor, schema, self.index.name)
        if valid is True and again:
            model = to_state.apps.get_model(app_label, self.model_name)
            # Others have yet to do it.
            tape.note(str(self.index.create_sql(model, schema_editor, concurrently=True)))
            return
        originals[0](self, app_label, schema_editor, from_state, to_state)

    def remove(self, app_label, schema_editor, from_state, to_state):
        if again and _is_valid(schema_editor, schema, self.name) is None:
            model = from_state.apps.get_model(app_label, self.model_name)
            index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            tape.note(str(index.remove_sql(model, schema_editor, concurrently=True)))
            return
        originals[1](self, app_label, schema_editor, from_state, to_state)

    AddIndexConcurrently.database_forwards, RemoveIndexConcurrently.database_forwards = add, remove
    try:
        yield
    finally:
        AddIndexConcurrently.database_forwards, RemoveIndexConcurrently.database_forwards = originals


@contextmanager
def inside_transaction():
    """While it holds, they work inside a transaction, which is to be undone: as plain operations, noted as what they stand for."""
    originals = AddIndexConcurrently.database_forwards, RemoveIndexConcurrently.database_forwards

    def add(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(app_label, self.model_name)
        with tape.silent():
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
        tape.note(str(self.index.create_sql(model, schema_editor, concurrently=True)))

    def remove(self, app_label, schema_editor, from_state, to_state):
        model = from_state.apps.get_model(app_label, self.model_name)
        index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        with tape.silent():
            RemoveIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
        tape.note(str(index.remove_sql(model, schema_editor, concurrently=True)))

    AddIndexConcurrently.database_forwards, RemoveIndexConcurrently.database_forwards = add, remove
    try:
        yield
    finally:
        AddIndexConcurrently.database_forwards, RemoveIndexConcurrently.database_forwards = originals


def _is_valid(schema_editor, schema, name):
    """Whether an index of this name is valid; None where the schema has none."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "select i.indisvalid from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid"
            " join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = %s and c.relname = %s",
            [schema, name],
        )
        row = cursor.fetchone()
    return None if row is None else row[0]


def _drop(schema_editor, schema, name):
    quote = schema_editor.connection.ops.quote_name
    how = "" if schema_editor.connection.in_atomic_block else "concurrently "
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("drop index %s%s.%s" % (how, quote(schema), quote(name)))
