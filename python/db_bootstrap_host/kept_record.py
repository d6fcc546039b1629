"""
What the schema that is being migrated has recorded. Django's command asks for it, row by row, in each of its steps; here it is read as
one text, and again only where something of the project's may have changed it.
"""

from contextlib import contextmanager

from django.db.migrations.recorder import MigrationRecorder

from .states import read_records

_record, _keeps = None, False


@contextmanager
def kept_record(record=None):
    """
    While it holds, a `KeptRecorder` keeps what it knows. `record` is what its schema has recorded, where nothing of the project's runs
    from now on but what `forget_record` is called after; without it nothing is kept.
    """
    global _record, _keeps
    _record, _keeps = record, record is not None
    try:
        yield
    finally:
        _record, _keeps = None, False


def forget_record():
    """Somebody may have recorded something in a way of his own."""
    global _record
    _record = None


class KeptRecorder(MigrationRecorder):
    """Django's own for its executor, which asks for keys alone. Code of the project's gets the plain one."""

    def applied_migrations(self):
        global _record
        found = _record
        if found is None:
            schema = self.connection.schema_name
            found = read_records(self.connection, [schema])[schema]
        if _keeps:
            _record = found
        return dict.fromkeys(found)

    def record_applied(self, app, name):
        global _record
        super().record_applied(app, name)
        if _record is not None:
            _record = _record | {(app, name)}

    def record_unapplied(self, app, name):
        forget_record()
        super().record_unapplied(app, name)
