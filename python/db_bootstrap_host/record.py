"""The host's method `record`: migrates one schema, and tells the statements, for others in the same state."""

from contextlib import contextmanager

from django.db import transaction

from .concurrent_indexes import inside_transaction
from .deciding import why_apart
from .listeners import known_listeners, listeners_to
from .migrate import migrate
from .natural_rows import noting_rows
from .post_migrate import import_management_modules
from .project import load_project
from .session import session_settings
from .states import read_records
from .tape import recording


def record(params, emit):
    """
    What `migrate` answers, and the recording: statements by migration, and the rows that post_migrate adds.

    With `dry` all of it is undone at the end, and each migration tells the locks that it took.
    """
    project = load_project()
    schema = params["schema"]
    connection = project.connection
    dry = params.get("dry") is True
    with _undone(connection) if dry else _kept():
        from_nothing = not read_records(connection, [schema])[schema]
        # Their receivers count as well.
        import_management_modules()
        # Asked before anything changes: what cannot be told afterwards would make a migrated tenant a failed one.
        why, path, session = _why_not(project, schema, from_nothing), _search_path(project), session_settings(connection)
        listeners = listeners_to("post_migrate", project, schema)
        with recording(connection, schema, from_nothing, params["fingerprint"], session, locks=dry) as tape, noting_rows(schema) as rows:
            result = migrate({name: params[name] for name in ("schema", "timeouts", "postMigrate", "again", "created") if name in params}, emit)
    return dict(
        result,
        recording={
            "why": why or tape.why,
            "searchPath": path,
            "session": session,
            "prelude": tape.prelude,
            "segments": tape.segments,
            "listeners": listeners or (known_listeners("post_migrate") if rows.by_django else []),
            "rows": rows.told,
        },
    )


@contextmanager
def _undone(connection):
    try:
        with transaction.atomic(using=connection.alias), inside_transaction(connection):
            yield
            transaction.set_rollback(True, using=connection.alias)
    finally:
        # The rollback has undone the search_path as well.
        connection.set_schema_to_public()


@contextmanager
def _kept():
    yield


def _why_not(project, schema, from_nothing):
    """What makes every schema a case of its own, whatever its migrations are."""
    why = why_apart(project.connection, from_nothing)
    if why is not None:
        return why
    # They may add operations, or prepare what migrations rely on.
    before = listeners_to("pre_migrate", project, schema)
    return "%s listens to pre_migrate" % before[0] if before else None


def _search_path(project):
    """The search_path of a tenant as django_tenants sets it; None stands for the tenant's own schema."""
    from django_tenants.postgresql_backend.base import EXTRA_SEARCH_PATHS

    return [None, project.public_schema, *EXTRA_SEARCH_PATHS]
