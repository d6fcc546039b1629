"""What the project read while it was loaded: files, folders and variables. Their fingerprint says whether it would load the same again."""

import functools
import os
import site
import sys
import sysconfig

_files = set()
_folders = set()
_variables = set()
_doubts = set()
_watching = False

#: Events after which nobody can say what else the project depends on.
DOUBTFUL = {
    "socket.connect": "it connected to a server",
    "socket.gethostname": "it asked for the name of the machine",
    "socket.gethostbyname": "it asked for the address of a machine",
    "sqlite3.connect": "it opened another database",
    "os.fork": "it started a process",
    "os.forkpty": "it started a process",
    "os.spawn": "it started a process",
    "subprocess.Popen": "it started a process",
    "os.system": "it started a process",
    "os.exec": "it started a process",
    "os.posix_spawn": "it started a process",
}

#: Where the system's loader looks up libraries: what `ctypes.util.find_library` finds out by processes of its own.
_LOADER_CACHE = "/etc/ld.so.cache"
_CTYPES = os.path.join(os.path.dirname(os.__file__), "ctypes", "util.py")


def watch():
    """From now on notes what is read; to be called before the settings are imported. Cannot be undone, as audit hooks cannot."""
    global _watching
    if _watching:
        return
    _watching = True
    os.environ.__class__ = _Watched
    os.environb.__class__ = _Watched
    for name in ("stat", "access"):
        setattr(os, name, _noting(getattr(os, name)))
    sys.addaudithook(_hook)


def sources(params, emit):
    """The host's method `sources`: paths are absolute; `doubts` says why an answer cannot be trusted to hold."""
    files, folders = set(_files), set(_folders)
    # Another file of one of these folders may come before what was imported, or be a migration.
    folders.update(os.path.abspath(path) for path in sys.path)
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str):
            files.add(os.path.abspath(path))
        folders.update(_folders_of(module))
    migrations = _migrations()
    return {
        "files": sorted(path for path in files if _is_ours(path, migrations) and "/__pycache__/" not in path),
        "folders": sorted(path for path in folders if _is_ours(path, migrations)),
        "variables": sorted(_variables),
        "sitePackages": sorted(_site_packages()),
        "doubts": sorted(_doubts | _tenant_doubts()),
    }


def _folders_of(module):
    """Where the modules of a package are looked for."""
    try:
        return [os.path.abspath(path) for path in module.__path__ if isinstance(path, str)]
    except Exception:  # whatever stands in sys.modules may answer as it likes
        return []


def _migrations():
    """The folders of all migrations: those of an installed app may hold more than was installed."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    names = [MigrationLoader.migrations_module(config.label)[0] for config in apps.get_app_configs()]
    return tuple(path + os.sep for name in names if name in sys.modules for path in _folders_of(sys.modules[name]))


def _site_packages():
    paths = {path for path in sys.path if path.endswith(("site-packages", "dist-packages"))}
    # They count as soon as they are there.
    return paths | set(site.getsitepackages()) | ({site.getusersitepackages()} if site.ENABLE_USER_SITE else set())


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


def _hook(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        if isinstance(path, (str, bytes)) and _reads(mode, flags):
            _note_file(path)
    elif event in ("os.listdir", "os.scandir"):
        path = arguments[0] if arguments else None
        if path is None or isinstance(path, (str, bytes)):
            _folders.add(os.path.abspath(os.fsdecode(path) if path is not None else os.getcwd()))
    elif event in DOUBTFUL and not _seeks_library():
        _doubts.add(DOUBTFUL[event])


def _reads(mode, flags):
    """Whether a file is opened for what is in it already: not where it is made, or emptied first."""
    if mode is None:
        return not (flags or 0) & (os.O_EXCL | os.O_TRUNC)
    return "r" in str(mode) or "a+" in str(mode).replace("b", "")


def _seeks_library():
    """Whether a process is started by `ctypes.util.find_library`: what such a one tells follows from the loader's cache."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != _CTYPES:
        frame = frame.f_back
    if frame is None or not os.path.exists(_LOADER_CACHE):
        return False
    _note_file(_LOADER_CACHE)
    _variables.add("LIBRARY_PATH")
    return True


def _note_file(path):
    path = os.path.abspath(os.fsdecode(path))
    if path.startswith(("/proc/", "/sys/")):
        _doubts.add("it read the state of the machine")
    _files.add(path)


def _noting(function):
    """The function, which notes the path that it is asked about: no audit event tells of it."""

    @functools.wraps(function)
    def asked(path, *arguments, **named):
        # Folders above the project are there wherever it is.
        if isinstance(path, (str, bytes, os.PathLike)) and not named.get("dir_fd"):
            found = os.path.abspath(os.fsdecode(path))
            if not os.getcwd().startswith(found.rstrip(os.sep) + os.sep):
                _files.add(found)
        return function(path, *arguments, **named)

    # Libraries look there for what a function can do.
    for able in (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks):
        if function in able:
            able.add(asked)
    return asked


def _is_ours(path, migrations):
    """Whether a path belongs to neither Python nor an installed distribution nor this host: those have fingerprints of their own."""
    if (path + os.sep).startswith(migrations):
        return True
    path += os.sep
    return not path.startswith(_elsewhere) and "/site-packages/" not in path and "/dist-packages/" not in path


def _roots():
    paths = [sysconfig.get_paths().get(name) for name in ("stdlib", "platstdlib")]
    own = os.path.dirname(os.path.abspath(__file__))
    places = {os.path.realpath(path) for path in paths if path} | {path for path in paths if path} | {own}
    places |= {"/proc", "/sys", "/dev"}
    return tuple(path.rstrip(os.sep) + os.sep for path in places)


class _Watched(type(os.environ)):
    """`os.environ` as it was, which notes what is asked of it."""

    def __getitem__(self, key):
        _note(key)
        return super().__getitem__(key)

    def __contains__(self, key):
        _note(key)
        return super().__contains__(key)

    def __iter__(self):
        _note("*")
        return super().__iter__()

    def __len__(self):
        _note("*")
        return super().__len__()

    def __repr__(self):
        _note("*")
        return super().__repr__()

    def copy(self):
        _note("*")
        return super().copy()


def _note(key):
    if isinstance(key, (str, bytes)) and not _is_for_library(sys._getframe(2)):
        _variables.add(os.fsdecode(key))


def _is_for_library(frame):
    """Whether the environment is asked by `find_library`, which copies all of it for its processes."""
    # dict() and get() come between.
    return any(each is not None and each.f_code.co_filename == _CTYPES for each in (frame, frame.f_back))


_elsewhere = _roots()
