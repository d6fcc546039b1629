"""The host's method `call`: any management command, with its output."""

import io
from contextlib import redirect_stderr, redirect_stdout

from django.core.management import call_command, get_commands
from django.core.management.base import CommandError, SystemCheckError

from .failure import Failure
from .post_migrate import active_schema
from .project import load_project
from .system_checks import checks_failed


def call(params, emit):
    """Runs a management command, in a schema where one is named; the result holds all that it printed."""
    name = params["command"]
    if name not in get_commands():
        raise Failure("command", 'there is no management command "%s"' % name, names=sorted(get_commands()))
    output = io.StringIO()
    try:
        with active_schema(load_project(), params.get("schema")), redirect_stdout(output), redirect_stderr(output):
            call_command(name, *(params.get("args") or []), stdout=output, stderr=output, no_color=True)
    except SystemCheckError as error:
        raise checks_failed(error) from error
    except CommandError as error:
        raise Failure("command", str(error).strip(), detail=output.getvalue() or None) from error
    except SystemExit as error:
        if error.code:
            message = 'the command "%s" ended with %r' % (name, error.code)
            raise Failure("command", message, detail=output.getvalue() or None) from error
    return {"output": output.getvalue()}
