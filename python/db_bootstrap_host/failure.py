"""Failures as the protocol tells them: a kind, the cause, and the frames of the project itself."""

import os
import sys
import traceback


class Failure(Exception):
    """A failure with a kind of its own; the other facts stand beside the message."""

    def __init__(self, kind, message, **facts):
        super().__init__(message)
        self.kind = kind
        self.facts = facts


class Cancelled(BaseException):
    """Raised before the next statement of a request that was cancelled. No Exception, so that nobody's code swallows it."""


def describe(error):
    """A failure as the wire carries it. What a `Failure` wraps (`raise ... from`) brings the place and the database's facts."""
    cause = error
    kind, facts, message = None, {}, None
    if isinstance(error, Failure):
        kind, facts, message = error.kind, error.facts, str(error)
        cause = error.__cause__ or error
    told = {"exception": type(cause).__name__}
    told.update(database_facts(cause))
    told.update(place_of(cause))
    told.update(facts)
    told["alias"] = getattr(error, "db_bootstrap_alias", None)
    if kind is None:
        kind = "database" if "sqlstate" in told or _is_database_error(cause) else "internal"
    told["kind"] = kind
    told["message"] = text_of(cause) if message is None else message
    if kind == "internal" and "traceback" not in told:
        told["traceback"] = traceback.format_exception(type(cause), cause, cause.__traceback__)[-20:]
    return {name: value for name, value in told.items() if value is not None}


def text_of(error):
    """What an exception says, in one piece; its type where it says nothing."""
    text = str(error).strip()
    if isinstance(error, KeyError) or not text:
        return "%s: %s" % (type(error).__name__, text) if text else type(error).__name__
    return text


def whole_text_of(error):
    """The same, with what the system or an import refused: libraries say what they could not do, and keep why to themselves."""
    text, cause = text_of(error), error.__cause__
    while cause is not None:
        if isinstance(cause, (OSError, ImportError)) and text_of(cause) not in text:
            text = "%s: %s" % (text, text_of(cause))
        cause = cause.__cause__
    return text


def database_facts(error):
    """SQLSTATE, detail, statement and position of what PostgreSQL refused, as far as the driver tells them."""
    driver = _driver_error(error)
    if driver is None:
        return {}
    diag = getattr(driver, "diag", None)
    facts = {"sqlstate": getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None)}
    facts["detail"] = getattr(diag, "message_detail", None)
    facts["hint"] = getattr(diag, "message_hint", None)
    for name in ("table", "column", "constraint"):
        facts[name] = getattr(diag, name + "_name", None)
    statement, whole = getattr(error, "db_bootstrap_statement", (None, False))
    facts["statement"] = statement
    position = getattr(diag, "statement_position", None)
    if getattr(diag, "internal_query", None):
        # The failed statement is inside a function or a DO block.
        statement, position, whole = diag.internal_query, diag.internal_position, True
        facts["statement"] = statement
    # With parameters, the server's position refers to another text than this statement.
    if position and statement and whole:
        facts["position"] = int(position)
    return {name: value for name, value in facts.items() if value is not None}


def place_of(error):
    """`at` ("file:line") and the frames of the project itself, relative to its folder."""
    frames = [
        (path, frame)
        for frame in traceback.extract_tb(error.__traceback__)
        for path in [project_path(frame.filename)]
        if path is not None
    ]
    told = {}
    if isinstance(error, SyntaxError) and error.filename and project_path(error.filename):
        told["at"] = "%s:%s" % (project_path(error.filename), error.lineno)
    elif frames:
        told["at"] = "%s:%d" % (frames[-1][0], frames[-1][1].lineno)
    if frames:
        told["traceback"] = [
            "%s:%d in %s%s" % (path, frame.lineno, frame.name, ": %s" % frame.line if frame.line else "")
            for path, frame in frames
        ]
    return told


def way_into(error):
    """`traceback` through installed packages, where an exception of theirs came from nothing of the project's own."""
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        root = next((path for path in sys.path if path.endswith("-packages") and frame.filename.startswith(path + os.sep)), None)
        path = None if root is None else os.path.relpath(frame.filename, root)
        # Django and its loading of apps are on every way.
        if path is not None and not path.startswith("django" + os.sep):
            frames.append("%s:%d in %s%s" % (path, frame.lineno, frame.name, ": %s" % frame.line if frame.line else ""))
    return {"traceback": frames} if frames else {}


def project_path(filename):
    """A file of the project relative to its folder, or None for a file of somebody else."""
    # Compiled code names files that are nowhere.
    if filename.startswith("<") or not os.path.isfile(filename):
        return None
    path = os.path.relpath(os.path.abspath(filename))
    parts = path.split(os.sep)
    if parts[0] == ".." or "site-packages" in parts or "dist-packages" in parts:
        return None
    # A virtual environment or a standard library may lie inside the project.
    if os.path.abspath(filename).startswith((os.path.join(sys.prefix, "lib"), os.path.dirname(os.__file__))):
        return None
    return path


def _driver_error(error):
    for candidate in (error.__cause__, error):
        if hasattr(candidate, "diag") or hasattr(candidate, "pgcode"):
            return candidate
    return None


def _is_database_error(error):
    database = sys.modules.get("django.db.utils")
    return database is not None and isinstance(error, (database.DatabaseError, database.InterfaceError))


def lost_connection(error):
    """The first exception of a chain that says that the connection broke, or None. What follows it only fails to clean up."""
    found, seen = None, set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if _is_database_error(error):
            state = database_facts(error).get("sqlstate")
            broken = type(error).__name__ == "OperationalError" and state is None
            closed = type(error).__name__ == "InterfaceError" and "closed" in str(error)
            if broken or closed or (state or "").startswith(("08", "57P0")):
                found = error
        error = error.__context__
    return found
