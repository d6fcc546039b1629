"""The methods by name. A method's module is imported when it is first asked for: `inspect` need not load what migrates."""

from functools import wraps
from importlib import import_module

from .failure import Failure
from .project import load_project
from .urls import load_urls

METHODS = {
    "inspect": "inspection:inspect",
    "preflight": "preflight:preflight",
    "otherSettings": "other_settings:other_settings",
    "connection": "connection:connection",
    "otherConnection": "connection:other_connection",
    "expectedTables": "expected_tables:expected_tables",
    "decidedTables": "decided_tables:decided_tables",
    "ownCode": "own_code:own_code",
    "expectedRules": "expected_rules:expected_rules",
    "modelCatalog": "model_catalog:model_catalog",
    "autodetect": "autodetect:autodetect",
    "states": "states:states",
    "migrate": "migrate:migrate",
    "record": "record:record",
    "applyAlone": "apply_alone:apply_alone",
    "postMigrate": "post_migrate:post_migrate",
    "tenants": "tenants:tenants",
    "ensureTenants": "ensure_tenants:ensure_tenants",
    "flush": "flush:flush",
    "tableMigrations": "table_migrations:table_migrations",
    "objectHistory": "object_history:object_history",
    "dependents": "dependents:dependents",
    "objectMaker": "object_maker:object_maker",
    "migrationEffect": "migration_effect:migration_effect",
    "call": "call:call",
    "sources": "sources:sources",
}

#: What loads the project itself, and tells what stands in the way.
LOADING = {"preflight", "otherSettings"}
#: What is asked about all models, those that only views import included.
OF_ALL_MODELS = {"autodetect", "expectedTables", "decidedTables", "expectedRules", "modelCatalog", "flush"}
TENANCY_ONLY = {"tenants", "decidedTables", "ensureTenants", "record", "applyAlone"}
#: What runs in the language of the project. Models are compared, and schemas migrated, without translations, as Django's commands do it.
TRANSLATED = {"call", "ensureTenants", "flush"}


def find_method(name):
    """The function `(params, emit) -> dict` of a method; Django is loaded first."""
    if name not in METHODS:
        raise Failure("internal", 'the host knows no method "%s"' % name, names=sorted(METHODS))
    module, function = METHODS[name].split(":")
    if name not in LOADING:
        _make_ready(name)
    found = getattr(import_module("." + module, __package__), function)
    return _translated(found) if name in TRANSLATED else found


def _make_ready(name):
    project = load_project()
    if name in TENANCY_ONLY and not project.tenancy:
        raise Failure("no-tenants", "django_tenants is not in INSTALLED_APPS of %s" % project.settings_module)
    if name in OF_ALL_MODELS:
        load_urls()
    project.refresh()


def _translated(function):
    """The function in the language that the settings name."""
    from django.conf import settings
    from django.utils.translation import override

    @wraps(function)
    def called(params, emit):
        with override(settings.LANGUAGE_CODE):
            return function(params, emit)

    return called
