"""What Django's checks of the project found: their causes first, and nothing that stops no command."""

import re

from .failure import Failure

_LEVEL = re.compile(r"^(CRITICALS|ERRORS|WARNINGS|INFOS|DEBUGS):$")


def checks_failed(error):
    """A `SystemCheckError` as a failure of the project; what it says has the worst first, below a line that says nothing."""
    found, level = [], None
    for line in str(error).split("\n"):
        title = _LEVEL.match(line)
        if title:
            level = title.group(1)
        elif line.startswith("System check identified"):
            level = None
        elif line.strip() and level in ("CRITICALS", "ERRORS"):
            # A question mark stands for "nothing in particular".
            found.append(re.sub(r"^\?: ", "", line))
    return Failure("setup", "\n".join(found) or str(error).strip())
