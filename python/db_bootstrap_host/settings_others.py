"""The project's other settings modules, those of tests and of production: read, never imported."""

import os
import re

from .settings_facts import types_of
from .settings_source import module_file, read_module
from .static_values import UNKNOWN, is_known

#: Settings that decide which tables stand in which schema.
_PLACING = (
    ("INSTALLED_APPS",),
    ("SHARED_APPS",),
    ("TENANT_APPS",),
    ("TENANT_TYPES",),
    ("HAS_MULTI_TYPE_TENANTS",),
    ("TENANT_MODEL",),
    ("TENANT_DOMAIN_MODEL",),
    ("DATABASE_ROUTERS",),
    ("DATABASES", "default", "ENGINE"),
)

#: Words in the names of modules that an application is started with; "base" and "common" are only imported by them.
_ENVIRONMENTS = set(
    "ci deploy dev develop development docker heroku integration live local preview prod production qa sandbox stage "
    "staging test testing tests uat".split()
)


def other_settings(module):
    """What the text of each settings module beside this one says; none where this one is no environment's."""
    if not _is_environment(module):
        return []
    found = (static_facts(name) for name in _beside(module) if name != module and _is_environment(name))
    return [facts for facts in found if facts is not None]


def static_facts(module):
    """Values by name as far as the text of a module tells them, and the names that it does not tell; None for no settings."""
    source = read_module(module)
    if source is None or "INSTALLED_APPS" not in source.values:
        return None
    values, unsure = {}, []
    for path in _PLACING:
        value, name = source.value(*path), ".".join(path)
        if value is UNKNOWN or not is_known(value):
            unsure.append(name)
        elif value is not None:
            values[name] = {"value": _plain(name, value), "at": source.place(*path)}
    return {"module": module, "file": source.file, "values": values, "unsure": unsure, "own": _own(values)}


def _plain(name, value):
    if name == "TENANT_TYPES":
        return types_of(value) or {}
    return [str(item) for item in value] if isinstance(value, (list, tuple, set)) else value


def _own(values):
    """Entries of the lists that are apps of the project with models or migrations."""
    lists = [values[name]["value"] for name in ("INSTALLED_APPS", "SHARED_APPS", "TENANT_APPS") if name in values]
    lists += list(values.get("TENANT_TYPES", {"value": {}})["value"].values())
    names = {entry for entries in lists if isinstance(entries, list) for entry in entries}
    return sorted(name for name in names if _has_tables(name))


def _has_tables(entry):
    file = module_file(re.sub(r"\.apps\.\w+$", "", entry))
    beside = ("models.py", "models", "migrations")
    return file is not None and any(os.path.exists(os.path.join(os.path.dirname(file), name)) for name in beside)


def _beside(module):
    """Modules in the same folder, and the folder's own where it is a package of settings."""
    file = module_file(module)
    if file is None:
        return []
    is_package = os.path.basename(file) == "__init__.py"
    package = module if is_package else module.rpartition(".")[0]
    folder = os.path.dirname(file)
    names = sorted(name[:-3] for name in os.listdir(folder) if name.endswith(".py") and name != "__init__.py")
    inside = ["%s.%s" % (package, name) if package else name for name in names]
    # In a folder of other things only modules named like settings are settings.
    if "settings" not in package.rpartition(".")[2] and "settings" in module.rpartition(".")[2]:
        inside = [name for name in inside if "settings" in name.rpartition(".")[2]]
    return inside + ([package] if package and "settings" in package.rpartition(".")[2] else [])


def _is_environment(module):
    words = module.rpartition(".")[2].split("_")
    return words == ["settings"] or not _ENVIRONMENTS.isdisjoint(words)
