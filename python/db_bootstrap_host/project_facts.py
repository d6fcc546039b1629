"""Facts of the loaded project: its models of tenants and domains, its apps, what refers to what, and its migrations."""

from django.apps import apps
from django.conf import settings
from django.db import connections, models, router

from .app_places import AppPlaces
from .failure import project_path
from .migration_facts import migration_facts, package_of
from .other_databases import other_databases
from .project import load_project
from .source_places import class_place, field_place


def project_facts():
    """What can be told of the apps once Django has loaded them, without a database."""
    project = load_project()
    places = _Places(project)
    return {
        "tenancy": project.tenancy,
        "tenantModel": _tenant_model("TENANT_MODEL", places) if project.tenancy else None,
        "domainModel": _tenant_model("TENANT_DOMAIN_MODEL", places) if project.tenancy else None,
        "apps": [_app(config, places) for config in apps.get_app_configs()],
        "otherDatabases": other_databases(project),
        "notInstalled": _not_installed() if project.tenancy else [],
        "crossings": _crossings(places) if project.tenancy else [],
        "contentTypes": _content_types(places) if project.tenancy else None,
        "migrations": migration_facts(places),
    }


class _Places:
    """In which kinds of schemas things stand: "public", "tenants", or the names of types. Asked once each."""

    def __init__(self, project):
        self.connection = project.connection
        self._asked = AppPlaces(project)
        self._known = {}

    def of(self, label, model=None):
        key = (label, model)
        if key not in self._known:
            kinds = self._asked.tenant_types(label, model)
            shared = ["public"] if self._asked.shared(label, model) else []
            self._known[key] = shared + ["tenants" if kind is None else kind for kind in kinds]
        return self._known[key]

    def elsewhere(self, label):
        """Whether the project's routers put it into another of its databases."""
        others = [alias for alias in connections if alias != self.connection.alias]
        return any(router.allow_migrate(alias, label) for alias in others)

    def of_model(self, model):
        return self.of(model._meta.app_label, model)


def _tenant_model(setting, places):
    from django_tenants.models import DomainMixin, TenantMixin

    from .tenant_fields import describe_fields
    from .tenant_specs import DOMAIN_RESERVED, TENANT_RESERVED

    name = getattr(settings, setting, None)
    told = {"setting": setting, "name": None if name is None else str(name), "model": None}
    try:
        model = apps.get_model(name)
    except (LookupError, ValueError, AttributeError, TypeError):
        return dict(told, candidates=_candidates(TenantMixin if setting == "TENANT_MODEL" else DomainMixin))
    mixin, reserved = (TenantMixin, TENANT_RESERVED) if setting == "TENANT_MODEL" else (DomainMixin, DOMAIN_RESERVED)
    return dict(
        told,
        model={
            "label": model._meta.label,
            "app": model._meta.app_label,
            "class": "%s.%s" % (model.__module__, model.__qualname__),
            "at": class_place(model),
            "bases": ["%s.%s" % (base.__module__, base.__qualname__) for base in model.__bases__],
            "mixin": issubclass(model, mixin),
            "table": model._meta.db_table,
            "typeField": hasattr(model, str(getattr(settings, "MULTI_TYPE_DATABASE_FIELD", ""))),
            "typeColumn": _type_column(model),
            "public": "public" in places.of_model(model),
            "elsewhere": [kind for kind in places.of_model(model) if kind != "public"],
            "fields": describe_fields(model, reserved),
        },
    )


def _type_column(model):
    """The column that holds the type of a tenant; None where there is none, or it is computed."""
    name = str(getattr(settings, "MULTI_TYPE_DATABASE_FIELD", ""))
    return next((field.column for field in model._meta.concrete_fields if field.name == name), None)


def _candidates(mixin):
    return sorted(model._meta.label for model in apps.get_models() if issubclass(model, mixin))


def _app(config, places):
    tables = [model._meta.db_table for model in config.get_models(include_auto_created=True) if _has_table(model)]
    return {
        "label": config.label,
        "name": config.name,
        "own": _is_own(config),
        "tables": sorted(tables),
        "places": places.of(config.label),
        "otherDatabase": places.elsewhere(config.label),
        "package": package_of(config, bool(tables)),
    }


def _is_own(config):
    file = getattr(config.module, "__file__", None)
    return file is not None and project_path(file) is not None


def _has_table(model):
    return model._meta.managed and not model._meta.proxy and not model._meta.swapped


def _not_installed():
    """Entries of the lists of apps that name no installed app: they have no effect."""
    names = {config.name for config in apps.get_app_configs()}
    names |= {"%s.%s" % (type(config).__module__, type(config).__name__) for config in apps.get_app_configs()}
    if getattr(settings, "HAS_MULTI_TYPE_TENANTS", False):
        lists = [("TENANT_TYPES", kind.get("APPS") or ()) for kind in settings.TENANT_TYPES.values()]
    else:
        lists = [(name, getattr(settings, name, None) or ()) for name in ("SHARED_APPS", "TENANT_APPS")]
    unique = {(setting, str(entry)) for setting, entries in lists for entry in entries if entry not in names}
    return [{"setting": setting, "entry": entry} for setting, entry in sorted(unique)]


def _crossings(places):
    """Foreign keys whose target cannot be seen from where they stand: each schema sees itself and the public one."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        if not _has_table(model):
            continue
        for field in model._meta.local_fields:
            target = field.remote_field.model if isinstance(field, models.ForeignKey) else None
            if target is None or not field.db_constraint or not hasattr(target, "_meta") or not _has_table(target):
                continue
            theirs = places.of_model(target)
            blind = [kind for kind in places.of_model(model) if kind not in theirs and "public" not in theirs]
            if blind:
                found.append(_reference(model, field, target, blind, theirs))
    return found


def _reference(model, field, target, blind, theirs):
    # A table between two models is nobody's class: its place is that of the model that asked for it.
    owner = model._meta.auto_created or model
    return {
        "app": model._meta.app_label,
        "model": model._meta.label,
        "table": model._meta.db_table,
        "column": field.column,
        "at": class_place(owner) if owner is not model else field_place(field),
        "targetApp": target._meta.app_label,
        "target": target._meta.label,
        "targetTable": target._meta.db_table,
        "schemas": blind,
        "targetSchemas": theirs,
    }


def _content_types(places):
    """Where content types stand, and what refers to them from schemas that have none of their own."""
    if not apps.is_installed("django.contrib.contenttypes"):
        return None
    from django.contrib.contenttypes.models import ContentType

    own = places.of_model(ContentType)
    foreign = [
        {"app": model._meta.app_label, "table": model._meta.db_table, "column": field.column, "schemas": outside}
        for model in apps.get_models(include_auto_created=True)
        if _has_table(model)
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.remote_field.model is ContentType
        for outside in [[kind for kind in places.of_model(model) if kind not in own]]
        if outside
    ]
    return {"schemas": own, "foreign": foreign}
