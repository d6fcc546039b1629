"""How much memory this process takes: who talks to it ends a host that has grown too much."""

import resource
import sys


def memory():
    """Bytes that are in use now; where the system does not tell, the most that ever were."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
