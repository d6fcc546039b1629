"""The host's method `migrationEffect`: what a migration would make, against what a schema holds already."""

import time

from django.db import transaction
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader

from .project import load_project
from .state_tables import create_statements, model_of, tables_of
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


#: Operations that leave traces in tables.
MAKING = SHAPING[:-2]

#: Seconds for comparing with later migrations too.
PATIENCE = 4


class Undo(Exception):
    """Ends the transaction in which tables were made to look at them."""


def migration_effect(params, emit):
    """
    The tables that a migration makes or changes, each with how the schema's own differs from it; and the last migration of the app,
    from this one on, that leaves them exactly as they are. The tables are really made: as temporary ones, in a transaction that is
    undone, without their foreign keys, which would lock other tables.
    """
    project = load_project()
    schema = params.get("schema") or project.current_schema()
    key = (params["app"], params["migration"])
    loader = MigrationLoader(None, ignore_no_migrations=True)
    graph = loader.graph
    before = tables_of(loader.project_state(key, at_end=False), key[0])
    first = found = _found(project, schema, loader, [key], before)
    passed, identical, started = [], None, time.monotonic()
    for later in [node for node in graph.backwards_plan(key)[::-1] if node[0] == key[0]]:
        passed.append(later)
        now = first if later == key else _found(project, schema, loader, passed, before)
        if now and all(each["exists"] and not each["differences"] for each in now):
            # One that only works on data leaves the tables alike, and says nothing of whether it ran.
            if any(isinstance(each, MAKING) for each in graph.nodes[later].operations):
                found, identical = now, list(passed)
        elif identical or not any(each["exists"] for each in now):
            break
        if time.monotonic() - started > PATIENCE:
            break
    compared = identical or [key]
    return {
        "objects": found if identical else first,
        "others": [
            "%s.%s: %s" % (node[0], node[1], each.describe())
            for node in compared
            for each in graph.nodes[node].operations
            if not isinstance(each, SHAPING)
        ],
        "operations": len(graph.nodes[key].operations),
        "identicalTo": identical and identical[-1][1],
    }


def _found(project, schema, loader, passed, before):
    state = loader.project_state(passed[-1], at_end=True)
    new = tables_of(state, passed[-1][0])
    migrations = [loader.graph.nodes[node] for node in passed]
    changed = {
        name
        for name in new
        if name not in before or new[name] != before[name] or any(_altered(each, state, name) for each in migrations)
    }
    return [dict(each, made=each["table"] not in before) for each in _compared(project, schema, state, sorted(changed))]


def _altered(migration, state, table):
    model = model_of(state.apps, table)
    if model is None:
        return False
    names = {getattr(each, "model_name", None) for each in migration.operations}
    return model._meta.model_name in {name.lower() for name in names if name}


def _compared(project, schema, state, tables):
    found = []
    models = {table: model_of(state.apps, table) for table in tables}
    # Before the one cursor is opened: django_tenants sets the path again for each new one, and an editor may open some.
    statements = {table: _statements(project, model) for table, model in models.items() if model is not None}
    try:
        with transaction.atomic(using=project.alias), project.connection.cursor() as cursor:
            cursor.execute(
                "select pg_catalog.set_config('search_path',"
                " pg_catalog.concat('pg_temp, ', pg_catalog.quote_ident(%s), ', public'), true)",
                [schema],
            )
            for table in statements:
                for statement in statements[table]:
                    cursor.execute(statement)
                found.append(_one(project, cursor, schema, table, models[table]))
            raise Undo()
    except Undo:
        pass
    return found


def _statements(project, model):
    return [text for text in create_statements(project.connection, model) if " FOREIGN KEY " not in text]


def _one(project, cursor, schema, table, model):
    actual = shape_of(cursor, schema, table)
    keys = foreign_keys(project.connection, model)
    told = {"table": table, "exists": actual is not None, "rows": False, "differences": [], "foreignKeys": keys}
    if actual is not None:
        quote = project.connection.ops.quote_name
        cursor.execute("select exists (select from %s.%s)" % (quote(schema), quote(table)))
        told["rows"] = cursor.fetchone()[0]
        told["differences"] = differences(shape_of(cursor, None, table), actual, keys)
    return told
