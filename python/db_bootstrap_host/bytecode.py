"""
Ignores compiled files of the project that may be older than their sources. Python compares only size and modification time, in whole
seconds, so it would run the old code of a file that was saved twice within a second. The host's answers must depend on contents alone.
"""

import os
from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source

from .sources import is_installed

#: Minimum nanoseconds from a source's last change to its compilation. In less time, the source may have changed while Python read it.
_MARGIN = 2_000_000_000

_path_stats = SourceFileLoader.path_stats


def distrust_bytecode():
    """Makes Python compile each source anew whose compiled file may be older: without a source's stats, Python ignores its compiled file."""
    SourceFileLoader.path_stats = _stats


def _stats(loader, path):
    if not is_installed(path) and _may_be_stale(path):
        raise OSError("what was compiled of %s may be older" % path)
    return _path_stats(loader, path)


def _may_be_stale(path):
    try:
        with open(cache_from_source(path), "rb") as file:
            compiled = os.fstat(file.fileno()).st_mtime_ns
            # The flags after the magic number are 0 if Python compares times, and not if it compares digests or nothing.
            has_times = not any(file.read(8)[4:])
    except (OSError, NotImplementedError):
        return False
    # Programs can set the modification time of a file (mtime), but not that of its inode (ctime).
    return not has_times or os.stat(path).st_ctime_ns + _MARGIN > compiled
