"""The host's method `inspect`: facts of the project that need no database."""

from importlib import metadata

import django
from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from .app_places import AppPlaces, own_router
from .other_databases import other_databases
from .project import load_project


def inspect(params, emit):
    """Versions, tenancy, the models of tenants and domains, and every app with where it belongs."""
    project = load_project()
    places = AppPlaces(project)
    return {
        "django": django.get_version(),
        "djangoTenants": _version("django-tenants") if project.tenancy else None,
        "psycopg": _psycopg(),
        "settingsModule": project.settings_module,
        "alias": project.alias,
        "engine": settings.DATABASES[project.alias]["ENGINE"],
        "tenancy": project.tenancy,
        "publicSchema": project.public_schema,
        "tenantModel": _model("tenant") if project.tenancy else None,
        "domainModel": _model("domain") if project.tenancy else None,
        "apps": [
            {
                "label": app.label,
                "name": app.name,
                "shared": places.shared(app.label),
                "tenant": bool(places.tenant_types(app.label)),
                "migrations": _has_migrations(app.label),
            }
            for app in apps.get_app_configs()
        ],
        "multiType": places.multi_type,
        "ownRouter": project.tenancy and own_router() is not None,
        "otherDatabases": other_databases(project),
        "hidesTenants": project.tenancy and _hides_tenants(),
    }


def _hides_tenants():
    from .tenant_state import hides_tenants

    return hides_tenants()


def _model(which):
    from django_tenants.utils import get_tenant_domain_model, get_tenant_model

    from .tenant_fields import describe_fields
    from .tenant_specs import DOMAIN_RESERVED, TENANT_RESERVED

    if which == "tenant":
        model, reserved = get_tenant_model(), TENANT_RESERVED
    else:
        model, reserved = get_tenant_domain_model(), DOMAIN_RESERVED
    return {
        "label": model._meta.label,
        "table": model._meta.db_table,
        "fields": describe_fields(model, reserved),
    }


def _has_migrations(label):
    name, _ = MigrationLoader.migrations_module(label)
    if name is None:
        return False
    from importlib.util import find_spec

    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _psycopg():
    for name in ("psycopg", "psycopg2"):
        try:
            module = __import__(name)
        except ImportError:
            continue
        return "%s %s" % (name, module.__version__.split(" ")[0])
    return ""


def _version(distribution):
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"
