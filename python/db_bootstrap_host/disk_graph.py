"""The migrations on disk, read once, and what of them a schema has still to apply."""

import os
import sys
from types import SimpleNamespace

from django.db.migrations import loader as django_loader
from django.db.migrations.exceptions import NodeNotFoundError
from django.db.migrations.loader import MigrationLoader

from .failure import Failure
from .own_apps import is_own

_graph = None


class RecordedLoader(MigrationLoader):
    """
    Django's loader over migrations that were read before, and over a given record instead of a connection's.

    Which of a squashed migration and those that it replaces stand in the graph depends on the record.
    """

    def __init__(self, disk, recorded):
        self._disk = disk
        self._recorded = dict.fromkeys(recorded)
        self._exact, self._is_consistent = frozenset(recorded), False
        super().__init__(None, ignore_no_migrations=True)

    @property
    def applied_migrations(self):
        return self._recorded

    @applied_migrations.setter
    def applied_migrations(self, value):
        pass  # What Django would set without a connection: nothing is applied.

    def check_consistent_history(self, connection):
        """Of the given record, which need not be read again, and judged once."""
        if self._is_consistent:
            return
        original = django_loader.MigrationRecorder
        # Of several faults Django names the first; a set has none.
        in_order = dict.fromkeys(sorted(self._exact))
        django_loader.MigrationRecorder = lambda connection: SimpleNamespace(applied_migrations=lambda: in_order)
        try:
            super().check_consistent_history(connection)
        finally:
            django_loader.MigrationRecorder = original
        self._is_consistent = True

    def load_disk(self):
        self.disk_migrations = dict(self._disk.disk_migrations)
        self.migrated_apps = set(self._disk.migrated_apps)
        self.unmigrated_apps = set(self._disk.unmigrated_apps)


class DiskGraph:
    """What is on disk, and the answers for each record that was met, since many schemas have the same."""

    def __init__(self):
        self.loader = _load(lambda: MigrationLoader(None, ignore_no_migrations=True))
        # Taken last: loading may make folders for what Python compiles.
        self.stamp = self.stamp_now()
        self._answers = {}
        self._parts = {}
        self._replaced = {
            replaced for migration in self.loader.disk_migrations.values() for replaced in migration.replaces
        }

    def stamp_now(self):
        """When files were last added to the folders of migrations, or taken away."""
        folders = set()
        for app in self.loader.migrated_apps:
            module = sys.modules.get(self.loader.migrations_module(app)[0])
            folders.update(getattr(module, "__path__", ()))
        return {folder: os.stat(folder).st_mtime_ns for folder in folders if os.path.isdir(folder)}

    def leaves(self):
        """The ends of the graph, in order."""
        return sorted(self.loader.graph.leaf_nodes())

    def conflicts(self):
        """Apps with more than one end."""
        found = self.loader.detect_conflicts()
        return [{"app": app, "leaves": sorted(names), "own": is_own(app)} for app, names in sorted(found.items())]

    def pending(self, recorded):
        """The migrations that a schema with this record (a frozenset of keys) lacks, in order of application."""
        if recorded not in self._answers:
            self._answers[recorded] = self._pending(recorded)
        return self._answers[recorded]

    def partly(self, recorded):
        """Squashed migrations of which a schema has applied a part: those that they replace stand in the graph instead."""
        self.pending(recorded)
        return self._parts.get(recorded, [])

    def unknown(self, recorded):
        """What is recorded, but neither on disk nor replaced by what is."""
        return sorted(key for key in recorded if key not in self.loader.disk_migrations and key not in self._replaced)

    def _pending(self, recorded):
        loader = self.loader
        # Squashed migrations that Django would only record: those that they replace are all applied.
        unrecorded = []
        if self._replaced:
            self._refuse_halves(recorded)
            loader = _load(lambda: RecordedLoader(self.loader, recorded))
            unrecorded = sorted(key for key in loader.applied_migrations if key not in recorded)
            self._parts[recorded] = sorted(
                key for key, each in loader.disk_migrations.items() if each.replaces and key not in loader.graph.nodes
            )
            recorded = loader.applied_migrations
        plan = dict.fromkeys(
            node for leaf in loader.graph.leaf_nodes() for node in loader.graph.forwards_plan(leaf)
        )
        return unrecorded + [node for node in plan if node not in recorded]


    def _refuse_halves(self, recorded):
        """Django passes over what is neither on disk nor applied of a squashed migration's parts, unless another one depends on it."""
        for key, each in self.loader.disk_migrations.items():
            applied = recorded.intersection(each.replaces)
            gone = sorted(part for part in each.replaces if part not in self.loader.disk_migrations)
            if gone and applied and key not in recorded and not applied.issuperset(each.replaces):
                message = "a part of what %s.%s replaces is applied, and the rest is not on disk" % key
                names = [".".join(part) for part in gone]
                raise Failure("missing-dependency", message, names=names, squashed=".".join(key))


def disk_graph():
    """The graph of the migrations on disk, read at the first call, and again where there are others since: another object then."""
    global _graph
    if _graph is None or _graph.stamp != _graph.stamp_now():
        _graph = DiskGraph()
    return _graph


def forget_disk_graph():
    """The files on disk have changed."""
    global _graph
    _graph = None


def _load(make):
    try:
        return make()
    except NodeNotFoundError as error:
        origin = getattr(error, "origin", None)
        facts = {"app": origin.app_label, "migration": origin.name} if origin is not None else {}
        raise Failure("missing-dependency", error.message, names=[".".join(error.node)], **facts) from error
    except Exception as error:
        # A migration is the project's own code: importing it may raise anything.
        raise Failure("setup", "the migrations could not be loaded: %s" % error) from error
