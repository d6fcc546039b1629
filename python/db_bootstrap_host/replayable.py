"""Which migrations do the same in every schema, so that their statements can be replayed: those of known operations alone."""

from django.contrib.postgres import operations as postgres
from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import operations as django
from django.db.migrations.migration import Migration
from django.db.migrations.operations.special import RunPython, RunSQL, SeparateDatabaseAndState
from django.db.models import NOT_PROVIDED

from . import plain_sql
from .listeners import label_of
from .own_parts import own_part

# By class and not by base: what a project derives may do anything. RenameModel is missing, because Django also renames rows of
# content types then; so is whatever runs SQL or code of the project's, and what makes extensions, which are no schema's own.
_KNOWN = tuple(
    getattr(module, name)
    for module, names in (
        (
            django,
            (
                "AddConstraint",
                "AddField",
                "AddIndex",
                "AlterConstraint",
                "AlterField",
                "AlterIndexTogether",
                "AlterModelManagers",
                "AlterModelOptions",
                "AlterModelTable",
                "AlterModelTableComment",
                "AlterOrderWithRespectTo",
                "AlterUniqueTogether",
                "CreateModel",
                "DeleteModel",
                "RemoveConstraint",
                "RemoveField",
                "RemoveIndex",
                "RenameField",
                "RenameIndex",
            ),
        ),
        (postgres, ("AddConstraintNotValid", "ValidateConstraint")),
    )
    for name in names
    if hasattr(module, name)
)

#: Outside of transactions; what they leave where they break off tells how far they came.
_CONCURRENT = (postgres.AddIndexConcurrently, postgres.RemoveIndexConcurrently)

#: Callables whose value is the same at each call.
_CONSTANT = (dict, list, tuple, set, str, int, float, bool, bytes)

#: Data migrations of Django's own that find nothing to do in a schema that was made from nothing.
_IDLE_FROM_NOTHING = {("auth", "0011_update_proxy_permissions"), ("contenttypes", "0002_remove_content_type_name")}


def why_not(migration, from_nothing):
    """Why a migration's statements cannot be replayed in another schema; None where they can."""
    if not _applies_plainly(migration):
        return "it has an apply() of its own"
    if not migration.atomic and not all(type(operation) in (*_CONCURRENT, RunSQL) for operation in migration.operations):
        return "it is not atomic"
    for operation in migration.operations:
        reason = _why_not_operation(migration, operation, from_nothing)
        if reason is not None:
            return reason
    return None


def runs_sql(migration):
    """Whether SQL of the project's own is among what it does."""
    return any(type(operation) is RunSQL for operation in _all(migration.operations))


def stands_alone(migration):
    """Whether Django may apply it without signals: those of pre_migrate add operations where models are renamed."""
    return _applies_plainly(migration) and not any(isinstance(one, django.RenameModel) for one in _all(migration.operations))


def _all(operations):
    for operation in operations:
        yield operation
        yield from _all(getattr(operation, "database_operations", ()))
        yield from _all(getattr(operation, "state_operations", ()))


def _why_not_operation(migration, operation, from_nothing):
    if type(operation) is SeparateDatabaseAndState:
        reasons = (_why_not_operation(migration, inner, from_nothing) for inner in operation.database_operations)
        return next((reason for reason in reasons if reason is not None), None)
    if type(operation) is RunPython:
        if operation.code is RunPython.noop:
            return None
        own = migration.__module__.startswith("django.contrib.")
        if own and from_nothing and (migration.app_label, migration.name) in _IDLE_FROM_NOTHING:
            return None
        return "RunPython runs code of the project's"
    if type(operation) is RunSQL:
        return plain_sql.why_not(operation.sql, migration.atomic)
    concurrent = type(operation) in _CONCURRENT and not migration.atomic
    if not concurrent and type(operation) not in _KNOWN:
        return "%s is not one of Django's operations that are replayed" % label_of(type(operation))
    own = own_part(operation)
    if own is not None:
        return "%s is not one of Django's classes, and may look at the schema" % label_of(own)
    for field in _fields(operation):
        default = field.default
        # Rows that are there get the time of day, unless there is a default.
        now = default is NOT_PROVIDED and (getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))
        called = default is not NOT_PROVIDED and callable(default) and default not in _CONSTANT
        # A field of the project's may answer in a way of its own.
        own = not type(field).get_default.__module__.startswith("django.")
        if now or called or own or _varies(field):
            return 'the default of field "%s" is computed at each call' % (field.name or getattr(operation, "name", "?"))
    return None


def _fields(operation):
    field = getattr(operation, "field", None)
    if field is not None:
        return [field]
    # A new table has no rows that a default could fill.
    return []


def _varies(field):
    """Whether a field of the project's writes its default otherwise each time, as one that encrypts does."""
    writers = ("get_prep_value", "get_db_prep_value", "get_db_prep_save")
    if all(getattr(type(field), name).__module__.startswith("django.") for name in writers):
        return False
    default = BaseDatabaseSchemaEditor._effective_default(field)
    if default is None:
        return False
    try:
        return field.get_db_prep_save(default, connection) != field.get_db_prep_save(default, connection)
    except Exception:  # it may need its model, which it has where Django applies the operation
        return True


def _applies_plainly(migration):
    return type(migration).apply is Migration.apply
