"""
Project states that are built once for many schemas.

Django derives the models before and after each operation anew in every schema, which is half of the work of migrating one. They
depend on the migrations alone, so schemas that start from the same record can share them.
"""

from contextlib import contextmanager

from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.operations.special import RunPython
from django.db.transaction import atomic

from . import tape
from .disk_graph import disk_graph
from .fewer_statements import one_search_path, own_search_path

#: Models times operations beyond which states are not kept: each holds references to all models.
LIMIT = 100_000

_current = None
_last = None
_alone = {}


class Chain:
    """The states before and after each operation, from one record on, migration by migration."""

    def __init__(self, start, graph=None):
        self.start, self.graph = start, graph
        self.links = []  # (app label, name), and one more state than there are operations
        self.position = 0
        self.size = 0
        self.returned = None
        self.complete = False
        self.after = None

    def state_after(self, result):
        """
        The state for those who are told of the end, who may change it: a copy of what migrating has come to. All models of it are
        rendered, which those of a state after many operations are not.
        """
        if self.after is None:
            self.after = result.clone()
            self.after.clear_delayed_apps_cache()
            self.after.apps
            self.after.is_delayed = False
        forget_rows(self.after.apps, set())
        return self.after

    def states_of(self, migration):
        """The states of the migration that comes next, where it is the one that came here before."""
        if self.position < len(self.links):
            key, states = self.links[self.position]
            if key == (migration.app_label, migration.name) and len(states) == len(migration.operations) + 1:
                return states
            del self.links[self.position :]
        return None

    def add(self, migration, states):
        """Keeps the states of the migration that has come next, as long as there is room."""
        self.size += sum(len(state.models) for state in states)
        if self.position == len(self.links) and self.size <= LIMIT:
            self.links.append(((migration.app_label, migration.name), states))

    def forget_rows(self):
        """Forgets what the states' models remember of another schema."""
        seen = set()
        for _, states in self.links:
            for state in states:
                if "apps" in state.__dict__:
                    forget_rows(state.apps, seen)


def forget_rows(apps, seen):
    """Managers that remember rows (content types by id) would answer with those of another schema; models in `seen` have forgotten."""
    for models in apps.all_models.values():
        for model in models.values():
            if id(model) in seen:
                continue
            seen.add(id(model))
            for manager in model._meta.managers:
                clear = getattr(manager, "clear_cache", None)
                if callable(clear):
                    clear()


def is_kept(graph, record):
    """Whether all that a schema with this record has still to go through is kept."""
    return _last is not None and _last.complete and _last.start == record and _last.graph is graph


@contextmanager
def kept_states():
    """While it holds, migrating forwards takes its states from the last schema that started from the same record."""
    originals = MigrationExecutor._migrate_all_forwards, Migration.apply
    MigrationExecutor._migrate_all_forwards, Migration.apply = _migrate_all_forwards, _apply
    try:
        yield
    finally:
        MigrationExecutor._migrate_all_forwards, Migration.apply = originals


@contextmanager
def kept_migration(connection, start):
    """One migration whose states are those of the last schema that came from the same start."""
    global _current
    _current = _alone.setdefault(start, Chain(start))
    _current.position = 0
    _current.forget_rows()
    try:
        with one_search_path(connection):
            yield _current
    finally:
        _current.returned = None
        _current = None
        while len(_alone) > 50:
            del _alone[next(iter(_alone))]


_plain_forwards, _plain_apply = MigrationExecutor._migrate_all_forwards, Migration.apply


def _migrate_all_forwards(self, state, plan, full_plan, fake, fake_initial):
    global _current, _last
    if fake or fake_initial:
        return _plain_forwards(self, state, plan, full_plan, fake=fake, fake_initial=fake_initial)
    start, graph = frozenset(self.loader.applied_migrations), disk_graph()
    if _last is None or _last.start != start or _last.graph is not graph:
        _last = Chain(start, graph)
    _current = _last
    _current.position = 0
    _current.forget_rows()
    try:
        with one_search_path(self.connection):
            result = _plain_forwards(self, state, plan, full_plan, fake=fake, fake_initial=fake_initial)
        tape.end()
        _current.complete = _current.position == len(_current.links) == len(plan)
        return _current.state_after(result) if result is _current.returned else result
    finally:
        _current.returned = None
        _current = None


def _apply(self, project_state, schema_editor, collect_sql=False):
    if _current is None or collect_sql:
        return _plain_apply(self, project_state, schema_editor, collect_sql)
    tape.begin(self)
    chain = _current
    states = chain.states_of(self)
    if states is None:
        live = project_state.clone() if project_state is chain.returned else project_state
        states = [live.clone()]
        for operation in self.operations:
            operation.state_forwards(self.app_label, live)
            states.append(live.clone())
            _run(self, operation, schema_editor, states[-2], states[-1])
        chain.add(self, states)
        chain.position += 1
        return live
    for number, operation in enumerate(self.operations):
        _run(self, operation, schema_editor, states[number], states[number + 1])
    chain.position += 1
    chain.returned = states[-1]
    return chain.returned


def _run(migration, operation, schema_editor, before, after):
    """One operation on the database, as `Migration.apply` runs it."""
    tape.touches(migration, operation, before, after)
    inner = operation.atomic or (migration.atomic and operation.atomic is not False)
    with own_search_path(schema_editor.connection, operation):
        if not schema_editor.atomic_migration and inner:
            with atomic(schema_editor.connection.alias):
                operation.database_forwards(migration.app_label, schema_editor, before, after)
        else:
            operation.database_forwards(migration.app_label, schema_editor, before, after)
    if "apps" in before.__dict__ and isinstance(operation, RunPython):
        # It has had all models rendered anew, since some might have been left for later: in the next schema they need not be.
        before.is_delayed = False
