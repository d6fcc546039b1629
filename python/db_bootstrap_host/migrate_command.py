"""Django's command `migrate` inside this process, in one schema as `migrate_schemas` runs it there."""

import time
from contextlib import contextmanager, nullcontext

from django.apps import apps

from .failure import Failure
from .fewer_statements import fewer_statements
from .kept_command import kept_command
from .kept_connection import kept_connection
from .kept_states import kept_states
from .own_command import load_command, own_command, run_own
from .post_migrate import tenant_type_of

_checked = False


def run_plainly(project, words, on_applied):
    """Runs the project's `migrate` without schemas. With django_tenants, whose command requires tenants, runs the base command below it."""
    if apps.is_installed("django_tenants"):
        from django_tenants.utils import get_tenant_base_migrate_command_class

        command = get_tenant_base_migrate_command_class()()
    else:
        command = load_command("migrate")
    _watch(command, on_applied)
    command.execute(**_options(command, project, words))
    _passed()


def run_schema(project, schema, words, on_applied, record):
    """
    Does what `migrate_schemas --schema` does: sends the signals, creates the table of records, and runs the project's own command, or else the
    base command that the settings name. `record` has the applied migrations of the schema.
    """
    from django_tenants.migration_executors import base

    if schema == project.public_schema:
        _create_schema(project, schema)
    elif not _exists(project, schema):
        # Old versions of django_tenants would work in the public schema instead.
        raise Failure("migration", 'schema "%s" does not exist' % schema, schema=schema)
    make = base.get_tenant_base_migrate_command_class()

    class Command(make):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            _watch(self, on_applied)

    own, options = own_command(), _options(make(), project, words)
    # django_tenants asks for the class when it migrates; here it gets one that tells what was applied.
    # Towards another migration the graph is read anew, with and without squashed ones.
    kept = nullcontext() if words or own else kept_command(project, schema, record)
    with kept_connection(base, project.connection), kept_states(), fewer_statements(), kept, _replaced(
        base, "get_tenant_base_migrate_command_class", lambda: Command
    ):
        if own is None:
            base.run_migrations((), options, "standard", schema, tenant_type=tenant_type_of(project, schema))
        else:
            run_own(own, project, schema, words)
    _passed()


def _options(command, project, words):
    # The words of the command line are parsed by the command itself: a project's own command may have more options.
    options = vars(command.create_parser("manage.py", "migrate").parse_args(words))
    options.pop("args", None)
    # Django checks the project at each call; within one process once says all.
    options.update(interactive=False, database=project.alias, no_color=True, force_color=False, skip_checks=_checked)
    return options


def _passed():
    global _checked
    _checked = True


def _watch(command, on_applied):
    # A project's own command may lack this callback: the migration records then show which migrations it applied.
    if not hasattr(command, "migration_progress_callback"):
        return
    report, started = command.migration_progress_callback, [0.0]

    def progress(action, migration=None, fake=False):
        if action == "apply_start":
            started[0] = time.perf_counter()
        report(action, migration, fake)
        if action == "apply_success":
            on_applied(migration, round((time.perf_counter() - started[0]) * 1000))

    command.migration_progress_callback = progress


def _create_schema(project, schema):
    # Asked first: a role that may not create schemas is no reason to fail where it is there.
    if not _exists(project, schema):
        with project.connection.cursor() as cursor:
            cursor.execute("create schema if not exists %s" % project.connection.ops.quote_name(schema))


def _exists(project, schema):
    with project.connection.cursor() as cursor:
        cursor.execute("select 1 from pg_catalog.pg_namespace where nspname = %s", [schema])
        return cursor.fetchone() is not None


@contextmanager
def _replaced(module, name, value):
    original = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, original)
