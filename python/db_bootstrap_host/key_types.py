"""Primary keys whose type a migration changes while the columns that refer to them stay behind."""

from django.db import models
from django.db.migrations.operations import AlterField
from django.db.migrations.state import ProjectState

from .source_places import module_place


def key_changes(graph, places):
    """
    Columns of tenants that keep the old type of a key in the public schema.

    Django alters the columns that refer to a key together with it, in the one schema that it migrates: a key of the public
    schema changes there, and the foreign keys in the schemas of tenants, for which that migration does nothing, do not.
    """
    loader = graph.loader
    if not any(_alters_key(one) for migration in loader.disk_migrations.values() for one in migration.operations):
        return []
    found = []
    state = ProjectState()
    plan = dict.fromkeys(node for leaf in graph.leaves() for node in loader.graph.forwards_plan(leaf))
    for key in plan:
        migration = loader.graph.nodes[key]
        for operation in migration.operations:
            before = state.clone() if _alters_key(operation) else None
            operation.state_forwards(migration.app_label, state)
            if before is not None and "public" in places.of(migration.app_label):
                # Of copies alone: once its models are rendered, a state renders them again at each operation that follows.
                found += _left_behind(migration, operation, before, state.clone(), places)
    return found


def _alters_key(operation):
    return isinstance(operation, AlterField) and bool(getattr(operation.field, "primary_key", False))


def _left_behind(migration, operation, before, after, places):
    app, name = migration.app_label, operation.model_name_lower
    old = before.apps.get_model(app, name)._meta.get_field(operation.name)
    new = after.apps.get_model(app, name)._meta.get_field(operation.name)
    types = [field.rel_db_type(places.connection) for field in (old, new)]
    theirs = places.of(app)
    # Where the key's own table stands in the same schema, Django alters both.
    if types[0] == types[1]:
        return []
    return [
        {
            "app": app,
            "migration": migration.name,
            "at": module_place(migration.__module__),
            "key": "%s.%s" % (old.model._meta.db_table, old.column),
            "keyType": types[1],
            "column": "%s.%s" % (model._meta.db_table, field.column),
            "columnType": types[0],
            "columnApp": model._meta.app_label,
            "schemas": outside,
        }
        for model in before.apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.remote_field.model is old.model and field.target_field == old
        for outside in [[kind for kind in places.of(model._meta.app_label) if kind not in theirs]]
        if outside
    ]
