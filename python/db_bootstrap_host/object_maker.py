"""The host's method `objectMaker`: which migration makes what another one uses, and whether that one depends on it."""

import sys

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from .failure import project_path
from .objects_made import objects_made
from .state_tables import in_order

#: What PostgreSQL calls a relation.
_RELATIONS = {"table", "view", "materialized view", "index", "sequence"}


def object_maker(params, emit):
    """
    The first migration that makes one of `objects` (kind, name, table; "relation" stands for any kind of relation) and of which the
    using migration is no descendant. `maker` is None where no migration makes it, or where the user depends on one that does.
    """
    user = (params["app"], params["migration"])
    loader = MigrationLoader(None, ignore_no_migrations=True)
    graph = loader.graph
    if user not in graph.nodes:
        return {"maker": None}
    before = set(graph.forwards_plan(user))
    state, makers = ProjectState(), {}
    for key in in_order(graph):
        new = graph.nodes[key].mutate_state(state, preserve=True)
        made = objects_made(graph.nodes[key], state, new)
        for index, wanted in enumerate(params["objects"]):
            found = next((each for each in sorted(made, key=str) if _is(each, wanted)), None)
            if found is not None:
                makers.setdefault(index, []).append((key, found))
        state = new
    for index in sorted(makers):
        keys = [key for key, _ in makers[index]]
        if not before.intersection(keys):
            return _told(loader, user, *makers[index][0], params["objects"][index])
    return {"maker": None}


def _is(made, wanted):
    kind, name, table = made
    if name != wanted["name"] or (table and wanted.get("table") and table != wanted["table"]):
        return False
    return kind == wanted["kind"] or (wanted["kind"] == "relation" and kind in _RELATIONS)


def _told(loader, user, maker, made, wanted):
    graph = loader.graph
    return {
        "maker": {"app": maker[0], "name": maker[1]},
        "kind": made[0],
        "name": made[1],
        "table": made[2] or wanted.get("table"),
        "circle": user in graph.forwards_plan(maker),
        "userFile": _file(graph.nodes[user]),
        "makerFile": _file(graph.nodes[maker]),
    }


def _file(migration):
    """The file of a migration relative to the project's folder; None where it is not the project's to change."""
    path = getattr(sys.modules.get(migration.__module__), "__file__", None)
    return project_path(path) if path else None
