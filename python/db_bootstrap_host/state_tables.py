"""Tables and columns as states of migrations have them, without rendering models."""

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import strip_quotes, truncate_name


def tables_of(state, app):
    """The columns of each table of an app's models, and of their hidden many-to-many tables (without columns)."""
    length = connections[DEFAULT_DB_ALIAS].ops.max_name_length()
    found = {}
    for (label, _), model in state.models.items():
        if label != app or model.options.get("proxy") or model.options.get("abstract"):
            continue
        table = model.options.get("db_table") or truncate_name("%s_%s" % (label, model.name_lower), length)
        table = strip_quotes(table)
        columns = set()
        for name, field in model.fields.items():
            if not field.many_to_many:
                columns.add(column_of(name, field))
            elif field.remote_field.through is None:
                found[strip_quotes(field.db_table or truncate_name("%s_%s" % (table, name), length))] = set()
        if model.options.get("managed", True):
            found[table] = columns
    return found


def column_of(name, field):
    """The column of a field that no model has bound yet."""
    relation = field.remote_field is not None and (field.many_to_one or field.one_to_one)
    return strip_quotes(field.db_column or (name + "_id" if relation else name))


def in_order(graph):
    """All nodes of a graph, each after those that it depends on."""
    return list(dict.fromkeys(node for leaf in sorted(graph.leaf_nodes()) for node in graph.forwards_plan(leaf)))


def model_of(apps, table):
    """The rendered model of a table; for a hidden many-to-many table its through model."""
    for model in apps.get_models(include_auto_created=True):
        if strip_quotes(model._meta.db_table) == table and not model._meta.proxy:
            return model
    return None


def create_statements(connection, model):
    """What makes the table of a model, with its indexes and constraints, and without its hidden many-to-many tables."""
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        make = editor.create_model
        # It calls itself for the hidden tables, which may be there although this one is not.
        editor.create_model = lambda each: make(each) if each is model else None
        editor.create_model(model)
    # Django keeps an index twice in its state where a migration gives it the name that it has.
    return list(dict.fromkeys(text for text in editor.collected_sql if not text.startswith("--")))
