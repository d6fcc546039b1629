"""The host's method `postMigrate`: lets the handlers of post_migrate fill in what the project wants to be there."""

import sys
from contextlib import contextmanager
from importlib import import_module

from django.apps import apps
from django.core.management.base import OutputWrapper
from django.core.management.commands import migrate as command
from django.core.management.sql import emit_post_migrate_signal
from django.db.migrations.state import ModelState, ProjectState
from django.utils.module_loading import module_has_submodule

from .disk_graph import RecordedLoader, disk_graph
from .failed_operation import migration_failure
from .project import load_project
from .timeouts import timeouts

#: (record, migrations) to what handlers are told: the models as migrations have left them, and which were applied.
_told = {}


def post_migrate(params, emit):
    """
    Sends post_migrate in one schema. Where `migrations` were applied to it, by whomever, its handlers are told what Django's own command
    would tell them.
    """
    project = load_project()
    schema, migrations = params.get("schema"), params.get("migrations")
    import_management_modules()
    with active_schema(project, schema):
        if migrations is None:
            emit_post_migrate_signal(verbosity=0, interactive=False, db=project.alias)
            return {}
        models, plan = _what_is_told(project, schema, tuple((one["app"], one["name"]) for one in migrations))
        try:
            with timeouts(project.connection, params.get("timeouts")):
                emit_post_migrate_signal(
                    verbosity=1, interactive=False, db=project.alias, stdout=OutputWrapper(sys.stdout), apps=models, plan=plan
                )
        except (Exception, SystemExit) as error:
            raise migration_failure(error, schema)
    return {}


def _what_is_told(project, schema, migrations):
    from .kept_states import forget_rows
    from .states import read_records

    recorded = read_records(project.connection, [schema])[schema]
    key = recorded, migrations
    if key not in _told:
        _told.clear()
        loader = RecordedLoader(disk_graph().loader, recorded)
        state = ProjectState(real_apps=loader.unmigrated_apps)
        nodes = dict.fromkeys(node for leaf in loader.graph.leaf_nodes() for node in loader.graph.forwards_plan(leaf))
        for node in nodes:
            if node in loader.applied_migrations:
                loader.graph.nodes[node].mutate_state(state, preserve=False)
        _render_real_models(state.apps)
        plan = [(loader.graph.nodes[node], False) for node in migrations if node in loader.graph.nodes]
        _told[key] = state.apps, plan
    models, plan = _told[key]
    forget_rows(models, set())
    return models, plan


def _render_real_models(models):
    # As Django's command does: models of apps without migrations get their relations only now.
    with models.bulk_update():
        keys = [(state.app_label, state.name_lower) for state in models.real_models]
        for key in keys:
            models.unregister_model(*key)
    models.render_multiple([ModelState.from_model(apps.get_model(*key)) for key in keys])


@contextmanager
def unsent(wanted):
    """While it holds, Django's command does not send post_migrate, where that is wanted."""
    original = command.emit_post_migrate_signal
    if wanted:
        command.emit_post_migrate_signal = lambda *args, **kwargs: None
    try:
        yield
    finally:
        command.emit_post_migrate_signal = original


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
    rows = get_tenant_model()._base_manager.using(project.alias).filter(schema_name=schema).values_list(field, flat=True)
    return rows.first()
