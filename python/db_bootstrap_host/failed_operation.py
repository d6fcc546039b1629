"""Which operation of which migration failed: read from the frames of the exception, where Django itself does not say."""

from .failure import Failure, lost_connection, text_of


def migration_failure(error, schema):
    """The failure of migrating a schema; raise it from its `cause`, which is not the last thing that went wrong where a connection was lost."""
    lost = lost_connection(error)
    cause = lost or error
    kind = "migration" if lost is None else "database"
    failure = Failure(kind, text_of(cause), schema=schema, **failed_operation(cause))
    failure.__cause__ = cause
    return failure


def failed_operation(error):
    """`app`, `migration` and `operation` (as Django describes it) of the innermost migration that was being applied."""
    found = {}
    while error is not None:
        trace = error.__traceback__
        while trace is not None:
            frame = trace.tb_frame
            if frame.f_globals.get("__name__") == "django.db.migrations.migration" and frame.f_code.co_name in (
                "apply",
                "unapply",
            ):
                migration, operation = frame.f_locals.get("self"), frame.f_locals.get("operation")
                found = {"app": migration.app_label, "migration": migration.name}
                if operation is not None:
                    found["operation"] = operation.describe()
            elif frame.f_globals.get("__name__") == "django.db.migrations.executor" and frame.f_code.co_name in (
                "apply_migration",
                "unapply_migration",
            ):
                # Deferred statements and constraints fail after the last operation, when the migration commits.
                migration = frame.f_locals["migration"]
                found = {"app": migration.app_label, "migration": migration.name}
            elif frame.f_globals.get("__name__", "").endswith(".kept_states") and frame.f_code.co_name == "_run":
                migration, operation = frame.f_locals["migration"], frame.f_locals["operation"]
                found = {"app": migration.app_label, "migration": migration.name, "operation": operation.describe()}
            trace = trace.tb_next
        if found:
            return found
        error = error.__context__
    return found
