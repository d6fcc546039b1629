"""The host's method `tableMigrations`: which migration makes each table, and each of its columns."""

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from .state_tables import in_order, tables_of


def table_migrations(params, emit):
    """
    For each table that the migrations on disk end with, the migration that made it (or gave it its name), and those that made its
    columns; a hidden many-to-many table has no columns here, since they come with it.

    Read by replaying the states, not the operations, so that renames and operations of other packages count as well.
    """
    loader = MigrationLoader(None, ignore_no_migrations=True)
    state, made = ProjectState(), {}
    for app, name in in_order(loader.graph):
        state = loader.graph.nodes[(app, name)].mutate_state(state, preserve=False)
        now = tables_of(state, app)
        made = {table: each for table, each in made.items() if each["app"] != app or table in now}
        for table, columns in now.items():
            one = made.setdefault(table, {"table": table, "app": app, "migration": name, "columns": {}})
            one["columns"] = {column: one["columns"].get(column, name) for column in sorted(columns)}
    return {"tables": [made[table] for table in sorted(made)]}
