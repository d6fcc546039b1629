"""Who listens to the signals of migrating, beside those receivers whose work is known."""

import weakref

from django.apps import apps
from django.db import router
from django.db.models import signals

from .post_migrate import active_schema

#: Receivers that add content types and permissions, or do nothing where nothing is renamed.
_KNOWN = {
    "django.contrib.auth.management.create_permissions",
    "django.contrib.contenttypes.management.create_contenttypes",
    "django.contrib.contenttypes.management.inject_rename_contenttypes_operations",
}

#: Adds the first site to a schema that has the table; where the app is not the tenants', it does nothing.
_DEFAULT_SITE = "django.contrib.sites.management.create_default_site"


def listeners_to(name, project, schema):
    """Receivers of Django's `pre_migrate` or `post_migrate` that may do anything in a schema, as "module.function"."""
    return [
        label
        for label in _receivers(name)
        if label not in _KNOWN and (label != _DEFAULT_SITE or _has_sites(project, schema))
    ]


def known_listeners(name):
    """Those receivers whose work is known."""
    return [label for label in _receivers(name) if label in _KNOWN]


def _receivers(name):
    found = []
    for entry in getattr(signals, name).receivers:
        receiver = entry[1]() if isinstance(entry[1], weakref.ReferenceType) else entry[1]
        if receiver is not None:
            found.append("%s.%s" % (getattr(receiver, "__module__", "?"), getattr(receiver, "__qualname__", "?")))
    return found


def _listening_signal():
    """A signal of django_tenants about migrating that somebody listens to; None where nobody does."""
    from django_tenants import signals as own

    for name in ("schema_pre_migration", "schema_migrated", "schema_migrate_message"):
        if getattr(getattr(own, name, None), "receivers", None):
            return name
    return None


def why_apart():
    """What of the project's may do anything at any time while a schema is migrated; None where nothing does."""
    from django.core.management.commands.migrate import Command
    from django_tenants.utils import get_tenant_base_migrate_command_class

    if get_tenant_base_migrate_command_class() is not Command:
        return "the settings name a migrate command of the project's own"
    signal = _listening_signal()
    return None if signal is None else "the project listens to %s" % signal


def _has_sites(project, schema):
    with active_schema(project, schema):
        return router.allow_migrate_model(project.alias, apps.get_model("sites", "Site"))
