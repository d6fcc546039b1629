"""
What the schema that is being migrated has recorded. Django's command asks for it, row by row, in each of its steps; here it is read as
one text, and again only where something of the project's may have changed it.
"""

from contextlib import contextmanager

from django.db.migrations.recorder import MigrationRecorder

from .states import read_records

_record = None


@contextmanager
def kept_record(schema, record=None):
    """
    While it holds, recorders answer from what they know. `record` is what the schema has recorded, where nothing of the project's runs
    from now on but what `forget_record` is called after; without it nothing is kept.
    """
    global _record
    plain = {name: getattr(MigrationRecorder, name) for name in ("applied_migrations", "record_applied", "record_unapplied")}
    keeps, _record = record is not None, record

    def applied_migrations(recorder):
        global _record
        found = read_records(recorder.connection, [schema])[schema] if _record is None else _record
        if keeps:
            _record = found
        return dict.fromkeys(found)

    def record_applied(recorder, app, name):
        global _record
        plain["record_applied"](recorder, app, name)
        if _record is not None:
            _record = _record | {(app, name)}

    def record_unapplied(recorder, app, name):
        forget_record()
        plain["record_unapplied"](recorder, app, name)

    MigrationRecorder.applied_migrations = applied_migrations
    MigrationRecorder.record_applied, MigrationRecorder.record_unapplied = record_applied, record_unapplied
    try:
        yield
    finally:
        _record = None
        for name, original in plain.items():
            setattr(MigrationRecorder, name, original)


def forget_record():
    """Somebody may have recorded something in a way of his own."""
    global _record
    _record = None
