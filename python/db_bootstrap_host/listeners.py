"""Who listens to the signals of migrating, beside those receivers whose work is known."""

import sys
import weakref

from django.apps import apps
from django.db import router
from django.db.backends.signals import connection_created
from django.db.models import signals

from .post_migrate import active_schema

#: Receivers that add content types and permissions, or do nothing where nothing is renamed.
_KNOWN = (
    ("django.contrib.auth.management", "create_permissions"),
    ("django.contrib.contenttypes.management", "create_contenttypes"),
    ("django.contrib.contenttypes.management", "inject_rename_contenttypes_operations"),
)

#: Tells the driver about types.
_OF_CONNECTIONS = [("django.contrib.postgres.signals", "register_type_handlers")]

#: Adds the first site to a schema that has the table; where the app is not the tenants', it does nothing.
_DEFAULT_SITE = ("django.contrib.sites.management", "create_default_site")


def listeners_to(name, project, schema):
    """Receivers of Django's `pre_migrate` or `post_migrate` that may do anything in a schema, as "module.function"."""
    return [
        label_of(receiver)
        for receiver in _receivers(getattr(signals, name))
        if not _is_one_of(receiver, _KNOWN) and (not _is_one_of(receiver, [_DEFAULT_SITE]) or _has_sites(project, schema))
    ]


def known_listeners(name):
    """Those receivers whose work is known."""
    return [label_of(receiver) for receiver in _receivers(getattr(signals, name)) if _is_one_of(receiver, _KNOWN)]


def connection_listeners():
    """Receivers of `connection_created` that may do anything, as "module.function"."""
    return [label_of(receiver) for receiver in _receivers(connection_created) if not _is_one_of(receiver, _OF_CONNECTIONS)]


def label_of(thing):
    """A class or a function as "module.name"."""
    return "%s.%s" % (getattr(thing, "__module__", "?"), getattr(thing, "__qualname__", "?"))


def _is_one_of(receiver, functions):
    return any(receiver is getattr(sys.modules.get(module), name, None) for module, name in functions)


def _receivers(signal):
    found = []
    for entry in signal.receivers:
        receiver = entry[1]() if isinstance(entry[1], weakref.ReferenceType) else entry[1]
        if receiver is not None:
            found.append(receiver)
    return found


def listening_signal(from_nothing):
    """A signal of django_tenants about migrating a schema, or one that has nothing yet, that somebody listens to; None where nobody does."""
    from django_tenants import signals as own

    names = ("schema_pre_migration", "schema_migrated", "schema_migrate_message")
    for name in (*names, "post_schema_sync") if from_nothing else names:
        if getattr(getattr(own, name, None), "receivers", None):
            return name
    return None


def _has_sites(project, schema):
    with active_schema(project, schema):
        return router.allow_migrate_model(project.alias, apps.get_model("sites", "Site"))
