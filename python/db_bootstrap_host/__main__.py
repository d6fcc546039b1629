"""Started by its path in the project's folder: reads requests from fd 3 and writes answers to fd 4, one JSON object a line."""

import os
import sys

# Where Python puts the folder of a script; the package is found from the folder above. The project's own folder comes only when
# we have loaded what we need: it may hold a "queue" or a "json" of its own.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from db_bootstrap_host.bytecode import distrust_bytecode
from db_bootstrap_host.server import Server


def _close_pipes():
    # A fork without an exec keeps what is not inheritable, too: our parent would wait for the child's end.
    for pipe in (3, 4):
        try:
            os.close(pipe)
        except OSError:
            pass


def main():
    # Children of the project shall not see the pipes; and what it prints shall arrive line by line.
    os.set_inheritable(3, False)
    os.set_inheritable(4, False)
    os.register_at_fork(after_in_child=_close_pipes)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")
    # As with manage.py: settings that look at the command line find a usual one.
    sys.path[0] = os.getcwd()
    sys.argv = ["manage.py", "migrate"]
    distrust_bytecode()
    Server(os.fdopen(3, "r", encoding="utf-8"), os.fdopen(4, "w", encoding="utf-8")).serve()


if __name__ == "__main__":
    main()
