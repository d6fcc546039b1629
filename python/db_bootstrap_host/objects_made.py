"""What a migration makes, by kind and name: read from the states around it, and from the SQL in its operations."""

import inspect
import re

from .state_tables import tables_of

_IDENT = r'(?:"[^"]+"|[\w$]+)'
_NAME = r"(?:%s\s*\.\s*)?(%s)" % (_IDENT, _IDENT)
_KINDS = "table|view|materialized view|index|sequence|type|domain|function|procedure|trigger|extension|schema|collation"
_CREATE = re.compile(
    r"\bcreate\s+(?:or\s+replace\s+)?(?:(?:unique|unlogged|recursive|constraint|default|temp|temporary)\s+)*"
    r"(%s)\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?%s([^;]*)" % (_KINDS.replace(" ", r"\s+"), _NAME),
    re.I,
)
_ALTER = re.compile(
    r"\balter\s+(%s)\s+(?:if\s+exists\s+)?(?:only\s+)?%s([^;]*)" % (_KINDS.replace(" ", r"\s+"), _NAME), re.I
)
_ADDED = re.compile(
    r"\b(?:add|rename)\s+(constraint|column)?\s*(?:if\s+not\s+exists\s+)?(?!(?:primary|unique|check|foreign|exclude|value|to)\b)"
    r"(%s)(?:\s+to\s+(%s))?" % (_IDENT, _IDENT),
    re.I,
)
_RENAMED = re.compile(r"\brename\s+to\s+(%s)" % _IDENT, re.I)
_CONSTRAINT = re.compile(r"\bconstraint\s+(%s)" % _IDENT, re.I)


def objects_made(migration, before, after):
    """(kind, name, table) of everything that a migration makes, or gives a name; `table` is None for what belongs to no table."""
    app = migration.app_label
    return set(_of_states(before, after, app)) | {
        found for text in _texts(migration.operations) for found in _of_sql(text)
    } | set(_of_operations(migration.operations))


def _of_states(before, after, app):
    old, new = tables_of(before, app), tables_of(after, app)
    for table in new:
        if table not in old:
            yield "table", table, None
        for column in new[table] - old.get(table, set()):
            yield "column", column, table
    for kind, option in (("index", "indexes"), ("constraint", "constraints")):
        for name in _named(after, app, option) - _named(before, app, option):
            yield kind, name, None


def _named(state, app, option):
    models = [model for (label, _), model in state.models.items() if label == app]
    return {each.name for model in models for each in model.options.get(option, ())}


def _of_operations(operations):
    """Extensions and collations of django.contrib.postgres."""
    for operation in _all(operations):
        for base in type(operation).__mro__:
            if base.__module__ == "django.contrib.postgres.operations" and hasattr(operation, "name"):
                if base.__name__ in ("CreateExtension", "CreateCollation"):
                    yield base.__name__[6:].lower(), operation.name, None


def _all(operations):
    for operation in operations:
        yield operation
        yield from _all(getattr(operation, "database_operations", ()))


def _texts(operations):
    """The SQL of operations, and the source of functions, which may hold some."""
    for operation in _all(operations):
        sql = getattr(operation, "sql", None)
        for each in sql if isinstance(sql, (list, tuple)) else [sql]:
            yield str(each[0] if isinstance(each, (list, tuple)) else each or "")
        try:
            yield inspect.getsource(operation.code)
        except (AttributeError, OSError, TypeError):
            pass


def _of_sql(text):
    for kind, name, body in _CREATE.findall(text):
        kind, table = _words(kind), _plain(name)
        yield kind, table, None
        if kind == "table":
            yield from (("constraint", _plain(each), table) for each in _CONSTRAINT.findall(body))
            # Types and keywords count as well: nobody asks for a column of their name.
            yield from (("column", _plain(each), table) for each in re.findall(_IDENT, body))
    for kind, name, body in _ALTER.findall(text):
        kind, table = _words(kind), _plain(name)
        yield from ((kind, _plain(each), None) for each in _RENAMED.findall(body))
        if kind == "table":
            for part, each, to in _ADDED.findall(body):
                yield _words(part) or "column", _plain(to or each), table


def _words(kind):
    return " ".join(kind.lower().split())


def _plain(name):
    return name[1:-1] if name.startswith('"') else name.lower()
