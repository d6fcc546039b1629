"""The host's method `autodetect`: what `makemigrations` would write, and, where asked for, its writing."""

import io
import os
from contextlib import redirect_stderr, redirect_stdout

from django.apps import apps
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import CommandError
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ProjectState

from .disk_graph import disk_graph, forget_disk_graph
from .failure import Failure, project_path
from .own_apps import is_own


def autodetect(params, emit):
    """The operations that are missing per app and the conflicts; with `write` the files that were written."""
    labels = set(params.get("apps") or ())
    valid = {app.label for app in apps.get_app_configs()}
    unknown = sorted(labels - valid)
    if unknown:
        raise Failure(
            "unknown-app",
            "there is no app %s" % ", ".join('"%s"' % label for label in unknown),
            names=unknown,
            valid=[{"name": label} for label in sorted(valid)],
        )
    conflicts = [conflict for conflict in disk_graph().conflicts() if not labels or conflict["app"] in labels]
    if conflicts:
        return {"changes": [], "conflicts": conflicts, "written": []}
    changes = missing_changes(labels)
    own = sorted(label for label in changes if is_own(label))
    written = _write(own) if params.get("write") and own else []
    return {
        "changes": [
            {
                "app": app,
                "own": is_own(app),
                "operations": [operation.describe() for migration in migrations for operation in migration.operations],
                "suggestedName": migrations[0].name,
            }
            for app, migrations in sorted(changes.items())
        ],
        "conflicts": [],
        "written": written,
    }


def missing_changes(labels=()):
    """The migrations that the models would need beyond those on disk, by app label; of these apps, or of all."""
    loader = disk_graph().loader
    # This questioner asks nobody: it takes a new name for a new thing, as makemigrations does where nobody answers.
    questioner = MigrationQuestioner(specified_apps=set(labels), dry_run=True)
    detector = _autodetector()(loader.project_state(), ProjectState.from_apps(apps), questioner)
    return detector.changes(
        graph=loader.graph, trim_to_apps=labels or None, convert_apps=labels or None, migration_name=None
    )


def _autodetector():
    # The project's own command may name another one, or set what counts as a change where its module is loaded.
    command = get_commands()["makemigrations"]
    if isinstance(command, str):
        command = load_command_class(command, "makemigrations")
    return getattr(command, "autodetector", MigrationAutodetector)


def _write(labels):
    paths, log = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(paths), redirect_stderr(log):
            # `scriptable` prints the paths, and only them, to the first.
            call_command(
                "makemigrations", *labels, interactive=False, scriptable=True, stdout=paths, stderr=log, no_color=True
            )
    except CommandError as error:
        raise Failure("write-refused", str(error).strip()) from error
    except SystemExit as error:
        # Django gives up where it would have to ask for a default.
        raise Failure("write-refused", log.getvalue().strip() or "makemigrations gave up") from error
    finally:
        forget_disk_graph()
    return [project_path(path) or path for path in map(os.path.abspath, filter(None, paths.getvalue().splitlines()))]
