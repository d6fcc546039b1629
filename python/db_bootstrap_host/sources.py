"""Lists the folders of the project's code, for the fingerprint of its files, and reports influences that this fingerprint cannot cover."""

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
    The absolute paths of all loaded code except that of Python and of this host. Modules outside the folders of `sys.path` are listed one
    by one: those of editable installations, and those that are loaded by their path.
    """
    installed = {path for path in sys.path if path.endswith(("site-packages", "dist-packages"))}
    # These folders count even if they do not exist yet: a later installation may create them.
    installed |= set(site.getsitepackages()) | ({site.getusersitepackages()} if site.ENABLE_USER_SITE else set())
    covered = tuple(path + os.sep for path in installed | _python())
    folders = {path for path in map(os.path.abspath, sys.path) if not (path + os.sep).startswith(covered)}
    covered += tuple(path + os.sep for path in folders)
    folders |= {path for path in _of_modules() if not path.startswith(covered)}
    return {"folders": sorted(folders), "sitePackages": sorted(installed)}


def sources(params, emit):
    """The host's method `sources`: `places()` after all questions; `doubts` lists why answers may change although no file changes."""
    return dict(places(), doubts=sorted(_doubts | _gone() | _tenant_doubts()))


@contextmanager
def settings_load():
    """Records connections to servers and databases while the settings load: the settings may depend on their answers."""
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
    # Unix sockets, whose address is a path, are ignored: loggers use them.
    if _loading and event == "socket.connect" and isinstance(arguments[1], tuple):
        _doubts.add("the settings connect to a server while they load")
    elif _loading and event == "sqlite3.connect":
        _doubts.add("the settings open a database while they load")


def is_installed(path):
    """Whether a file belongs to Python, to this host or to an installed package: only an installation changes such files."""
    return "-packages" + os.sep in path or path.startswith(tuple(folder + os.sep for folder in _python()))


@lru_cache(maxsize=None)
def _python():
    paths = {sysconfig.get_paths().get(name) for name in ("stdlib", "platstdlib")} - {None}
    own = os.path.dirname(os.path.abspath(__file__))
    return paths | {os.path.realpath(path) for path in paths} | {own}


def _gone():
    """Folders of code that existed only while the project was loaded: digests before and after cannot contain it."""
    folders = {os.path.dirname(path) for path in _of_modules() if not os.path.exists(path)}
    return {"code in %s was loaded and is gone" % folder for folder in folders}


def _of_modules():
    for name, module in list(sys.modules.items()):
        try:
            if name.startswith("__editable__"):
                # The finder that setuptools writes for an editable installation.
                yield from map(os.path.abspath, module.MAPPING.values())
            if isinstance(module.__file__, str):
                yield os.path.abspath(module.__file__)
        except Exception:
            pass  # sys.modules may contain any object, whose attributes may raise any error.


def _tenant_doubts():
    """Doubts about the list of tenants: changes are noticed only in the tables of the tenant model and the domain model."""
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
