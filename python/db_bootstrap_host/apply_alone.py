"""The host's method `applyAlone`: Django applies given migrations to a schema, without the command around them."""

import time

from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from .concurrent_indexes import repeatable
from .deferred_statements import deferred_inside
from .disk_graph import RecordedLoader, disk_graph
from .failed_operation import migration_failure
from .fewer_statements import fewer_statements
from .kept_connection import renew
from .kept_states import kept_migration, kept_states
from .post_migrate import tenant_type_of
from .project import load_project
from .states import read_records
from .timeouts import timeouts

#: (graph, record, migration) to what they need: the loader, and the state of the project before the first.
_starts = {}


def apply_alone(params, emit):
    """What is left of the migrations is applied in order: no signals, no checks; for schemas whose state is known."""
    project = load_project()
    connection, schema = project.connection, params["schema"]
    started = time.perf_counter()
    recorded = read_records(connection, [schema])[schema]
    wanted = [(one["app"], one["name"]) for one in params["migrations"]]
    # An earlier try may have applied the first of them.
    keys = [key for key in wanted if key not in recorded]
    connection.set_schema(schema, tenant_type=tenant_type_of(project, schema))
    try:
        with timeouts(connection, params.get("timeouts")), kept_states(), fewer_statements(), repeatable(
            connection, schema, params.get("again") is True
        ), deferred_inside():
            for number, key in enumerate(keys):
                _apply(connection, recorded | frozenset(keys[:number]), key)
                emit({"type": "migration", "schema": schema, "app": key[0], "name": key[1]})
    except (Exception, SystemExit) as error:
        raise migration_failure(error, schema)
    finally:
        renew(connection)
        connection.set_schema_to_public()
    return {"schema": schema, "ms": round((time.perf_counter() - started) * 1000)}


def _apply(connection, recorded, key):
    loader, state = _start(recorded, key)
    # As Django's executor has it, which would read the graph and the record anew for each schema.
    executor = MigrationExecutor.__new__(MigrationExecutor)
    executor.connection, executor.loader, executor.progress_callback = connection, loader, None
    executor.recorder = MigrationRecorder(connection)
    with kept_migration(connection, (recorded, key)) as chain:
        # Applying changes the state that it is given, where it does not take the kept ones.
        executor.apply_migration(state if chain.links else state.clone(), loader.graph.nodes[key])


def _start(recorded, key):
    graph = disk_graph()
    if (graph, recorded, key) not in _starts:
        if len(_starts) > 50:
            _starts.clear()
        loader = RecordedLoader(graph.loader, recorded)
        state = ProjectState(real_apps=loader.unmigrated_apps)
        plan = dict.fromkeys(node for leaf in loader.graph.leaf_nodes() for node in loader.graph.forwards_plan(leaf))
        for node in plan:
            if node in loader.applied_migrations:
                loader.graph.nodes[node].mutate_state(state, preserve=False)
        state.apps  # Rendered now, as Django does: operations take what they need from it.
        _starts[graph, recorded, key] = loader, state
    return _starts[graph, recorded, key]
