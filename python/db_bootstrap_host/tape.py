"""The tape that runs while a schema is migrated: whoever migrates tells it what is executed, and for which migration."""

from contextlib import contextmanager

from django.db.migrations.recorder import MigrationRecorder

from .tape_segments import Tape

_running = None


@contextmanager
def recording(connection, schema, from_nothing, fingerprint, session, locks=False):
    """All that is migrated inside, in a session that had these settings before, is on the tape."""
    global _running
    tape = Tape(connection, schema, from_nothing, fingerprint, session, locks)
    record_applied = MigrationRecorder.record_applied

    def watched(recorder, app, name):
        record_applied(recorder, app, name)
        tape.recorded(app, name)

    MigrationRecorder.record_applied = watched
    _running = tape
    try:
        with connection.execute_wrapper(tape.execute):
            yield tape
    finally:
        _running = None
        MigrationRecorder.record_applied = record_applied


def begin(migration):
    """The statements that follow are the migration's."""
    if _running is not None:
        _running.begin(migration)


@contextmanager
def silent():
    """Statements inside are not noted."""
    if _running is not None:
        _running.muted = True
    try:
        yield
    finally:
        if _running is not None:
            _running.muted = False


def note(text):
    """A statement that was not executed now, because it had been before, is the migration's as well."""
    if _running is not None:
        _running.note(text)


def touches(migration, operation, before, after):
    """What the operation does, it does to these states."""
    if _running is not None:
        _running.touches(migration, operation, (before, after))


def end():
    """The last migration has ended: what follows is done by whoever listens to post_migrate."""
    if _running is not None:
        _running.end()
