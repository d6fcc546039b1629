"""
Compiled files of the project count only where they are certainly those of their sources: Python compares the second of the last
change and the size, so that a file saved twice within a second runs as it was. What the host answers must follow from contents.
"""

import os
from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source

from .sources import is_installed

#: Nanoseconds between a change of a source and its compiling: less, and the change may have come while the file was read.
_MARGIN = 2_000_000_000

_path_stats = SourceFileLoader.path_stats


def distrust_bytecode():
    """From now on, sources whose compiled files may be older are read. Where a source has no stats, Python uses no compiled file."""
    SourceFileLoader.path_stats = _stats


def _stats(loader, path):
    if not is_installed(path) and _may_be_stale(path):
        raise OSError("what was compiled of %s may be older" % path)
    return _path_stats(loader, path)


def _may_be_stale(path):
    try:
        with open(cache_from_source(path), "rb") as file:
            compiled = os.fstat(file.fileno()).st_mtime_ns
            # After the magic number: whether Python compares digests of contents, or nothing at all.
            has_times = not any(file.read(8)[4:])
    except (OSError, NotImplementedError):
        return False
    # Unlike the time of the last change, nobody sets that of the inode's.
    return not has_times or os.stat(path).st_ctime_ns + _MARGIN > compiled
