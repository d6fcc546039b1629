"""Runs the project's own command that replaces `migrate_schemas` of django_tenants."""

import inspect

from django.conf import settings
from django.core.management import get_commands, load_command_class

from .failure import Failure, place_of, project_path, whole_text_of
from .listeners import label_of


def own_command():
    """
    The project's own command behind `manage.py migrate_schemas`, or behind a `manage.py migrate` that inherits from it; None if both are
    those of django_tenants. A `migrate` without schemas does not count: it does not migrate tenants. With an executor of the project's own,
    the command of django_tenants counts as the project's.
    """
    from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

    for name in ("migrate_schemas", "migrate"):
        command = load_command(name)
        is_own = type(command) is not MigrateSchemasCommand or own_executor() is not None
        if is_own and (name == "migrate_schemas" or isinstance(command, MigrateSchemasCommand)):
            return command
    return None


def own_executor():
    """The setting GET_EXECUTOR_FUNCTION: the function that chooses how `migrate_schemas` migrates; None where django_tenants chooses."""
    return getattr(settings, "GET_EXECUTOR_FUNCTION", None) or None


def run_own(command, project, schema, words):
    """Migrates one schema with the project's own command. Raises Failure if the command has no option `--schema`."""
    parser = command.create_parser("manage.py", "migrate_schemas")
    if not any(action.dest == "schema_name" for action in parser._actions):
        raise Failure(
            "own-command",
            "the project's own command %s cannot migrate one schema: it has no option --schema" % label_of(type(command)),
            schema=schema,
            at=_place(type(command)),
        )
    options = vars(parser.parse_args(words))
    args = options.pop("args", ())
    options.update(schema_name=schema, executor=None if own_executor() else "standard", interactive=False, database=project.alias, no_color=True, force_color=False)
    command.execute(*args, **options)


def _place(kind):
    lines, first = inspect.getsourcelines(kind)
    path = project_path(inspect.getsourcefile(kind))
    return path and "%s:%d" % (path, first)


def load_command(name):
    """A management command as `manage.py` finds it: the project's own before that of a package."""
    app = get_commands()[name]
    try:
        return load_command_class(app, name) if isinstance(app, str) else app
    except Exception as error:
        message = 'the command "%s" of %s cannot be loaded: %s' % (name, app, whole_text_of(error))
        raise Failure("command", message, **place_of(error)) from error
