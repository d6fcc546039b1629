"""
What Django's command derives anew in every schema, and what is the same in all that have the same record: the graph, and the models
before the first migration.
"""

from contextlib import contextmanager

from django.core.management.commands import migrate as command
from django.core.management.sql import emit_post_migrate_signal
from django.db.migrations.executor import MigrationExecutor

from .deciding import why_apart, why_router
from .disk_graph import RecordedLoader, disk_graph
from .fewer_statements import one_search_path
from .kept_record import KeptRecorder, forget_record, kept_record
from .kept_states import forget_rows, is_kept
from .listeners import listeners_to
from .natural_rows import rows_instead_of

#: Graph and record to the loader over them, and to the state of the project.
_loaders, _states = {}, {}
LIMIT = 20


@contextmanager
def kept_command(project, schema, record):
    """
    While it holds, migrating forwards to the newest state takes them from the last schema with the same record. `record` is the schema's
    own.
    """
    graph = disk_graph()
    names = ("__init__", "_create_project_state")
    originals = [(MigrationExecutor, name, getattr(MigrationExecutor, name)) for name in names]
    plain_state = MigrationExecutor._create_project_state

    def init(self, connection, progress_callback=None):
        self.connection, self.progress_callback = connection, progress_callback
        self.recorder = KeptRecorder(connection)
        record = frozenset(self.recorder.applied_migrations())
        self.loader = _once(_loaders, (graph, record), lambda: RecordedLoader(graph.loader, record))

    def create_project_state(self, with_applied_migrations=False):
        if not with_applied_migrations:
            return plain_state(self)
        record = frozenset(self.loader.applied_migrations)
        state = _once(
            _states, (graph, record), lambda: _shared(plain_state(self, with_applied_migrations=True), graph, record)
        )
        forget_rows(state.apps, set())
        return state

    MigrationExecutor.__init__, MigrationExecutor._create_project_state = init, create_project_state
    for name in ("pre_migrate", "post_migrate"):
        emit = "emit_%s_signal" % name
        original = getattr(command, emit)
        originals.append((command, emit, original))
        if listeners_to(name, project, schema):
            setattr(command, emit, _forgetting(original))
        else:
            # Another one does not send it at all.
            if original is emit_post_migrate_signal and why_router() is None:
                original = rows_instead_of(original, project.connection)
            setattr(command, emit, _on_one_path(original, project.connection))
    before = {migration: list(migration.operations) for migration in graph.loader.disk_migrations.values()}
    # What may do anything at any time may also record migrations.
    known = record if why_apart(project.connection) is None else None
    try:
        with kept_record(known):
            yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)
        # Who listens to pre_migrate adds operations where a model is renamed: in each schema anew.
        for migration, operations in before.items():
            migration.operations[:] = operations


def _shared(state, graph, record):
    """Migrating changes the state that it is given, where it does not take kept ones: only then it needs one of its own."""
    copy = state.clone
    state.clone = lambda: state if is_kept(graph, record) else copy()
    return state


def _on_one_path(emit, connection):
    def emit_on_one_path(*args, **kwargs):
        with one_search_path(connection):
            emit(*args, **kwargs)

    return emit_on_one_path


def _forgetting(emit):
    def emit_forgetting(*args, **kwargs):
        emit(*args, **kwargs)
        forget_record()

    return emit_forgetting


def _once(kept, key, make):
    if key not in kept:
        while len(kept) >= LIMIT:
            del kept[next(iter(kept))]
        kept[key] = make()
    return kept[key]
