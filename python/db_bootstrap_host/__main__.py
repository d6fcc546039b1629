"""`python -m db_bootstrap_host`: reads requests from fd 3 and writes answers to fd 4, one JSON object a line."""

import os
import sys

from .server import Server


def main():
    # Children of the project shall see neither the pipes nor our folder; and what it prints shall arrive line by line.
    os.set_inheritable(3, False)
    os.set_inheritable(4, False)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    rest = [part for part in os.environ.pop("PYTHONPATH", "").split(os.pathsep) if part and part != own]
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    # As manage.py would: the project's folder comes first, and settings that look at the command line find a usual one.
    sys.path[:] = [part for part in sys.path if part not in ("", own)]
    sys.path.insert(0, os.getcwd())
    sys.path.append(own)
    sys.argv = ["manage.py", "migrate"]
    Server(os.fdopen(3, "r", encoding="utf-8"), os.fdopen(4, "w", encoding="utf-8")).serve()


main()
