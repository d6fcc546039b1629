"""The host's method `tableMigrations`: which migration makes each table."""

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from .state_tables import in_order, tables_of


def table_migrations(params, emit):
    """
    For each table that the migrations on disk end with, the migration that made it (or gave it its name).

    Read by replaying the states, not the operations, so that renames and operations of other packages count as well.
    """
    loader = MigrationLoader(None, ignore_no_migrations=True)
    state, made = ProjectState(), {}
    for app, name in in_order(loader.graph):
        state = loader.graph.nodes[(app, name)].mutate_state(state, preserve=False)
        now = set(tables_of(state, app))
        made = {table: maker for table, maker in made.items() if maker[0] != app or table in now}
        for table in now:
            made.setdefault(table, (app, name))
    return {
        "tables": [
            {"table": table, "app": app, "migration": name} for table, (app, name) in sorted(made.items())
        ]
    }
