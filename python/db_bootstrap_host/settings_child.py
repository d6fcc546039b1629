"""Started by its path: loads the settings module of the environment, prints what it says as JSON, and ends. Touches nothing else."""

import json
import os
import signal
import sys

search_path, limit = json.loads(sys.argv[1]), int(sys.argv[2])
# It ends even where its parent is gone.
signal.alarm(limit)
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from db_bootstrap_host.bytecode import distrust_bytecode
from db_bootstrap_host.failure import whole_text_of
from db_bootstrap_host.settings_facts import settings_facts


def load():
    """The facts of the settings, or why they could not be had."""
    sys.path[:] = search_path
    sys.argv = ["manage.py", "migrate"]
    distrust_bytecode()
    module = os.environ["DJANGO_SETTINGS_MODULE"]
    try:
        facts = settings_facts(module)
    except (Exception, SystemExit) as error:
        return {"failure": "%s: %s" % (type(error).__name__, whole_text_of(error))}
    return {"settings": dict(facts, own=sorted(filter(_has_tables, _apps(facts))))}


def _apps(facts):
    lists = [facts["installedApps"], facts["sharedApps"], facts["tenantApps"], *(facts["types"] or {}).values()]
    return {app for apps in lists for app in apps or ()}


def _has_tables(entry):
    """Whether an app is the project's own and has models or migrations; nothing is imported for it."""
    name = entry.partition(".apps.")[0].replace(".", os.sep)
    folders = [os.path.join(root or ".", name) for root in search_path if not root.endswith("-packages")]
    return any(os.path.exists(os.path.join(folder, each)) for folder in folders for each in ("models.py", "models", "migrations"))


if __name__ == "__main__":
    # What the module prints is nobody's answer.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    json.dump(load(), answer)
    answer.flush()
    # Threads that the settings have started are not waited for.
    os._exit(0)
