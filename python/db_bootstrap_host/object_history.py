"""The host's method `objectHistory`: which migration makes a table or a column, and what it takes to make it anew."""

from django.db.backends.utils import strip_quotes
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.state import ProjectState

from .project import load_project
from .state_tables import create_statements, in_order, model_of, tables_of


def object_history(params, emit):
    """
    The migration that makes a table (or one of its columns), the one before it in its app, all that would be undone with it, each
    with what it makes, and the statements that make the object as the newest state has it.
    """
    table, column = params["table"], params.get("column")
    loader = MigrationLoader(None, ignore_no_migrations=True)
    state, made, maker = ProjectState(), {}, None
    for key in in_order(loader.graph):
        migration = loader.graph.nodes[key]
        old = tables_of(state, key[0])
        state = migration.mutate_state(state, preserve=False)
        new = tables_of(state, key[0])
        tables = sorted(set(new) - set(old))
        columns = [(name, each) for name in sorted(set(new) & set(old)) for each in sorted(new[name] - old[name])]
        made[key] = (tables, columns)
        if _has(new, table, column) and not _has(old, table, column):
            maker = key
    if maker is None:
        return {"maker": None}
    graph = loader.graph
    parents = [parent.key for parent in graph.node_map[maker].parents if parent.key[0] == maker[0]]
    undone = [key for key in in_order(graph) if key in set(graph.backwards_plan(maker))]
    return {
        "maker": _key(maker),
        "before": parents[0][1] if parents else "zero",
        "undone": [
            dict(
                _key(key),
                tables=made[key][0],
                columns=[{"table": name, "column": each} for name, each in made[key][1]],
                data=any(isinstance(each, (RunPython, RunSQL)) for each in graph.nodes[key].operations),
            )
            for key in undone
        ],
        "statements": _statements(state, table, column),
        "references": [] if column else _references(state, table),
    }


def _has(tables, table, column):
    return table in tables if column is None else column in tables.get(table, ())


def _key(key):
    return {"app": key[0], "name": key[1]}


def _statements(state, table, column):
    model = model_of(state.apps, table)
    if model is None:
        return []
    connection = load_project().connection
    if column is None:
        return create_statements(connection, model)
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        for field in model._meta.local_fields:
            if field.column == column:
                editor.add_field(model, field)
    return [sql for sql in editor.collected_sql if not sql.startswith("--")]


def _references(state, table):
    """The foreign keys of other tables that lead to this one: without it they are gone as well."""
    found = []
    for model in state.apps.get_models(include_auto_created=True):
        name = strip_quotes(model._meta.db_table)
        for field in model._meta.local_fields:
            target = field.remote_field and getattr(field, "db_constraint", False) and field.remote_field.model
            if name != table and target and strip_quotes(target._meta.db_table) == table and model._meta.managed:
                editor = load_project().connection.schema_editor(collect_sql=True, atomic=False)
                # As create_model and add_field make them.
                statement = editor._create_fk_sql(model, field, "_fk_%(to_table)s_%(to_column)s")
                found.append({"table": name, "statement": str(statement)})
    return found
