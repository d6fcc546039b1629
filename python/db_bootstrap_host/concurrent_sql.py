"""Statements that make or remove one index concurrently, by its bare name."""

import re

_NAME = r'(?:"(?P<quoted>(?:[^"]|"")+)"|(?P<plain>[a-z_][\w$]*))'
_MAKES = re.compile(r"\s*create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?%s\s+on\b" % _NAME, re.IGNORECASE)
_REMOVES = re.compile(r"\s*drop\s+index\s+concurrently\s+(?:if\s+exists\s+)?%s\s*;?\s*$" % _NAME, re.IGNORECASE)
_CONCURRENTLY = re.compile(r"\bconcurrently\b", re.IGNORECASE)


def index_made(sql):
    """The name of the index that a statement makes concurrently; None for any other statement."""
    return _name_in(_MAKES.match(sql))


def index_removed(sql):
    """The name of the index that a statement removes concurrently; None for any other statement."""
    return _name_in(_REMOVES.match(sql))


def index_in(sql):
    """The index that a statement makes or removes concurrently, for those who execute it again; None for any other statement."""
    made, removed = index_made(sql), index_removed(sql)
    return None if made is None and removed is None else {"name": made or removed, "made": made is not None}


def without_concurrently(sql):
    """The same statement for inside a transaction."""
    return _CONCURRENTLY.sub("", sql, count=1)


def _name_in(match):
    if match is None:
        return None
    quoted = match.group("quoted")
    return match.group("plain").lower() if quoted is None else quoted.replace('""', '"')
