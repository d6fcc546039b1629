"""The host's method `tableMigrations`: which migration makes each table."""

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import strip_quotes, truncate_name
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState


def table_migrations(params, emit):
    """
    For each table that the migrations on disk end with, the migration that made it (or gave it its name).

    Read by replaying the states, not the operations, so that renames and operations of other packages count as well.
    """
    loader = MigrationLoader(None, ignore_no_migrations=True)
    length = connections[DEFAULT_DB_ALIAS].ops.max_name_length()
    state, made = ProjectState(), {}
    for app, name in _in_order(loader.graph):
        state = loader.graph.nodes[(app, name)].mutate_state(state, preserve=False)
        now = set(_tables(state, app, length))
        made = {table: maker for table, maker in made.items() if maker[0] != app or table in now}
        for table in now:
            made.setdefault(table, (app, name))
    return {
        "tables": [
            {"table": table, "app": app, "migration": name} for table, (app, name) in sorted(made.items())
        ]
    }


def _in_order(graph):
    order = dict.fromkeys(node for leaf in sorted(graph.leaf_nodes()) for node in graph.forwards_plan(leaf))
    return list(order)


def _tables(state, app, length):
    for (label, _), model in state.models.items():
        if label != app or model.options.get("proxy") or model.options.get("abstract"):
            continue
        table = model.options.get("db_table") or truncate_name("%s_%s" % (label, model.name_lower), length)
        if model.options.get("managed", True):
            yield table
        for name, field in model.fields.items():
            if field.many_to_many and field.remote_field.through is None:
                yield field.db_table or truncate_name("%s_%s" % (strip_quotes(table), name), length)
