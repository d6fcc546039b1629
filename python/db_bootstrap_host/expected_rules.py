"""The host's method `expectedRules`: what the models expect of their tables beside columns, and where tenants and content types stand."""

from django.apps import apps

from .app_places import AppPlaces
from .content_types import expected_content_types
from .project import load_project
from .table_name import named, schema_and_table
from .unique_rules import unique_rules


def expected_rules(params, emit):
    """Foreign keys and unique rules of every managed model's table; reads nothing of the database."""
    project = load_project()
    places = AppPlaces(project)
    # Never entered: it renders SQL, and runs none.
    editor = project.connection.schema_editor()
    tables = []
    for app in apps.get_app_configs():
        for model in app.get_models(include_auto_created=True):
            meta = model._meta
            if not meta.managed or meta.proxy or meta.swapped:
                continue
            tables.append(
                {
                    **named(meta.db_table),
                    **where(places, app.label, model),
                    "foreignKeys": _foreign_keys(model, project.connection),
                    "unique": unique_rules(model, editor),
                }
            )
    return {
        "tenancy": project.tenancy,
        "publicSchema": project.public_schema,
        "templates": _templates(project),
        "tenants": _tenant_layout() if project.tenancy else None,
        "tables": tables,
        "contentTypes": expected_content_types(lambda model: where(places, model._meta.app_label, model)),
    }


def where(places, label, model):
    """In which schemas a model's table stands."""
    types = places.tenant_types(label, model)
    placed = {"shared": places.shared(label, model), "tenant": bool(types)}
    if places.multi_type:
        placed["types"] = types
    return placed


def _foreign_keys(model, connection):
    found = []
    for field in model._meta.local_concrete_fields:
        # Generic and composite relations have no column; a relation to a model of another database no table here.
        if field.remote_field is None or not field.column or not hasattr(field, "target_field"):
            continue
        target = field.target_field
        found.append(
            {
                "column": field.column,
                "type": field.db_type(connection),
                "toSchema": schema_and_table(target.model._meta.db_table)[0],
                "toTable": schema_and_table(target.model._meta.db_table)[1],
                "toColumn": target.column,
                "constraint": bool(getattr(field, "db_constraint", False)),
            }
        )
    return found


def _templates(project):
    if not project.tenancy:
        return []
    from .tenant_state import template_schemas

    return sorted(template_schemas())


def _tenant_layout():
    """The columns that say which tenants there are; a model with parents keeps them in several tables."""
    from django.conf import settings
    from django_tenants.utils import get_tenant_domain_model, get_tenant_model, has_multi_type_tenants

    tenant, domain = get_tenant_model()._meta, get_tenant_domain_model()._meta
    owner = domain.get_field("tenant")
    return {
        "schema": _column(tenant.get_field("schema_name")),
        "type": _column(tenant.get_field(settings.MULTI_TYPE_DATABASE_FIELD)) if has_multi_type_tenants() else None,
        "domain": _column(domain.get_field("domain")),
        "owner": {
            **_column(owner),
            "toTable": owner.target_field.model._meta.db_table,
            "toColumn": owner.target_field.column,
        },
    }


def _column(field):
    meta = field.model._meta
    return {"table": meta.db_table, "column": field.column, "key": meta.pk.column}
