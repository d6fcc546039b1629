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
    found = []
    for entry in getattr(signals, name).receivers:
        receiver = entry[1]() if isinstance(entry[1], weakref.ReferenceType) else entry[1]
        label = "%s.%s" % (getattr(receiver, "__module__", "?"), getattr(receiver, "__qualname__", "?"))
        if receiver is None or label in _KNOWN or (label == _DEFAULT_SITE and not _has_sites(project, schema)):
            continue
        found.append(label)
    return found


def listening_signal():
    """A signal of django_tenants about migrating that somebody listens to; None where nobody does."""
    from django_tenants import signals as own

    for name in ("schema_pre_migration", "schema_migrated", "schema_migrate_message"):
        if getattr(getattr(own, name, None), "receivers", None):
            return name
    return None


def _has_sites(project, schema):
    with active_schema(project, schema):
        return router.allow_migrate_model(project.alias, apps.get_model("sites", "Site"))
