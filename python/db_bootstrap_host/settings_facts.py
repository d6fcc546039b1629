"""What the settings say of databases and tenants: known as soon as they are imported, whether or not the project loads."""

import re

from .setting_places import SettingPlaces

#: Every setting of django-tenants 3.5 to 4.0 whose name begins with TENANT_, or is one of a tenant's.
KNOWN = (
    "TENANT_APPS",
    "TENANT_BASE_MIGRATE_COMMAND",
    "TENANT_BASE_SCHEMA",
    "TENANT_COLOR_ADMIN_APPS",
    "TENANT_CREATION_FAKES_MIGRATIONS",
    "TENANT_DB_ALIAS",
    "TENANT_DOMAIN_MODEL",
    "TENANT_LIMIT_SET_CALLS",
    "TENANT_MIGRATION_ORDER",
    "TENANT_MODEL",
    "TENANT_MULTIPROCESSING_MAX_PROCESSES",
    "TENANT_MULTIPROCESSING_MAX_TASKS_PER_CHILD",
    "TENANT_SUBFOLDER_PREFIX",
    "TENANT_SUBPROCESS_PARALLEL",
    "TENANT_SYNC_ROUTER",
    "TENANT_TYPES",
    "HAS_MULTI_TYPE_TENANTS",
    "MULTI_TYPE_DATABASE_FIELD",
    "MULTITENANT_RELATIVE_MEDIA_ROOT",
    "MULTITENANT_RELATIVE_STATIC_ROOT",
    "MULTITENANT_STATICFILES_DIRS",
    "MULTITENANT_TEMPLATE_DIRS",
    "PG_EXTRA_SEARCH_PATHS",
    "PUBLIC_SCHEMA_NAME",
    "PUBLIC_SCHEMA_URLCONF",
    "SHARED_APPS",
    "SHOW_PUBLIC_IF_NO_TENANT_FOUND",
)

_LIKE_OURS = re.compile(r"^(?:TENANTS?_|SHARED_|PUBLIC_|SHOW_PUBLIC|MULTI_?TENANT|MULTI_|HAS_MULTI|PG_EXTRA)")


def settings_facts(module):
    """The settings that are in force, with the lines that set them."""
    from django.conf import settings

    names = [name for name in dir(settings) if name.isupper() and settings.is_overridden(name)]
    source = SettingPlaces(module)
    alias = getattr(settings, "TENANT_DB_ALIAS", "default")
    database = settings.DATABASES.get(alias) or {}
    return {
        "file": source.file,
        "alias": alias,
        "installedApps": _names(settings.INSTALLED_APPS),
        "sharedApps": _names(getattr(settings, "SHARED_APPS", None)),
        "tenantApps": _names(getattr(settings, "TENANT_APPS", None)),
        "multiType": bool(getattr(settings, "HAS_MULTI_TYPE_TENANTS", False)),
        "types": types_of(getattr(settings, "TENANT_TYPES", None)),
        "typeField": _text(getattr(settings, "MULTI_TYPE_DATABASE_FIELD", None)),
        "publicSchema": str(getattr(settings, "PUBLIC_SCHEMA_NAME", "public")),
        "engine": str(database.get("ENGINE") or "django.db.backends.dummy"),
        "database": {name.lower(): str(database.get(name) or "") for name in ("NAME", "HOST", "PORT", "USER")},
        "service": bool((database.get("OPTIONS") or {}).get("service")),
        "routers": [router if isinstance(router, str) else type(router).__name__ for router in settings.DATABASE_ROUTERS],
        "syncRouter": str(getattr(settings, "TENANT_SYNC_ROUTER", "django_tenants.routers.TenantSyncRouter")),
        "middleware": _names(settings.MIDDLEWARE) or [],
        "tenantModel": _text(getattr(settings, "TENANT_MODEL", None)),
        "domainModel": _text(getattr(settings, "TENANT_DOMAIN_MODEL", None)),
        "fakesMigrations": bool(getattr(settings, "TENANT_CREATION_FAKES_MIGRATIONS", False)),
        "baseSchema": _text(getattr(settings, "TENANT_BASE_SCHEMA", None) or None),
        "typesWithBase": _types_with_base(getattr(settings, "TENANT_TYPES", None)),
        "known": list(KNOWN),
        "unknown": [name for name in names if _LIKE_OURS.match(name) and name not in KNOWN],
        "entries": _entries(source, settings),
        "places": _places(source, names, alias),
    }


def _entries(source, settings):
    """Where each app of the lists is written, as far as it is written out."""
    lists = [getattr(settings, name, None) or () for name in ("INSTALLED_APPS", "SHARED_APPS", "TENANT_APPS")]
    lists += (types_of(getattr(settings, "TENANT_TYPES", None)) or {}).values()
    return {str(app): source.literals[app] for apps in lists for app in apps if app in source.literals}


def _places(source, names, alias):
    found = {name: source.place(name) for name in names}
    for key in ("ENGINE", "NAME", "HOST", "PORT"):
        found["DATABASES.%s" % key] = source.place("DATABASES", alias, key)
    return {name: place for name, place in found.items() if place is not None}


def _names(value):
    return None if value is None else [str(item) for item in value]


def _text(value):
    return None if value is None else str(value)


def types_of(value):
    """The apps of each type of tenants."""
    if not isinstance(value, dict):
        return None
    return {
        str(name): [str(app) for app in (kind.get("APPS") or ())] for name, kind in value.items() if isinstance(kind, dict)
    }


def _types_with_base(value):
    kinds = value.items() if isinstance(value, dict) else ()
    return [str(name) for name, kind in kinds if isinstance(kind, dict) and kind.get("BASE_SCHEMA")]
