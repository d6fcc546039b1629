"""The host's method `otherSettings`: other settings modules of the project, each loaded in a child process that is thrown away."""

import json
import os
import signal
import subprocess
import sys
import time

#: Seconds for all of them together. A settings module that asks the network may never end.
LIMIT = 10


def other_settings(params, emit):
    """What each of the modules says when it is loaded, or why it does not load. They are loaded side by side."""
    children = {module: _start(module) for module in params["modules"]}
    end = time.monotonic() + LIMIT
    try:
        return {"modules": [_answer(module, child, end) for module, child in children.items()]}
    finally:
        for child in children.values():
            _end(child)


def _start(module):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "settings_child.py")
    environment = dict(os.environ, DJANGO_SETTINGS_MODULE=module, PYTHONDONTWRITEBYTECODE="1")
    return subprocess.Popen(
        [sys.executable, script, json.dumps(sys.path), str(LIMIT + 5)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # A group of its own: what it starts ends with it, and our signals do not reach it.
        start_new_session=True,
    )


def _answer(module, child, end):
    try:
        output, _ = child.communicate(timeout=max(0, end - time.monotonic()))
        told = json.loads(output)
    except subprocess.TimeoutExpired:
        told = {"failure": "it did not load within %d seconds" % LIMIT}
    except ValueError:
        told = {"failure": "it ended the process with exit code %d" % child.returncode}
    return dict({"module": module, "settings": None, "failure": None}, **told)


def _end(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    child.stdout.close()
    child.wait()
