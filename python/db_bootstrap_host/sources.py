"""Where the project is loaded from, for the fingerprint of its files; and what no fingerprint of files covers."""

import os
import site
import sys
import sysconfig
from contextlib import contextmanager
from functools import lru_cache

_doubts = set()
_loading = False
_hooked = False


def places():
    """
    Absolute paths that code comes from, but that of Python itself and of this host. Modules count where no folder of Python's path
    leads to them: those that are installed to be edited, or loaded by their path.
    """
    installed = {path for path in sys.path if path.endswith(("site-packages", "dist-packages"))}
    # They count as soon as they are there.
    installed |= set(site.getsitepackages()) | ({site.getusersitepackages()} if site.ENABLE_USER_SITE else set())
    covered = tuple(path + os.sep for path in installed | _python())
    folders = {path for path in map(os.path.abspath, sys.path) if not (path + os.sep).startswith(covered)}
    covered += tuple(path + os.sep for path in folders)
    folders |= {path for path in _of_modules() if not path.startswith(covered)}
    return {"folders": sorted(folders), "sitePackages": sorted(installed)}


def sources(params, emit):
    """The host's method `sources`: the places at the end; `doubts` says why an answer may not hold though no file changes."""
    return dict(places(), doubts=sorted(_doubts | _gone() | _tenant_doubts()))


@contextmanager
def settings_load():
    """While it holds, connections to servers and other databases are noted: settings may depend on what they tell."""
    global _loading, _hooked
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True
    _loading = True
    try:
        yield
    finally:
        _loading = False


def _hook(event, arguments):
    # Sockets of this machine have paths: those of loggers.
    if _loading and event == "socket.connect" and isinstance(arguments[1], tuple):
        _doubts.add("the settings connect to a server while they load")
    elif _loading and event == "sqlite3.connect":
        _doubts.add("the settings open a database while they load")


def is_installed(path):
    """Whether a file is Python's own, this host's or an installed package's: those change by an installation."""
    return "-packages" + os.sep in path or path.startswith(tuple(folder + os.sep for folder in _python()))


@lru_cache(maxsize=None)
def _python():
    paths = {sysconfig.get_paths().get(name) for name in ("stdlib", "platstdlib")} - {None}
    own = os.path.dirname(os.path.abspath(__file__))
    return paths | {os.path.realpath(path) for path in paths} | {own}


def _gone():
    """Code that came and went while the project was loaded: no digest of files before and after has it."""
    folders = {os.path.dirname(path) for path in _of_modules() if not os.path.exists(path)}
    return {"code in %s was loaded and is gone" % folder for folder in folders}


def _of_modules():
    for name, module in list(sys.modules.items()):
        try:
            if name.startswith("__editable__"):
                # The finder that setuptools writes for a project that is installed to be edited.
                yield from map(os.path.abspath, module.MAPPING.values())
            if isinstance(module.__file__, str):
                yield os.path.abspath(module.__file__)
        except Exception:
            pass  # Whatever stands in sys.modules may answer as it likes.


def _tenant_doubts():
    """Rows that stand elsewhere than in the tables of tenants and domains are not watched."""
    from django.apps import apps
    from django.conf import settings

    if not apps.is_installed("django_tenants"):
        return set()
    from django_tenants.utils import get_tenant_domain_model, get_tenant_model

    models = (get_tenant_model(), get_tenant_domain_model())
    order = getattr(settings, "TENANT_MIGRATION_ORDER", None) or ()
    if any(model._meta.parents for model in models):
        return {"tenants or domains stand in more than one table"}
    if any(not isinstance(name, str) or "__" in name for name in order):
        return {"the order of tenants depends on other tables"}
    return set()
