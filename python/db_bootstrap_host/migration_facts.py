"""Facts of the migrations on disk: packages that are missing, dependencies on nothing, conflicts, and what the models have beyond them."""

import os
from importlib.util import find_spec

from django.apps import apps
from django.db.migrations.exceptions import CircularDependencyError
from django.db.migrations.loader import MigrationLoader

from .autodetect import missing_changes
from .disk_graph import disk_graph
from .failure import Failure, describe, project_path
from .key_types import key_changes
from .source_places import class_place, dependency_place, module_place
from .urls import load_urls


def migration_facts(places):
    """What the loader finds; where it fails, `failure` says why, and what depends on the graph is left empty."""
    told = {"failure": None, "missing": [], "conflicts": [], "changes": [], "keys": []}
    loader = MigrationLoader(None, load=False)
    try:
        loader.load_disk()
    except Exception as error:  # importing a migration may raise anything
        told["failure"] = describe(_failure(error))
        return told
    told["missing"] = _missing(loader)
    if told["missing"]:
        return told
    try:
        load_urls()
        graph = disk_graph()
        told["conflicts"] = [_conflict(conflict) for conflict in graph.conflicts()]
        if not told["conflicts"]:
            told["changes"] = [_change(*change) for change in sorted(missing_changes().items())]
            told["keys"] = key_changes(graph, places)
    except Failure as failure:
        circle = isinstance(failure.__cause__, CircularDependencyError)
        told["failure"] = describe(_circle(failure.__cause__, loader) if circle else failure)
    except Exception as error:  # a migration's operations are the project's own code
        told["failure"] = describe(_failure(error))
    return told


def package_of(config, has_tables):
    """An app's migrations package: its name, whether the project names it, its folder, and what is wrong with it, if anything."""
    name, explicit = MigrationLoader.migrations_module(config.label)
    if name is None:
        fault = "disabled" if has_tables else None
        return {"name": None, "explicit": True, "folder": None, "migrations": 0, "fault": fault}
    folder = os.path.join(config.path, "migrations")
    path = os.path.relpath(folder) if project_path(config.module.__file__ or "") else None
    told = {"name": name, "explicit": explicit, "folder": None if explicit else path, "migrations": 0, "fault": None}
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        missing = has_tables or explicit
        return dict(told, fault=("unimportable" if explicit else "missing") if missing else None)
    listed = [file for place in spec.submodule_search_locations or () for file in _python_files(place)]
    if spec.origin is None:
        # A folder without __init__.py is a namespace: Django looks for no migrations in it.
        return dict(told, fault="no-init" if has_tables or listed else None)
    return dict(told, migrations=len(listed))


def _python_files(folder):
    try:
        return [name for name in os.listdir(folder) if name.endswith(".py") and name[0] not in "_~"]
    except OSError:
        return []


def _missing(loader):
    """Every dependency on a migration that is nowhere; Django itself stops at the first."""
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    found = []
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        for key in list(migration.dependencies) + list(migration.run_before):
            key = tuple(key)
            if key[0] == "__setting__" or key in loader.disk_migrations or key in replaced:
                continue
            if key[1] in ("__first__", "__latest__") and (key[0] in loader.migrated_apps or key[0] in loader.unmigrated_apps):
                continue
            found.append(
                {
                    "app": app,
                    "migration": name,
                    "at": dependency_place(migration.__module__, key),
                    "dependsOn": {"app": key[0], "name": key[1]},
                    "installed": key[0] in {config.label for config in apps.get_app_configs()},
                    "existing": sorted(other for label, other in loader.disk_migrations if label == key[0]),
                }
            )
    return found


def _conflict(conflict):
    migrations = disk_graph().loader.disk_migrations
    modules = [migrations[conflict["app"], name].__module__ for name in conflict["leaves"]]
    return dict(conflict, at=[module_place(module) for module in modules])


def _change(app, migrations):
    operations = [operation for migration in migrations for operation in migration.operations]
    return {
        "app": app,
        "operations": [operation.describe() for operation in operations],
        "at": next((place for place in map(_place_of, [app] * len(operations), operations) if place), None),
    }


def _place_of(app, operation):
    name = getattr(operation, "model_name", None) or getattr(operation, "name", None)
    try:
        return class_place(apps.get_model(app, name))
    except (LookupError, ValueError, TypeError, AttributeError):
        return None


def _circle(error, loader):
    """Where the first migration of the circle names another one of it."""
    nodes = [key for key in loader.disk_migrations if ".".join(key) in str(error)]
    names = sorted(".".join(key) for key in nodes)
    message = "migrations depend on each other in a circle: %s" % ", ".join(names)
    for key in sorted(nodes):
        migration = loader.disk_migrations[key]
        for other in migration.dependencies:
            # A migration that depends on one of a higher number is the likelier slip.
            if tuple(other) in nodes and (other[0] != key[0] or other[1] > key[1]):
                at = dependency_place(migration.__module__, tuple(other))
                return Failure("circle", message, names=names, app=key[0], migration=key[1], at=at)
    return Failure("circle", message, names=names)


def _failure(error):
    failure = Failure("setup", "the migrations could not be loaded: %s" % (str(error).strip() or type(error).__name__))
    failure.__cause__ = error
    return failure
