"""What the project's manage.py does before Django's command takes over: paths, env files and the choice of settings are the project's."""

import os
import runpy


class _Reached(BaseException):
    """The end of what is wanted of manage.py. No Exception, so that no handler of its own swallows it."""


def run_manage():
    """Executes manage.py of the working directory up to its command; returns the error where it does not come so far."""
    path = os.path.abspath("manage.py")
    if not os.path.isfile(path):
        return None
    from django.core import management

    command = management.execute_from_command_line
    management.execute_from_command_line = _stop
    try:
        runpy.run_path(path, run_name="__main__")
    except _Reached:
        return None
    except (Exception, SystemExit) as error:
        return error
    finally:
        management.execute_from_command_line = command
    return None


def _stop(argv=None):
    raise _Reached()
