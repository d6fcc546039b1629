"""How much memory this process has taken: who talks to it ends a host that has grown too much."""

import resource
import sys


def memory():
    """The most bytes that were ever in use. No file is read for it: the files that are read are what the project's answers rest on."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
