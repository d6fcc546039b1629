"""The host's method `migrationEffect`: what a migration would make, against what a schema holds already."""

from django.db import transaction
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader

from .project import load_project
from .state_tables import model_of, tables_of
from .table_shape import differences, foreign_keys, shape_of

#: Operations whose effect is the shape of tables, or nothing in the database.
SHAPING = (
    operations.CreateModel,
    operations.AddField,
    operations.AlterField,
    operations.RemoveField,
    operations.AddIndex,
    operations.AddConstraint,
    operations.AlterUniqueTogether,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
)


class Undo(Exception):
    """Ends the transaction in which tables were made to look at them."""


def migration_effect(params, emit):
    """
    The tables that a migration makes or changes, each with how the schema's own differs from it. The tables are really made: as
    temporary ones, in a transaction that is undone, without their foreign keys, which would lock other tables.
    """
    project = load_project()
    schema = params.get("schema") or project.current_schema()
    key = (params["app"], params["migration"])
    loader = MigrationLoader(None, ignore_no_migrations=True)
    before = loader.project_state(key, at_end=False)
    after = loader.project_state(key, at_end=True)
    newest = loader.project_state([leaf for leaf in loader.graph.leaf_nodes() if leaf[0] == key[0]])
    old, new = tables_of(before, key[0]), tables_of(after, key[0])
    migration = loader.graph.nodes[key]
    changed = {name for name in new if name not in old or new[name] != old[name] or _altered(migration, after, name)}
    found = [dict(each, made=each["table"] not in old) for each in _compared(project, schema, after, sorted(changed))]
    last = _compared(project, schema, newest, sorted(changed))
    return {
        "objects": found,
        "others": [each.describe() for each in migration.operations if not isinstance(each, SHAPING)],
        # Whoever restored a dump has the tables of the newest state.
        "newest": all(each["exists"] and not each["differences"] for each in last),
    }


def _altered(migration, state, table):
    model = model_of(state.apps, table)
    if model is None:
        return False
    names = {getattr(each, "model_name", None) for each in migration.operations}
    return model._meta.model_name in {name.lower() for name in names if name}


def _compared(project, schema, state, tables):
    found = []
    try:
        with transaction.atomic(using=project.alias), project.connection.cursor() as cursor:
            # The one cursor: django_tenants sets the path again for each new one.
            cursor.execute(
                "select pg_catalog.set_config('search_path', 'pg_temp, ' || quote_ident(%s) || ', public', true)", [schema]
            )
            for table in tables:
                found.append(_one(project, cursor, schema, state, table))
            raise Undo()
    except Undo:
        pass
    return found


def _one(project, cursor, schema, state, table):
    model = model_of(state.apps, table)
    with project.connection.schema_editor(collect_sql=True, atomic=False) as editor:
        editor.create_model(model)
    for statement in editor.collected_sql:
        if not statement.startswith("--") and " FOREIGN KEY " not in statement:
            cursor.execute(statement)
    actual = shape_of(cursor, schema, table)
    expected = shape_of(cursor, None, table)
    keys = foreign_keys(project.connection, model)
    told = {"table": table, "exists": actual is not None, "rows": False, "differences": [], "foreignKeys": keys}
    if actual is not None:
        quote = project.connection.ops.quote_name
        cursor.execute("select exists (select from %s.%s)" % (quote(schema), quote(table)))
        told["rows"] = cursor.fetchone()[0]
        told["differences"] = differences(expected, actual, keys)
    return told
