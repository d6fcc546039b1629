"""The host's method `preflight`: every fact that the rules about the project need. It never touches the database."""

import os

from .failure import Failure, describe
from .project import load_project
from .settings_facts import settings_facts

#: Without settings there is nothing else to tell.
_NO_SETTINGS = {"django-missing", "settings-missing", "settings-import"}


def preflight(params, emit):
    """
    Facts in two stages: those of the settings, and, where Django loads the project, those of its apps.

    What stands in the way is told as `failure`, and hides nothing that was found before it.
    """
    failure = _failure_of(load_project)
    module = os.environ.get("DJANGO_SETTINGS_MODULE") or ""
    told = {"settingsModule": module, "failure": failure, "settings": None, "project": None}
    if failure is not None and failure["kind"] in _NO_SETTINGS:
        return told
    told["settings"] = settings_facts(module)
    if failure is None:
        from .project_facts import project_facts

        told["project"] = project_facts()
    return told


def _failure_of(load):
    try:
        load()
    except (Exception, SystemExit) as error:
        return describe(error if isinstance(error, Failure) else _wrapped(error))
    return None


def _wrapped(error):
    failure = Failure("setup", str(error).strip() or type(error).__name__)
    failure.__cause__ = error
    return failure
