"""The host's method `ownCode`: what migrations do by SQL or code of their own, which no state of models shows."""

import inspect
import re
import sys

from django.db.migrations import RunPython, RunSQL

from .disk_graph import disk_graph


def own_code(params, emit):
    """For each question, whether one migration of the app has code of its own that says all of the words."""
    texts = {}
    for (app, _), migration in disk_graph().loader.disk_migrations.items():
        if any(map(_is_own, migration.operations)):
            texts.setdefault(app, []).append(_source(migration))
    return {
        "says": [
            any(all(_has(text, word) for word in each["words"]) for text in texts.get(each["app"], ()))
            for each in params["questions"]
        ]
    }


def _is_own(operation):
    parts = getattr(operation, "database_operations", ())
    return isinstance(operation, (RunPython, RunSQL)) or any(map(_is_own, parts))


def _source(migration):
    try:
        return inspect.getsource(sys.modules[migration.__module__]).lower()
    except (OSError, TypeError):
        return ""


def _has(text, word):
    return re.search(r"(?<!\w)%s(?!\w)" % re.escape(word.lower()), text) is not None
