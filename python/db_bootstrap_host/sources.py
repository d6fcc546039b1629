"""What the project read while it was loaded: files, folders and variables. Their fingerprint says whether it would load the same again."""

import os
import sys
import sysconfig
import threading

_files = set()
_folders = set()
_variables = set()
_doubts = set()
_watching = False
_main = threading.main_thread()

#: Events after which nobody can say what else the project depends on.
DOUBTFUL = {
    "socket.connect": "it connected to a server",
    "subprocess.Popen": "it started a process",
    "os.system": "it started a process",
    "os.exec": "it started a process",
    "os.posix_spawn": "it started a process",
}


def watch():
    """From now on notes what is read; to be called before the settings are imported. Cannot be undone, as audit hooks cannot."""
    global _watching
    if _watching:
        return
    _watching = True
    os.environ.__class__ = _Watched
    sys.addaudithook(_hook)


def sources(params, emit):
    """The host's method `sources`: paths are absolute; `doubts` says why an answer cannot be trusted to hold."""
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str):
            _files.add(os.path.abspath(path))
    return {
        "files": sorted(path for path in _files if _is_ours(path) and not path.endswith(".pyc")),
        "folders": sorted(path for path in _folders if _is_ours(path)),
        "variables": sorted(_variables),
        "sitePackages": [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))],
        "doubts": sorted(_doubts),
    }


def _hook(event, arguments):
    # The thread that reads requests touches nothing of the project.
    if threading.current_thread() is not _main:
        return
    if event == "open":
        path, mode = arguments[0], arguments[1]
        if isinstance(path, (str, bytes)) and (mode is None or not set(str(mode)) & set("wax+")):
            _files.add(os.path.abspath(os.fsdecode(path)))
    elif event in ("os.listdir", "os.scandir"):
        path = arguments[0] if arguments else None
        if path is None or isinstance(path, (str, bytes)):
            _folders.add(os.path.abspath(os.fsdecode(path) if path is not None else os.getcwd()))
    elif event in DOUBTFUL:
        _doubts.add(DOUBTFUL[event])


def _is_ours(path):
    """Whether a path belongs to neither Python nor an installed distribution nor this host: those have fingerprints of their own."""
    return not path.startswith(_elsewhere) and "/site-packages/" not in path and "/dist-packages/" not in path


def _roots():
    paths = [sysconfig.get_paths().get(name) for name in ("stdlib", "platstdlib")]
    own = os.path.dirname(os.path.abspath(__file__))
    places = {os.path.realpath(path) for path in paths if path} | {path for path in paths if path} | {own}
    places |= {"/proc", "/sys", "/dev", "/etc", "/usr/share", "/usr/lib/locale"}
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

    def copy(self):
        _note("*")
        return super().copy()


def _note(key):
    # Libraries of the interpreter ask for many; only text is a name.
    if isinstance(key, str) and threading.current_thread() is _main:
        _variables.add(key)


_elsewhere = _roots()
