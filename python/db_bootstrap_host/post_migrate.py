"""The host's method `postMigrate`: lets the handlers of post_migrate fill in what the project wants to be there."""

from contextlib import contextmanager
from importlib import import_module

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal
from django.utils.module_loading import module_has_submodule

from .project import load_project


def post_migrate(params, emit):
    """Sends post_migrate in one schema."""
    project = load_project()
    import_management_modules()
    with active_schema(project, params.get("schema")):
        emit_post_migrate_signal(verbosity=0, interactive=False, db=project.alias)
    return {}


def import_management_modules():
    """As Django's migrate does: an app's handlers may stand in its "management" module."""
    for app in apps.get_app_configs():
        if module_has_submodule(app.module, "management"):
            import_module(".management", app.name)


@contextmanager
def active_schema(project, schema):
    """Django's connection is set to the schema inside; `None` leaves it as it is."""
    if schema is None or not project.tenancy:
        yield
        return
    project.connection.set_schema(schema, tenant_type=tenant_type_of(project, schema))
    try:
        yield
    finally:
        # This also makes Django forget the ids of content types, which are others in each schema.
        project.connection.set_schema_to_public()


def tenant_type_of(project, schema):
    """The type of a schema's tenant; the public schema's is its name, and None without types."""
    from django_tenants.utils import get_multi_type_database_field_name, get_tenant_model, has_multi_type_tenants

    if not has_multi_type_tenants():
        return None
    if schema == project.public_schema:
        return schema
    field = get_multi_type_database_field_name()
    rows = get_tenant_model()._base_manager.filter(schema_name=schema).values_list(field, flat=True)
    return rows.first()
