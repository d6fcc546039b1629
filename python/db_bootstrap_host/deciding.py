"""
What decides how a schema is migrated, beside its migrations. A replay relies on all tenants getting the same, so each part must be one
of Django's or django_tenants' own, by identity: what a project derives or adds may look at the schema.
"""

import sys

from django.db.migrations.recorder import MigrationRecorder
from django.db.models import signals

from .app_places import own_router
from .listeners import connection_listeners, label_of, listening_signal
from .own_command import own_command, own_executor

#: Packages of database backends, and the schema editor of each.
_BACKENDS = (
    ("django.db.backends.postgresql", "DatabaseSchemaEditor"),
    ("django.contrib.gis.db.backends.postgis", "PostGISSchemaEditor"),
)
#: What Django sends when it records a migration: that is a row of a model.
_OF_RECORDS = ("pre_init", "post_init", "pre_save", "post_save")


def why_apart(connection, from_nothing=False):
    """What of the project's may do anything at any time while a schema is migrated; None where nothing does."""
    return _why_command() or why_router() or _why_backend(connection) or _why_record() or _why_signal(from_nothing)


def why_router():
    """A router that may answer otherwise in each schema; None where there is none."""
    one = own_router()
    return None if one is None else "the project's router %s decides what is migrated" % label_of(type(one))


def _why_command():
    from django.core.management.commands.migrate import Command
    from django_tenants.utils import get_tenant_base_migrate_command_class

    if own_executor() is not None:
        return "the setting GET_EXECUTOR_FUNCTION names an executor of the project's own: %s" % own_executor()
    own = own_command()
    if own is not None:
        return "the project has a migrate_schemas command of its own: %s" % label_of(type(own))
    if get_tenant_base_migrate_command_class() is not Command:
        return "the settings name a migrate command of the project's own"
    return None


def _why_backend(connection):
    from django_tenants.postgresql_backend import base

    wrappers = [_loaded("%s.base" % package, "DatabaseWrapper") for package, _ in _BACKENDS]
    editors = [_loaded("%s.schema" % package, editor) for package, editor in _BACKENDS]
    for one, known in (
        (type(connection), [base.DatabaseWrapper]),
        (base.original_backend.DatabaseWrapper, wrappers),
        (connection.SchemaEditorClass, editors),
    ):
        if one not in known:
            return "the project's database backend has a class of its own: %s" % label_of(one)
    if base.EXTRA_SET_TENANT_METHOD is not None:
        return "EXTRA_SET_TENANT_METHOD is called in each schema"
    for wrapper in connection.execute_wrappers:
        if not getattr(wrapper, "__module__", "").startswith(__package__ + "."):
            return "the project wraps the statements of its connection: %s" % label_of(wrapper)
    listeners = connection_listeners()
    return "%s listens to connection_created" % listeners[0] if listeners else None


def _why_record():
    for name in _OF_RECORDS:
        if getattr(signals, name).has_listeners(MigrationRecorder.Migration):
            return "the project listens to %s of all models" % name
    return None


def _why_signal(from_nothing):
    name = listening_signal(from_nothing)
    return None if name is None else "the project listens to %s" % name


def _loaded(module, name):
    return getattr(sys.modules.get(module), name, None)
